"""Azure Hybrid Benefit for Windows Server by physical core: dedicated hosts of Azure, and Azure Local.

With Datacenter licenses for all physical cores that are available to the customer, any number of virtual
machines may run on a dedicated host, or on a cluster of Azure Local. Standard has no such right.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "licenses"

DEDICATED, LOCAL = "azure_dedicated_host", "azure_local"


class Reason(ReasonBase):
    """Whether licenses give unlimited virtual machines on a host of Azure."""

    UNLIMITED = "Datacenter licenses with coverage for all its physical cores permit any number of virtual machines."
    NEEDS_DATACENTER = "Only Datacenter licenses permit any number of virtual machines on a host of Azure."
    NEEDS_COVERAGE = "The benefit needs active Software Assurance or subscription licenses."
    NOT_YET_ON_HOSTS = "On the day of the position the benefit did not reach this kind of host yet."


@rule(unit="date", cite="dedicated_hosts", start="2016-10-01")
def available_from(azure_host: pl.Expr, *, dedicated_hosts_since: object, azure_local_since: object) -> pl.Expr:
    """First day on which the benefit reaches the kind of host."""
    return (
        pl.when(azure_host == DEDICATED)
        .then(pl.lit(dedicated_hosts_since, pl.Date))
        .when(azure_host == LOCAL)
        .then(pl.lit(azure_local_since, pl.Date))
    )


@rule(unit="flag", cite="dedicated_hosts", start="2016-10-01")
def is_available(available_from: pl.Expr, *, as_of: object) -> pl.Expr:
    """Whether the benefit reaches the kind of host on the day of the position."""
    return available_from <= pl.lit(as_of, pl.Date)


@rule(unit="core_license", cite="unlimited_virtualization", start="2016-10-01")
def licenses(physical_cores: pl.Expr, is_available: pl.Expr, *, licenses_per_physical_core: int) -> pl.Expr:
    """Datacenter core licenses of the host: all of its physical cores, as far as the benefit reaches it."""
    return pl.when(is_available).then(physical_cores.cast(pl.Int64) * licenses_per_physical_core)


@rule(unit="code", cite="unlimited_virtualization", start="2016-10-01", optional=("edition", "has_coverage"))
def unlimited_virtualization(edition: pl.Expr, has_coverage: pl.Expr, is_available: pl.Expr) -> pl.Expr:
    """Whether licenses of an edition, with or without coverage, permit any number of virtual machines."""
    covered = has_coverage.cast(pl.Boolean)
    datacenter = edition.cast(pl.String).str.starts_with("Datacenter")
    return (
        pl.when(~is_available)
        .then(Reason.NOT_YET_ON_HOSTS.lit)
        .when(~datacenter)
        .then(Reason.NEEDS_DATACENTER.lit)
        .when(~covered)
        .then(Reason.NEEDS_COVERAGE.lit)
        .when(datacenter & covered)
        .then(Reason.UNLIMITED.lit)
    )
