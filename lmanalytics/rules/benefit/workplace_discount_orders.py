"""Orders of the Workplace Discount Program against the right to them: one for each right, on one PC or Mac.

Microsoft 365 Family and Personal are one right, each software license another. What was ordered beyond the right,
or without it, somebody must act on.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "workplace_orders"
ANSWER = "is_within_right"
_ONLINE = "online_services"
_PERSON = ["entity_id", "employee_id"]


class Reason(ReasonBase):
    """Why an order is within the right, or is not."""

    WITHIN_RIGHT = "The employee had the right to order it."
    RENEWAL = "A subscription that was acquired before may be renewed."
    NOTHING_TO_RENEW = "No order before it is known that acquired what it renews."
    BEYOND_ONE = "The employee had acquired the one that the right permits."
    NOT_ELIGIBLE = "The employee had no right to order it on that day."
    ELIGIBILITY_UNKNOWN = "It is not known whether the employee had the right to order it on that day."
    NO_PC_OR_MAC = "The license may be installed on a PC or a Mac only."
    OFFER_UNKNOWN = "What was ordered is not known, so neither is who may order it."
    AFTER_AS_OF = "Ordered after the position date."


@frame_rule(unit="license", cite="benefit", start="2015-07-01")
def numbered(orders: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """Count for each order the acquisitions of the same right that came before it.

    Args:
        orders: entity_id, employee_id, right, option, is_renewal, ordered_on, order_id, is_eligible (on its day, may
            be null).
        as_of: the position date; later orders are no acquisitions.

    Returns:
        The rows, sorted by person, right, day and order, with is_acquisition (not a renewal, and not without the
        right) and acquired_before.

    """
    acquires = (
        ~(pl.col("is_renewal") & (pl.col("option") == _ONLINE)).fill_null(value=False)
        & pl.col("is_eligible").fill_null(value=True)
        & pl.col("right").is_not_null()
        & (pl.col("ordered_on") <= as_of)
    )
    key = [*_PERSON, "right"]
    before = pl.col("is_acquisition").cast(pl.Int64).cum_sum() - pl.col("is_acquisition").cast(pl.Int64)
    return (
        orders.with_columns(is_acquisition=acquires)
        .sort(*key, "ordered_on", "order_id")
        .with_columns(acquired_before=before.over(key))
    )


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True)
def reason(
    right: pl.Expr,
    option: pl.Expr,
    is_renewal: pl.Expr,
    is_eligible: pl.Expr,
    acquired_before: pl.Expr,
    device_kind: pl.Expr,
    ordered_on: pl.Expr,
    *,
    max_orders: int,
    as_of: date,
) -> pl.Expr:
    """Why the order is within the right, or is not."""
    kind = device_kind.cast(pl.String).str.to_lowercase().str.strip_chars()
    renews = is_renewal.cast(pl.Boolean) & (option == _ONLINE)
    acquired, eligible = acquired_before.cast(pl.Int64), is_eligible.cast(pl.Boolean)
    return (
        pl.when(ordered_on.cast(pl.Date) > as_of)
        .then(Reason.AFTER_AS_OF.lit)
        .when(right.is_null())
        .then(Reason.OFFER_UNKNOWN.lit)
        .when(renews & (acquired > 0))
        .then(Reason.RENEWAL.lit)
        .when(renews)
        .then(Reason.NOTHING_TO_RENEW.lit)
        .when(~eligible)
        .then(Reason.NOT_ELIGIBLE.lit)
        .when((option != _ONLINE) & ~kind.is_in(["pc", "mac"]))
        .then(Reason.NO_PC_OR_MAC.lit)
        .when(acquired >= max_orders)
        .then(Reason.BEYOND_ONE.lit)
        .when(eligible.is_null())
        .then(Reason.ELIGIBILITY_UNKNOWN.lit)
        .otherwise(Reason.WITHIN_RIGHT.lit)
    )


@rule(unit="flag", cite="benefit", start="2015-07-01")
def is_within_right(reason: pl.Expr) -> pl.Expr:
    """Whether the order is within the right; null where data cannot tell."""
    unknown = (Reason.OFFER_UNKNOWN, Reason.ELIGIBILITY_UNKNOWN, Reason.NOTHING_TO_RENEW)
    within = reason.is_in([Reason.WITHIN_RIGHT.code, Reason.RENEWAL.code])
    return pl.when(~reason.is_in([r.code for r in unknown])).then(within)
