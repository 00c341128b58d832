"""Select Plus: points that keep a pool's price level, and coverage that is aligned to one renewal day."""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "pools"
ANSWER = "points_needed"


@rule(unit="point", cite="points", start="2011-03-01")
def points_rolled_over(points: pl.Expr, pool_minimum: pl.Expr) -> pl.Expr:
    """Points of one year beyond the pool's yearly minimum, which count for the next."""
    return pl.max_horizontal(points - pool_minimum, pl.lit(0))


@rule(unit="point", cite="points", start="2011-03-01")
def points_needed(points_rolled_over: pl.Expr, pool_minimum: pl.Expr) -> pl.Expr:
    """Points that the next year still needs to reach the pool's minimum."""
    return pl.max_horizontal(pool_minimum - points_rolled_over, pl.lit(0))


@rule(unit="month", cite="alignment", start="2008-10-01", optional=("purchase_month", "initial_months", "align_to"))
def extension_months(purchase_month: pl.Expr, initial_months: pl.Expr, align_to: pl.Expr) -> pl.Expr:
    """Months of the first extension, so that coverage ends in the month to which all of it is aligned."""
    return align_to.cast(pl.Int64) - (purchase_month.cast(pl.Int64) + initial_months.cast(pl.Int64))


@rule(unit="flag", cite="alignment", start="2008-10-01")
def is_offered(extension_months: pl.Expr, *, min_extension_months: int, max_extension_months: int) -> pl.Expr:
    """Whether an extension of that many months is sold."""
    return extension_months.is_between(min_extension_months, max_extension_months)
