"""When the yearly true-up order or update statement of an enrollment is due."""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "agreements"
ANSWER = "order_closes"


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
    """First day on which the order or statement for the next anniversary may arrive."""
    return next_anniversary.dt.offset_by(f"-{opens_days_before}d")


@rule(unit="date", cite="enrollment", start="2011-01-01")
def window_closes(next_anniversary: pl.Expr, *, closes_days_before: int) -> pl.Expr:
    """Last day on which the order or statement for the next anniversary may arrive."""
    return next_anniversary.dt.offset_by(f"-{closes_days_before}d")


@rule(unit="date", cite="final_year", start="2011-01-01", optional=("end_date",))
def final_opens(end_date: pl.Expr, *, final_days_before: int) -> pl.Expr:
    """First day of the last window of an enrollment, which ends with the enrollment."""
    return end_date.cast(pl.Date).dt.offset_by(f"-{final_days_before}d")


@rule(unit="date", cite="enrollment", start="2011-01-01")
def order_anniversary(next_anniversary: pl.Expr, window_closes: pl.Expr, *, as_of: object) -> pl.Expr:
    """The anniversary before which the next order may still arrive: the one after it once its window has closed."""
    later = next_anniversary.dt.offset_by("1y")
    return pl.when(window_closes >= pl.lit(as_of)).then(next_anniversary).otherwise(later)


@rule(unit="flag", cite="final_year", start="2011-01-01", decides_null=True, optional=("end_date",))
def is_final(order_anniversary: pl.Expr, end_date: pl.Expr) -> pl.Expr:
    """Whether the next order is the last one, because the enrollment expires before that anniversary is over."""
    return (order_anniversary >= end_date.cast(pl.Date)).fill_null(value=False)


@rule(unit="date", cite="enrollment", start="2011-01-01", decides_null=True, optional=("end_date",))
def order_opens(
    order_anniversary: pl.Expr,
    is_final: pl.Expr,
    final_opens: pl.Expr,
    end_date: pl.Expr,
    *,
    opens_days_before: int,
    as_of: object,
) -> pl.Expr:
    """First day of the window that is open, or the next one to open; none once the enrollment has expired."""
    usual = order_anniversary.dt.offset_by(f"-{opens_days_before}d")
    expired = (end_date.cast(pl.Date) < pl.lit(as_of)).fill_null(value=False)
    return pl.when(~expired).then(pl.when(is_final).then(final_opens).otherwise(usual))


@rule(unit="date", cite="enrollment", start="2011-01-01", decides_null=True, optional=("end_date",))
def order_closes(
    order_anniversary: pl.Expr, is_final: pl.Expr, end_date: pl.Expr, *, closes_days_before: int, as_of: object
) -> pl.Expr:
    """Last day of the window that is open, or of the next one; of the last one, the day the enrollment expires."""
    usual = order_anniversary.dt.offset_by(f"-{closes_days_before}d")
    expired = (end_date.cast(pl.Date) < pl.lit(as_of)).fill_null(value=False)
    return pl.when(~expired).then(pl.when(is_final).then(end_date.cast(pl.Date)).otherwise(usual))
