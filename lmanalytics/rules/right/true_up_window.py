"""When the yearly true-up order or update statement of an enrollment is due."""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "agreements"
ANSWER = "window_closes"


@rule(unit="date", cite="enrollment", start="2011-01-01", decides_null=True)
def next_anniversary(anniversary_date: pl.Expr, start_date: pl.Expr, *, as_of: object) -> pl.Expr:
    """The first anniversary on or after the position date; without a stated day, that of the start."""
    stated = pl.coalesce(anniversary_date, start_date)
    years = pl.lit(as_of).dt.year() - stated.dt.year()
    this_year = stated.dt.offset_by(pl.format("{}y", years))
    next_year = stated.dt.offset_by(pl.format("{}y", years + 1))
    return (
        pl.when(stated >= pl.lit(as_of))
        .then(stated)
        .when(this_year >= pl.lit(as_of))
        .then(this_year)
        .otherwise(next_year)
    )


@rule(unit="date", cite="enrollment", start="2011-01-01")
def window_opens(next_anniversary: pl.Expr, *, opens_days_before: int) -> pl.Expr:
    """First day on which the order or statement may arrive."""
    return next_anniversary.dt.offset_by(f"-{opens_days_before}d")


@rule(unit="date", cite="enrollment", start="2011-01-01")
def window_closes(next_anniversary: pl.Expr, *, closes_days_before: int) -> pl.Expr:
    """Last day on which it may arrive."""
    return next_anniversary.dt.offset_by(f"-{closes_days_before}d")
