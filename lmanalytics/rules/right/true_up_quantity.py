"""How many licenses a true-up orders: enterprise products by a count, additional products by their highest use."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "agreement_products"
ANSWER = "order_quantity"


class Reason(ReasonBase):
    """What the quantity of an order line rests on."""

    COUNT_AT_ORDER = "An enterprise product: its qualified devices or users are counted when the order is placed."
    HIGH_WATER_MARK = "An additional product: the most that was used since the last order or anniversary counts."


@rule(unit="date", cite="enrollment", start="2011-01-01", decides_null=True, optional=("last_order_on",))
def counted_since(initial_order_on: pl.Expr, last_order_on: pl.Expr, prior_anniversary: pl.Expr) -> pl.Expr:
    """Day from which the use of an additional product counts: the latest of first order, last true-up, anniversary."""
    return pl.max_horizontal(initial_order_on, last_order_on.cast(pl.Date), prior_anniversary)


@rule(unit="code", cite="enrollment", start="2011-01-01", decides_null=True)
def basis(is_enterprise_product: pl.Expr, *, true_up_unlisted_product: str) -> pl.Expr:
    """Whether a product is ordered by count or by highest use; one that the enrollment does not list, as agreed."""
    unlisted = pl.lit(true_up_unlisted_product == "enterprise")
    by_count = pl.coalesce(is_enterprise_product, unlisted)
    return pl.when(by_count).then(Reason.COUNT_AT_ORDER.lit).otherwise(Reason.HIGH_WATER_MARK.lit)


@rule(unit="license", cite="enrollment", start="2011-01-01", decides_null=True, optional=("highest_use",))
def counted(basis: pl.Expr, count_at_order: pl.Expr, highest_use: pl.Expr) -> pl.Expr:
    """Licenses in use for the order: today's count, or the highest, which is never below today's."""
    most = pl.max_horizontal(highest_use.cast(pl.Int64), count_at_order)
    known = highest_use.is_not_null() & count_at_order.is_not_null()
    return pl.when(basis == Reason.COUNT_AT_ORDER.code).then(count_at_order).when(known).then(most)


@rule(unit="license", cite="enrollment", start="2011-01-01")
def order_quantity(counted: pl.Expr, licenses_held: pl.Expr) -> pl.Expr:
    """Licenses to order: what is counted beyond what is held; an enrollment takes nothing back at a true-up."""
    return pl.max_horizontal(counted - licenses_held, pl.lit(0))
