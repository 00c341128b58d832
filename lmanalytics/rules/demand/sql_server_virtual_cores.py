"""SQL Server by virtual machine or container: core licenses of one OSE.

Each virtual core is licensed, subject to a minimum for the OSE. From SQL Server 2022 on such licenses need
Software Assurance or must be subscriptions.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "oses"
ANSWER = "core_licenses"


class Reason(ReasonBase):
    """Whether licenses may be used for an OSE by itself."""

    ALLOWED = "Software Assurance is active, the licenses are subscriptions, or this version needs neither."
    NEEDS_SA = "From SQL Server 2022 on an OSE by itself needs Software Assurance or subscription licenses."


@rule(unit="core_license", cite="per_ose", start="2012-04-01", optional=("threads_per_vcore",), decides_null=True)
def core_licenses(
    vcpus: pl.Expr,
    threads_per_vcore: pl.Expr,
    *,
    min_licenses_per_ose: int,
    threads_per_core: int,
    sql_virtual_core_threads: str,
) -> pl.Expr:
    """The virtual cores of the OSE (by the other reading their hardware threads), raised to its minimum."""
    each = pl.lit(1, pl.Int64)
    if sql_virtual_core_threads == "one_license_per_hardware_thread":
        each = threads_per_vcore.cast(pl.Int64).fill_null(threads_per_core)
    return pl.when(vcpus.is_not_null()).then(pl.max_horizontal(vcpus * each, min_licenses_per_ose))


@rule(unit="core_license", cite="per_ose", start="2012-04-01")
def min_licenses(*, min_licenses_per_ose: int) -> pl.Expr:
    """Fewest core licenses of any virtual machine or container."""
    return pl.lit(min_licenses_per_ose, pl.Int64)


@rule(unit="core", cite="per_ose", start="2012-04-01")
def virtual_cores_per_license(*, virtual_cores_of_a_license: int) -> pl.Expr:
    """Virtual cores that one core license covers."""
    return pl.lit(virtual_cores_of_a_license, pl.Int64)


@rule(unit="flag", cite="per_ose", start="2012-04-01", end="2022-11-15", name="needs_sa")
def needs_sa_before_2022() -> pl.Expr:
    """Whether the OSE's licenses need Software Assurance: before SQL Server 2022 they did not."""
    return pl.lit(value=False)


@rule(unit="flag", cite="sql_2022", start="2022-11-16", decides_null=True, optional=("version_released_on",))
def needs_sa(
    version_released_on: pl.Expr, *, sa_needed_for_releases_from: date, sql_virtual_machines_without_sa: str
) -> pl.Expr:
    """Whether the OSE's licenses need Software Assurance or a subscription; an unknown version is taken to."""
    recent = (version_released_on.cast(pl.Date) >= sa_needed_for_releases_from).fill_null(value=True)
    return recent | (sql_virtual_machines_without_sa == "none")


@rule(unit="code", cite="sql_2022", start="2012-04-01", optional=("sa_or_subscription",))
def eligibility(sa_or_subscription: pl.Expr, needs_sa: pl.Expr) -> pl.Expr:
    """Whether licenses with or without Software Assurance may be used for the OSE by itself."""
    covered = sa_or_subscription.cast(pl.Boolean)
    return pl.when(covered | ~needs_sa).then(Reason.ALLOWED.lit).when(~covered).then(Reason.NEEDS_SA.lit)


@rule(unit="percent", cite="constrained", start="2012-04-01", optional=("full_vcpus",))
def percent_saved(vcpus: pl.Expr, full_vcpus: pl.Expr, *, percent_of_all: int) -> pl.Expr:
    """What a constrained size saves against its full size: only the active virtual cores are licensed."""
    full = full_vcpus.cast(pl.Int64)
    return (full - vcpus) * percent_of_all // full
