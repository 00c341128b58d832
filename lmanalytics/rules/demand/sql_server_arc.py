"""What Azure Arc meters for SQL Server: the virtual cores billed for one OSE, and the smallest host license.

Metering is not licensing: it bills pay-as-you-go use, and counts the cores that a license of one's own would
have to cover there.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "oses"
ANSWER = "billed_vcores"


class Reason(ReasonBase):
    """Whether a license for all physical cores of a host may be set up in Azure Arc."""

    ALLOWED = "Enterprise with all physical cores of an own or an outsourcer's server."
    ENTERPRISE_ONLY = "Only Enterprise permits unlimited virtualization."
    LISTED_PROVIDER = "A Listed Provider's servers take no such license."
    NOT_YET = "Azure Arc did not meter SQL Server yet."


@rule(unit="core", cite="billing", start="2022-11-16", optional=("edition",))
def billed_vcores(vcpus: pl.Expr, edition: pl.Expr, *, min_vcores_per_ose: int, max_vcores_of_standard: int) -> pl.Expr:
    """Virtual cores billed for one OSE: no fewer than the minimum, and of Standard no more than its capacity."""
    least = pl.max_horizontal(vcpus, min_vcores_per_ose)
    capped = pl.min_horizontal(least, max_vcores_of_standard)
    return pl.when((edition == "Standard").fill_null(value=False)).then(capped).otherwise(least)


@rule(unit="core", cite="billing", start="2022-11-16")
def min_billed_vcores(*, min_vcores_per_ose: int) -> pl.Expr:
    """Fewest virtual cores billed for an OSE."""
    return pl.lit(min_vcores_per_ose, pl.Int64)


@rule(unit="core", cite="billing", start="2022-11-16")
def max_billed_vcores(edition: pl.Expr, *, max_vcores_of_standard: int) -> pl.Expr:
    """Most virtual cores billed for an OSE: the capacity of Standard, no limit (null) for Enterprise."""
    return pl.when(edition == "Standard").then(pl.lit(max_vcores_of_standard, pl.Int64))


@rule(unit="core", cite="billing", start="2022-11-16")
def min_pcores(*, min_pcores_per_license: int) -> pl.Expr:
    """Fewest physical cores of a license for unlimited virtualization."""
    return pl.lit(min_pcores_per_license, pl.Int64)


@rule(unit="core", cite="billing", start="2022-11-16", optional=("physical_cores",))
def pcores_to_license(physical_cores: pl.Expr, *, min_pcores_per_license: int) -> pl.Expr:
    """Physical cores of a license for unlimited virtualization on one host."""
    cores = physical_cores.cast(pl.Int64)
    return pl.when(cores.is_not_null()).then(pl.max_horizontal(cores, min_pcores_per_license))


@rule(unit="code", cite="billing", start="2012-04-01", end="2022-11-15", name="unlimited_virtualization")
def unlimited_virtualization_before_arc() -> pl.Expr:
    """Whether a license for unlimited virtualization may be set up: not yet."""
    return Reason.NOT_YET.lit


@rule(unit="code", cite="billing", start="2022-11-16", optional=("operator",))
def unlimited_virtualization(edition: pl.Expr, operator: pl.Expr, *, edition_for_pcores: str) -> pl.Expr:
    """Whether a license for unlimited virtualization may be set up for a host."""
    return (
        pl.when(edition != edition_for_pcores)
        .then(Reason.ENTERPRISE_ONLY.lit)
        .when((operator == "listed_provider").fill_null(value=False))
        .then(Reason.LISTED_PROVIDER.lit)
        .otherwise(Reason.ALLOWED.lit)
    )
