"""What the terms of a day say where they have changed: single virtual machines, and Listed Providers' servers.

Each clause has a version for each edition of the terms, and is chosen row by row on the day that governs a license.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "licenses"
ANSWER = "virtual_machine"


class Reason(ReasonBase):
    """Whether a single virtual machine may be licensed."""

    NOT_OFFERED = "The terms of that day do not license single virtual machines."
    ANY_LICENSE = "The terms of that day license single virtual machines with any license."
    WITH_SA = "The terms of that day license single virtual machines with Software Assurance or a subscription."


@rule(unit="code", cite="windows", start="2001-10-01", end="2022-09-30", name="windows_server", dated_by="governed_on")
def windows_server_before_october_2022(governed_on: pl.Expr) -> pl.Expr:
    """Whether Windows Server may be licensed by virtual machine: only by physical core."""
    return pl.when(governed_on.is_not_null()).then(Reason.NOT_OFFERED.lit)


@rule(unit="code", cite="windows", start="2022-10-01", dated_by="governed_on")
def windows_server(governed_on: pl.Expr) -> pl.Expr:
    """Whether Windows Server may be licensed by virtual machine: with coverage or a subscription."""
    return pl.when(governed_on.is_not_null()).then(Reason.WITH_SA.lit)


@rule(unit="code", cite="sql_server", start="2012-04-01", end="2022-11-15", name="sql_server", dated_by="governed_on")
def sql_server_before_2022(governed_on: pl.Expr) -> pl.Expr:
    """Whether SQL Server may be licensed by virtual machine: with any core license."""
    return pl.when(governed_on.is_not_null()).then(Reason.ANY_LICENSE.lit)


@rule(unit="code", cite="sql_server", start="2022-11-16", dated_by="governed_on")
def sql_server(governed_on: pl.Expr) -> pl.Expr:
    """Whether SQL Server may be licensed by virtual machine: with coverage or a subscription."""
    return pl.when(governed_on.is_not_null()).then(Reason.WITH_SA.lit)


@rule(unit="code", cite="sql_server", start="2012-04-01", decides_null=True)
def virtual_machine(product: pl.Expr, windows_server: pl.Expr, sql_server: pl.Expr) -> pl.Expr:
    """What the terms that govern a license say of single virtual machines, of the products whose terms changed."""
    return pl.when(product == "Windows Server").then(windows_server).when(product == "SQL Server").then(sql_server)


@rule(
    unit="flag",
    cite="listed_providers",
    start="2001-10-01",
    end="2019-09-30",
    name="listed_provider_servers",
    dated_by="governed_on",
)
def listed_provider_servers_before_october_2019(governed_on: pl.Expr) -> pl.Expr:
    """Whether a Listed Provider's dedicated servers are an outsourcer's like any other: they are."""
    return pl.when(governed_on.is_not_null()).then(pl.lit(value=True))


@rule(unit="flag", cite="listed_providers", start="2019-10-01", dated_by="governed_on")
def listed_provider_servers(governed_on: pl.Expr) -> pl.Expr:
    """Whether a Listed Provider's dedicated servers are an outsourcer's like any other: no longer."""
    return pl.when(governed_on.is_not_null()).then(pl.lit(value=False))
