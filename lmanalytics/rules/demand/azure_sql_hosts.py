"""SQL Server on dedicated hosts in Azure, and on Azure VMware Solution: Enterprise for all cores of the hosts.

With Software Assurance any number of virtual machines on them may then run SQL Server.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "core_licenses"


class Reason(ReasonBase):
    """Whether an edition permits any number of virtual machines on such hosts."""

    UNLIMITED = "Enterprise with Software Assurance for all cores permits any number of virtual machines."
    ENTERPRISE_ONLY = "Only Enterprise permits it; other editions are licensed by virtual machine."
    NOT_YET = "On the day of the position the Azure Hybrid Benefit for SQL Server did not exist yet."


@rule(unit="code", cite="hosts", start="2012-04-01", end="2018-03-31", name="unlimited_virtualization")
def unlimited_virtualization_before_the_benefit() -> pl.Expr:
    """Whether the hosts may be licensed for any number of virtual machines: not yet."""
    return Reason.NOT_YET.lit


@rule(unit="code", cite="hosts", start="2018-04-01")
def unlimited_virtualization(edition: pl.Expr, *, edition_for_hosts: str) -> pl.Expr:
    """Whether the hosts may be licensed for any number of virtual machines."""
    return pl.when(edition == edition_for_hosts).then(Reason.UNLIMITED.lit).otherwise(Reason.ENTERPRISE_ONLY.lit)


@rule(unit="core_license", cite="hosts", start="2018-04-01")
def core_licenses(hosts: pl.Expr, cores_per_host: pl.Expr, unlimited_virtualization: pl.Expr) -> pl.Expr:
    """Core licenses of all hosts; null where the edition does not permit it."""
    return pl.when(unlimited_virtualization == Reason.UNLIMITED.code).then(hosts * cores_per_host)
