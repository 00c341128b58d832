"""Software Assurance Membership (SAM): an agreement's commitment to cover every license that it buys in a pool.

It is a fact of the agreement; purchases can only contradict it, by a license of the pool bought without coverage.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "memberships"
ANSWER = "is_member"
_SUBJECT = ["entity_id", "agreement_id", "enrollment_id"]
_PURCHASED = "purchased"


class Reason(ReasonBase):
    """Why an agreement is a member for a pool, or is not."""

    MEMBER = "The agreement is enrolled for the pool, and every purchase in it has been covered."
    CONTRADICTED = "The agreement is enrolled for the pool, but licenses of it were bought without coverage."
    NOT_ENROLLED = "The agreement is not enrolled for the pool."
    NOT_IN_FORCE = "The agreement is not in force."
    ENROLLMENT_UNKNOWN = "It is not known whether the agreement is enrolled for the pool."


@frame_rule(unit="license", cite="membership", start="2001-10-01")
def memberships(agreements: pl.LazyFrame, licenses: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """Count for each agreement and pool the licenses that were bought without coverage.

    Args:
        agreements: the canonical table.
        licenses: `sa_benefits_pools.pooled`; what left since, was granted or transferred does not count.
        as_of: the position date.

    Returns:
        entity_id, agreement_id, enrollment_id, pool, start_date, end_date, is_declared, licenses_without_sa,
        contradicted_on (the day of the first such purchase).

    """
    declared = agreements.unpivot(
        on=["sam_applications", "sam_systems", "sam_servers"],
        index=[*_SUBJECT, "start_date", "end_date"],
        variable_name="pool",
        value_name="is_declared",
    ).with_columns(pl.col("pool").str.strip_prefix("sam_"), enrollment_id=pl.coalesce("enrollment_id", "agreement_id"))
    is_covered = pl.col("sa_start").is_not_null() | pl.col("sa_active") | (pl.col("reason") == "sa_end_unknown")
    lot = [*_SUBJECT, "pool", "license_id"]
    uncovered = (
        licenses.filter(pl.col("agreement_id").is_not_null() & pl.col("pool").is_not_null())
        .with_columns(enrollment_id=pl.coalesce("enrollment_id", "agreement_id"))
        .group_by(lot)
        .agg(
            is_covered.any().alias("_is_covered"),
            _is_bought=(pl.col("reason") == _PURCHASED).any(),
            quantity=pl.col("quantity").filter(pl.col("reason") == _PURCHASED).max(),
            acquired_on=pl.col("acquired_on").min(),
        )
        .filter(~pl.col("_is_covered") & pl.col("_is_bought") & (pl.col("acquired_on") <= as_of))
    )
    in_term = (pl.col("acquired_on") >= pl.col("start_date")).fill_null(value=True) & (
        pl.col("acquired_on") <= pl.col("end_date")
    ).fill_null(value=True)
    key = [*_SUBJECT, "pool"]
    counted = (
        uncovered.join(declared.select(*key, "start_date", "end_date"), on=key)
        .filter(in_term)
        .group_by(key)
        .agg(licenses_without_sa=pl.col("quantity").sum(), contradicted_on=pl.col("acquired_on").min())
    )
    return declared.join(counted, on=key, how="left").with_columns(pl.col("licenses_without_sa").fill_null(0))


@rule(unit="code", cite="membership", start="2001-10-01", decides_null=True)
def reason(
    is_declared: pl.Expr, start_date: pl.Expr, end_date: pl.Expr, licenses_without_sa: pl.Expr, *, as_of: date
) -> pl.Expr:
    """Why the agreement is a member or not; an agreement without dates is taken to be in force."""
    enrolled = is_declared.cast(pl.Boolean)
    return (
        pl.when((start_date.cast(pl.Date) > as_of) | (end_date.cast(pl.Date) < as_of))
        .then(Reason.NOT_IN_FORCE.lit)
        .when(enrolled.is_null())
        .then(Reason.ENROLLMENT_UNKNOWN.lit)
        .when(~enrolled)
        .then(Reason.NOT_ENROLLED.lit)
        .when(licenses_without_sa > 0)
        .then(Reason.CONTRADICTED.lit)
        .otherwise(Reason.MEMBER.lit)
    )


@rule(unit="flag", cite="membership", start="2001-10-01")
def is_member(reason: pl.Expr) -> pl.Expr:
    """Whether the agreement has membership for the pool on the position date."""
    return pl.when(reason != Reason.ENROLLMENT_UNKNOWN.code).then(reason == Reason.MEMBER.code)
