"""Whether a passive copy of SQL Server needs no licenses, and how many its OSE saves.

An OSE is free as a whole: one copy in it that needs licenses brings the licenses for all.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right import failover_eligibility

FACTS = "copies"
ANSWER = "is_free"
_ELSEWHERE = failover_eligibility.Reason.NO_OWN_LICENSE.code


class Reason(ReasonBase):
    """What decides beside the conditions of `failover_eligibility` and the rights of `failover_rights`."""

    FREE = "A passive copy of an active OSE with Software Assurance, so it needs no licenses."
    OSE_NOT_FREE = "Another copy in the same OSE needs licenses, which cover it as well."
    OSE_UNKNOWN = "Whether another copy in the same OSE needs licenses is not known."


@rule(unit="code", cite="passive", start="2016-10-01", decides_null=True)
def own_reason(obstacle: pl.Expr, right_reason: pl.Expr, is_granted: pl.Expr) -> pl.Expr:
    """Why this copy by itself is free or not."""
    refused = pl.when(~is_granted.fill_null(value=False)).then(right_reason)
    return pl.coalesce(obstacle, refused, Reason.FREE.lit)


@rule(unit="flag", cite="passive", start="2016-10-01", decides_null=True)
def is_free(own_reason: pl.Expr, entity_id: pl.Expr, ose_id: pl.Expr) -> pl.Expr:
    """Whether the right frees the copy: every copy in its OSE that needs licenses must be free."""
    free = own_reason == Reason.FREE.code
    known = pl.when(~own_reason.is_in(failover_eligibility.UNKNOWN)).then(free)
    counted = pl.when(own_reason == _ELSEWHERE).then(statement=True).otherwise(known)
    whole = counted.all(ignore_nulls=False).over(entity_id, ose_id)
    return pl.when(free).then(whole).otherwise(known)


@rule(unit="code", cite="passive", start="2016-10-01", decides_null=True)
def reason(own_reason: pl.Expr, is_free: pl.Expr) -> pl.Expr:
    """The reason of the answer: that of the copy itself, or what else its OSE holds."""
    free = own_reason == Reason.FREE.code
    return (
        pl.when(free & is_free.is_null())
        .then(Reason.OSE_UNKNOWN.lit)
        .when(free & ~is_free)
        .then(Reason.OSE_NOT_FREE.lit)
        .otherwise(own_reason)
    )


@rule(unit="text", cite="passive", start="2016-10-01", decides_null=True)
def decided_by(obstacle: pl.Expr, reason: pl.Expr) -> pl.Expr:
    """The rule that gave the reason."""
    own = reason.is_in([r.code for r in Reason])
    return (
        pl.when(own)
        .then(pl.lit("failover_passive.is_free"))
        .when(obstacle.is_not_null())
        .then(pl.lit("failover_eligibility.obstacle"))
        .otherwise(pl.lit("failover_rights.granted"))
    )


@rule(unit="license", cite="quantity", start="2016-10-01", decides_null=True)
def licenses_saved(
    is_free: pl.Expr, licenses: pl.Expr, install_id: pl.Expr, entity_id: pl.Expr, ose_id: pl.Expr
) -> pl.Expr:
    """Licenses that the OSE would need without the right, told once, beside the first free copy in it."""
    first = pl.when(is_free).then(install_id).min().over(entity_id, ose_id)
    told = pl.when(install_id == first).then(licenses).otherwise(0)
    return pl.when(is_free).then(told).when(~is_free).then(0)
