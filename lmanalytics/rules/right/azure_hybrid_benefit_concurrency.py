"""Azure Hybrid Benefit for Windows Server: how long the same licenses may be used on-premises, too.

Datacenter licenses of single virtual machines may be used in both places without an end (the Azure Migration
Allowance). Standard licenses, and those of whole hosts, only while workloads migrate, once. Standard
licenses do not return from Azure on a short-term basis.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "license_assignments"
ANSWER = "concurrent_until"

MACHINE, DEDICATED, LOCAL = "azure", "azure_dedicated_host", "azure_local"


class Reason(ReasonBase):
    """Whether the same licenses may be used on-premises at the same time."""

    WITHOUT_END = "Datacenter licenses of a virtual machine in Azure may be used on-premises at the same time."
    WHILE_MIGRATING = "They may be used on-premises, too, once and for the days of a migration."
    EITHER_OR = "They are used in Azure or on-premises, and not in both."


@rule(unit="code", cite="allowance", start="2016-10-01")
def concurrency(edition: pl.Expr, use: pl.Expr, *, ahb_standard_concurrency: str, ahb_host_concurrency: str) -> pl.Expr:
    """Whether an edition may serve a use (`azure`, `azure_dedicated_host`, `azure_local`) and on-premises at once."""
    migrating, either = Reason.WHILE_MIGRATING.lit, Reason.EITHER_OR.lit
    of_standard = migrating if ahb_standard_concurrency == "while_migrating" else either
    of_hosts = migrating if ahb_host_concurrency == "while_migrating" else either
    datacenter = edition.str.starts_with("Datacenter")
    return (
        pl.when(use == LOCAL)
        .then(migrating)
        .when(~datacenter)
        .then(of_standard)
        .when(use == DEDICATED)
        .then(of_hosts)
        .otherwise(Reason.WITHOUT_END.lit)
    )


@rule(unit="day", cite="allowance", start="2016-10-01")
def concurrent_days(concurrency: pl.Expr, *, migration_days: int) -> pl.Expr:
    """Days of use in both places; null where they have no end."""
    return (
        pl.when(concurrency == Reason.WHILE_MIGRATING.code)
        .then(migration_days)
        .when(concurrency == Reason.EITHER_OR.code)
        .then(0)
    )


@rule(unit="code", cite="allowance", start="2016-10-01")
def concurrent_times(concurrency: pl.Expr, *, migrations_per_license: int) -> pl.Expr:
    """How often the same license may be used in both places; null where that has no limit."""
    return (
        pl.when(concurrency == Reason.WHILE_MIGRATING.code)
        .then(migrations_per_license)
        .when(concurrency == Reason.EITHER_OR.code)
        .then(0)
    )


@rule(unit="date", cite="allowance", start="2016-10-01", dated_by="assigned_on")
def concurrent_until(assigned_on: pl.Expr, concurrency: pl.Expr, *, migration_days: int) -> pl.Expr:
    """Last day of use in both places, the day of assignment to Azure being the first; null without one, or an end."""
    last = assigned_on.cast(pl.Date).dt.offset_by(f"{migration_days - 1}d")
    return pl.when(concurrency == Reason.WHILE_MIGRATING.code).then(last)


@rule(unit="day", cite="redeployment", start="2016-10-01")
def redeployment_days(edition: pl.Expr, *, min_days_in_azure: int) -> pl.Expr:
    """Days for which Standard licenses stay in Azure; those of Datacenter never left."""
    return pl.when(~edition.str.starts_with("Datacenter")).then(min_days_in_azure)


@rule(unit="date", cite="redeployment", start="2016-10-01", optional=("assigned_on",))
def redeployable_on(assigned_on: pl.Expr, edition: pl.Expr, *, min_days_in_azure: int) -> pl.Expr:
    """First day on which Standard licenses may be used in the customer's own data center again."""
    first = assigned_on.cast(pl.Date).dt.offset_by(f"{min_days_in_azure}d")
    return pl.when(~edition.str.starts_with("Datacenter")).then(first)
