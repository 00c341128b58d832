"""Azure Hybrid Benefit for SQL Server: normalized cores that a resource takes, and the licenses that give them.

A normalized core is the measure that makes licenses of both editions and resources of all tiers comparable. It
is applied hour by hour; what runs beyond the licenses is billed as it is used.
"""

import polars as pl

from lmanalytics.rules.demand import _per_core
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "services"
ANSWER = "normalized"


class Reason(ReasonBase):
    """Whether a resource may use own licenses, and what that takes."""

    REQUIRED = "These licenses with Software Assurance, or subscriptions, are required."
    NOT_ELIGIBLE = "Such a resource takes no own licenses: serverless and DTU databases, and dedicated hosts by core."
    UNKNOWN_RATE = "No rate is published for this service with this tier or edition."
    VCORES_UNKNOWN = "No export says how many virtual cores it has."
    NOT_YET = "On the day of the position the Azure Hybrid Benefit for SQL Server did not exist yet."


@rule(unit="core", cite="ratios", start="2018-04-01", optional=("enterprise_cores", "standard_cores"))
def normalized_cores_held(
    enterprise_cores: pl.Expr, standard_cores: pl.Expr, *, normalized_per_enterprise: int, normalized_per_standard: int
) -> pl.Expr:
    """Normalized cores that core licenses with Software Assurance give."""
    held = enterprise_cores.cast(pl.Int64), standard_cores.cast(pl.Int64)
    return held[0] * normalized_per_enterprise + held[1] * normalized_per_standard


@rule(unit="day", cite="scope", start="2018-04-01")
def concurrent_days(*, days_of_dual_use: int) -> pl.Expr:
    """Days during which a license may be used on-premises too while its workload moves."""
    return pl.lit(days_of_dual_use, pl.Int64)


@frame_rule(unit="core", cite="scope", start="2012-04-01", end="2018-03-31", name="normalized")
def normalized_before_the_benefit(services: pl.LazyFrame) -> pl.LazyFrame:
    """Answer for a day before the benefit: nothing may be used, with the reason; columns as of `normalized`."""
    names = ("licensed_vcores", "normalized_per_vcore", "normalized_cores", "enterprise_cores", "standard_cores")
    return services.with_columns(**{n: pl.lit(None, pl.Int64) for n in names}, reason=Reason.NOT_YET.lit)


@frame_rule(unit="core", cite="scope", start="2018-04-01")
def normalized(
    services: pl.LazyFrame,
    *,
    azure_sql_rates: pl.DataFrame,
    normalized_per_enterprise: int,
    normalized_per_standard: int,
    standard_serves_enterprise: bool,
) -> pl.LazyFrame:
    """Count the normalized cores of each resource, and the licenses of either edition that give them.

    Args:
        services: service, tier, edition, vcores, and whatever names the resource.
        azure_sql_rates: normalized cores for each virtual core, by service and by its tier or edition.
        normalized_per_enterprise: what an Enterprise core license gives.
        normalized_per_standard: what a Standard core license gives.
        standard_serves_enterprise: whether Standard licenses may serve resources of the rate of Enterprise.

    Returns:
        The services with licensed_vcores (no fewer than the minimum of the resource), normalized_per_vcore,
        normalized_cores, enterprise_cores and standard_cores (the licenses of one edition alone that give them;
        null where it may not) and reason.

    """
    rates = azure_sql_rates.lazy().drop("reference")
    kinds = rates.select("service", "varies_by").unique()
    variant = (
        pl.when(pl.col("varies_by") == "tier")
        .then("tier")
        .when(pl.col("varies_by") == "edition")
        .then(pl.col("edition").str.to_lowercase())
        .cast(pl.String)
    )
    rated = (
        services.join(kinds, on="service", how="left")
        .with_columns(variant=variant)
        .join(rates.drop("varies_by"), on=["service", "variant"], how="left", nulls_equal=True)
    )
    known = pl.col("vcores").is_not_null() & pl.col("normalized_per_vcore").is_not_null()
    licensed = pl.when(known).then(pl.max_horizontal("vcores", "min_vcores"))
    by_standard = (pl.col("normalized_per_vcore") <= normalized_per_standard) | standard_serves_enterprise
    total = pl.col("normalized_cores")
    return (
        rated.with_columns(licensed_vcores=licensed)
        .with_columns(normalized_cores=pl.col("licensed_vcores") * pl.col("normalized_per_vcore"))
        .with_columns(
            enterprise_cores=_per_core.rounded_up(total, normalized_per_enterprise),
            standard_cores=pl.when(by_standard).then(_per_core.rounded_up(total, normalized_per_standard)),
            reason=pl.when(pl.col("is_eligible").is_null())
            .then(Reason.UNKNOWN_RATE.lit)
            .when(~pl.col("is_eligible"))
            .then(Reason.NOT_ELIGIBLE.lit)
            .when(pl.col("vcores").is_null())
            .then(Reason.VCORES_UNKNOWN.lit)
            .otherwise(Reason.REQUIRED.lit),
        )
        .drop("varies_by", "variant", "min_vcores", "is_eligible")
    )


@rule(unit="core", cite="ratios", start="2018-04-01", optional=("enterprise_cores",))
def general_purpose_vcores_of_enterprise(enterprise_cores: pl.Expr, *, normalized_per_enterprise: int) -> pl.Expr:
    """Virtual cores of the General Purpose tier, or of Standard in a virtual machine, for Enterprise licenses."""
    return enterprise_cores.cast(pl.Int64) * normalized_per_enterprise


@rule(unit="core", cite="ratios", start="2018-04-01", optional=("enterprise_cores",))
def business_critical_vcores_of_enterprise(enterprise_cores: pl.Expr) -> pl.Expr:
    """Virtual cores of the Business Critical tier, or of Enterprise in a virtual machine, for Enterprise licenses."""
    return enterprise_cores.cast(pl.Int64)


@rule(unit="core", cite="ratios", start="2018-04-01", optional=("standard_cores",))
def general_purpose_vcores_of_standard(standard_cores: pl.Expr, *, normalized_per_standard: int) -> pl.Expr:
    """Virtual cores of the General Purpose tier, or of Standard in a virtual machine, for Standard licenses."""
    return standard_cores.cast(pl.Int64) * normalized_per_standard


@rule(unit="core", cite="cross_edition", start="2018-04-01", optional=("standard_cores",))
def business_critical_vcores_of_standard(
    standard_cores: pl.Expr, *, normalized_per_enterprise: int, standard_serves_enterprise: bool
) -> pl.Expr:
    """Whole virtual cores of the Business Critical tier, or of Enterprise in a machine, for Standard licenses."""
    vcores = standard_cores.cast(pl.Int64) // normalized_per_enterprise
    return vcores if standard_serves_enterprise else pl.when(standard_cores.is_not_null()).then(0)
