"""Benefits of Software Assurance by agreement and product pool: which are in force, for how many licenses, until when.

Active coverage of any qualifying product of a pool brings the pool's benefits. They end with coverage, and a
retired benefit ends on its day. Purchases under a customer agreement bring none.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "benefit_coverage"
ANSWER = "is_entitled"
_CUSTOMER_AGREEMENT = "csp"
_SERVERS = "servers"
_SA_UNKNOWN = "sa_end_unknown"
_SUBJECT = ["entity_id", "agreement_id", "enrollment_id"]


class Reason(ReasonBase):
    """Why a benefit is available, or is not."""

    ACTIVE_COVERAGE = "Licenses of the pool have active Software Assurance."
    NO_COVERAGE = "No qualifying license of the pool has had Software Assurance."
    COVERAGE_EXPIRED = "Software Assurance in the pool has ended, and the benefit with it."
    COVERAGE_UNKNOWN = "It is not known whether Software Assurance in the pool is still active."
    CUSTOMER_AGREEMENT = "Licenses bought under a customer agreement do not carry benefits of Software Assurance."
    AWARDED_BY_SPEND = "It was awarded by spend on Software Assurance, which no table holds."
    RETIRED = "The benefit has been retired."
    NOT_YET_OFFERED = "The benefit was not offered yet."


@frame_rule(unit="license", cite="matrix", start="2001-10-01")
def coverage(
    licenses: pl.LazyFrame,
    agreements: pl.LazyFrame,
    *,
    benefit_pools: pl.DataFrame,
    customersource_pool: str,
    csp_subscription_benefits: str,
    as_of: date,
) -> pl.LazyFrame:
    """Count the licenses behind each benefit of each agreement and pool.

    Args:
        licenses: `sa_benefits_pools.pooled`.
        agreements: entity_id, agreement_id, enrollment_id, program; one that has no license still has a row.
        benefit_pools: the matrix.
        customersource_pool: the pool of Microsoft Dynamics CustomerSource.
        csp_subscription_benefits: whether server subscriptions under a customer agreement carry benefits.
        as_of: the position date.

    Returns:
        entity_id, agreement_id, enrollment_id, program, pool, benefit, valid_from, retired_on, is_by_spend,
        licenses_with_sa, licenses_unknown, licenses_barred (covered, under a customer agreement), sa_until (last
        day of active coverage, null where one license's is not known), sa_ended_on (last day of coverage past).

    """
    matrix = (
        benefit_pools.lazy()
        .filter(pl.col("reading").is_null() | (pl.col("reading") == customersource_pool))
        .select("benefit", "pool", "families", "valid_from", "retired_on", "is_by_spend")
    )
    under_customer_agreement = (pl.col("program") == _CUSTOMER_AGREEMENT).fill_null(value=False)
    carries = ~pl.col("is_perpetual") & (pl.col("pool") == _SERVERS) & (csp_subscription_benefits == "equivalent")
    is_active = pl.col("sa_active").fill_null(value=False)
    counts = is_active & (~under_customer_agreement | carries)
    ended = ~is_active & (pl.col("sa_end") < as_of).fill_null(value=False)
    counted = (
        licenses.filter(pl.col("pool").is_not_null())
        .with_columns(_counts=counts, _barred=is_active & ~counts, _ended=ended, _unknown=~is_active & _is_unknown())
        .join(matrix.select("benefit", "pool", "families"), on="pool")
        .filter(_qualifies())
        .group_by(*_SUBJECT, "pool", "benefit")
        .agg(
            licenses_with_sa=pl.col("quantity").filter("_counts").sum(),
            licenses_barred=pl.col("quantity").filter("_barred").sum(),
            licenses_unknown=pl.col("quantity").filter("_unknown").sum(),
            _latest=pl.col("sa_end").filter("_counts").max(),
            _has_open_end=pl.col("sa_end").filter("_counts").is_null().any(),
            sa_ended_on=pl.col("sa_end").filter("_ended").max(),
        )
    )
    held = licenses.select(*_SUBJECT, "program")
    known = pl.concat([held, agreements.select(*_SUBJECT, "program")]).group_by(_SUBJECT).agg(pl.col("program").min())
    pools = benefit_pools["pool"].unique(maintain_order=True).to_list()
    quantities = ("licenses_with_sa", "licenses_barred", "licenses_unknown")
    return (
        known.with_columns(pool=pl.lit(pools, pl.List(pl.String)))
        .explode("pool")
        .join(matrix.drop("families"), on="pool")
        .join(counted, on=[*_SUBJECT, "pool", "benefit"], how="left", nulls_equal=True)
        .with_columns(
            *(pl.col(c).fill_null(0) for c in quantities), sa_until=pl.when(~pl.col("_has_open_end")).then("_latest")
        )
        .drop("_latest", "_has_open_end")
    )


@rule(unit="code", cite="benefit", start="2001-10-01", decides_null=True)
def reason(
    valid_from: pl.Expr,
    retired_on: pl.Expr,
    is_by_spend: pl.Expr,
    licenses_with_sa: pl.Expr,
    licenses_unknown: pl.Expr,
    licenses_barred: pl.Expr,
    sa_ended_on: pl.Expr,
    *,
    as_of: date,
) -> pl.Expr:
    """Why the benefit is available or not."""
    return (
        pl.when(valid_from.cast(pl.Date) > as_of)
        .then(Reason.NOT_YET_OFFERED.lit)
        .when(retired_on.cast(pl.Date) <= as_of)
        .then(Reason.RETIRED.lit)
        .when((licenses_with_sa > 0) & is_by_spend.cast(pl.Boolean))
        .then(Reason.AWARDED_BY_SPEND.lit)
        .when(licenses_with_sa > 0)
        .then(Reason.ACTIVE_COVERAGE.lit)
        .when(licenses_unknown > 0)
        .then(Reason.COVERAGE_UNKNOWN.lit)
        .when(licenses_barred > 0)
        .then(Reason.CUSTOMER_AGREEMENT.lit)
        .when(sa_ended_on.is_not_null())
        .then(Reason.COVERAGE_EXPIRED.lit)
        .otherwise(Reason.NO_COVERAGE.lit)
    )


@rule(unit="flag", cite="benefit", start="2001-10-01")
def is_entitled(reason: pl.Expr) -> pl.Expr:
    """Whether the benefit is available; null where data cannot tell."""
    unknown = [Reason.COVERAGE_UNKNOWN.code, Reason.AWARDED_BY_SPEND.code]
    return pl.when(~reason.is_in(unknown)).then(reason == Reason.ACTIVE_COVERAGE.code)


@rule(unit="license", cite="benefit", start="2001-10-01")
def quantity(is_entitled: pl.Expr, licenses_with_sa: pl.Expr) -> pl.Expr:
    """Licenses with active coverage behind the benefit; none while it is not available."""
    return pl.when(is_entitled).then(licenses_with_sa.cast(pl.Int64)).otherwise(0)


@rule(unit="date", cite="benefit", start="2001-10-01", decides_null=True)
def expires_on(reason: pl.Expr, sa_until: pl.Expr, sa_ended_on: pl.Expr, retired_on: pl.Expr) -> pl.Expr:
    """Last day of the benefit: the last day of coverage, or the day before it was retired."""
    return (
        pl.when(reason == Reason.RETIRED.code)
        .then(retired_on.cast(pl.Date).dt.offset_by("-1d"))
        .when(reason.is_in([Reason.ACTIVE_COVERAGE.code, Reason.AWARDED_BY_SPEND.code]))
        .then(sa_until)
        .when(reason == Reason.COVERAGE_EXPIRED.code)
        .then(sa_ended_on)
    )


def _is_unknown() -> pl.Expr:
    return pl.col("reason").eq_missing(pl.lit(_SA_UNKNOWN))


def _qualifies() -> pl.Expr:
    """Whether the license's family of products is among those that the benefit names."""
    named = pl.col("families").str.split(";").list.contains(pl.col("family"))
    return pl.col("families").is_null() | named.fill_null(value=False)
