"""The platform of an enrollment grows uniformly: what one enterprise product needs more, all of them are ordered."""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "agreement_products"
ANSWER = "platform_quantity"


@rule(unit="license", cite="platform", start="2011-01-01", decides_null=True)
def platform_quantity(entity_id: pl.Expr, agreement_id: pl.Expr, enrollment_id: pl.Expr, increase: pl.Expr) -> pl.Expr:
    """Licenses to order of each enterprise product: the largest increase of any of them in the enrollment."""
    together = [entity_id, agreement_id, enrollment_id]
    largest = pl.when(increase.is_not_null().all()).then(increase.max())
    return largest.over(together)
