"""When what an enrollment has not ordered before is first ordered: not in the yearly window, but with its use."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "agreement_products"
ANSWER = "order_by"


class Reason(ReasonBase):
    """How the first order, and those after it, are placed."""

    NEW_PRODUCT = "Order it in the month of first use; later ones go through the true-up."
    THROUGH_TRUE_UP = "Further ones go through the true-up."


@rule(unit="date", cite="enrollment", start="2011-01-01")
def order_by(first_used_on: pl.Expr, is_online_service: pl.Expr) -> pl.Expr:
    """Last day to order: that of the month in which a product is first used, for an online service the day before."""
    return pl.when(is_online_service).then(first_used_on.dt.offset_by("-1d")).otherwise(first_used_on.dt.month_end())


@rule(unit="code", cite="step_up", start="2011-01-01", optional=("is_on_initial_order",))
def step_up_process(is_on_initial_order: pl.Expr) -> pl.Expr:
    """How a step-up is ordered: by true-up if the first order had one, else the first like a new product."""
    listed = is_on_initial_order.cast(pl.Boolean)
    return pl.when(listed).then(Reason.THROUGH_TRUE_UP.lit).otherwise(Reason.NEW_PRODUCT.lit)
