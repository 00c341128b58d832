"""The chain of years: a later year of Extended Security Updates needs those before it, server by server."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "server_years"
ANSWER = "must_also_buy"


class Reason(ReasonBase):
    """How a year stands to the years before it."""

    FIRST_YEAR = "The first year of the offering; nothing comes before it."
    CONTINUED = "Every year before it was acquired for this server."
    YEARS_MISSING = "Years before it were not acquired for this server and must be acquired with it."
    NOT_CHAINED = "The periods of this offering are bought one by one."


@frame_rule(unit="year", cite="terms", start="2018-07-12")
def owned(coverage: pl.LazyFrame) -> pl.LazyFrame:
    """Gather the years that each server has.

    Args:
        coverage: entity_id, subject_kind, subject_id, product, offer, esu_year, quantity.

    Returns:
        entity_id, subject_kind, subject_id, product, offer, years_owned (sorted).

    """
    server = ["entity_id", "subject_kind", "subject_id", "product", "offer"]
    return coverage.filter(pl.col("quantity") > 0).group_by(server).agg(years_owned=pl.col("esu_year").unique().sort())


@rule(unit="flag", cite="chain", start="2018-07-12", optional=("is_chained",))
def needs_preceding(is_chained: pl.Expr, *, exchange_periods: str) -> pl.Expr:
    """Whether a year of the offering needs those before it."""
    return is_chained.cast(pl.Boolean) | (exchange_periods == "in_sequence")


@rule(unit="year", cite="chain", start="2018-07-12", decides_null=True, optional=("esu_year", "years_owned"))
def must_also_buy(esu_year: pl.Expr, years_owned: pl.Expr, needs_preceding: pl.Expr) -> pl.Expr:
    """Years before this one that the server lacks, which must be acquired with it."""
    year = esu_year.cast(pl.Int64)
    before = pl.when(needs_preceding.fill_null(value=True) & (year > 1)).then(year).otherwise(1)
    none = pl.lit([], pl.List(pl.Int64))
    have = years_owned.cast(pl.List(pl.Int64)).fill_null(none)
    missing = pl.int_ranges(1, before, dtype=pl.Int64).list.set_difference(have).list.sort()
    return pl.when(year.is_not_null()).then(missing)


@rule(unit="year", cite="back_purchase", start="2018-07-12", optional=("esu_year", "years_owned"), decides_null=True)
def must_buy(esu_year: pl.Expr, years_owned: pl.Expr, must_also_buy: pl.Expr) -> pl.Expr:
    """Years to acquire in order to have this one: those that are missing before it, and itself."""
    year = esu_year.cast(pl.Int64)
    none = pl.lit([], pl.List(pl.Int64))
    has = years_owned.cast(pl.List(pl.Int64)).fill_null(none).list.contains(year)
    return pl.when(has).then(must_also_buy).otherwise(pl.concat_list(must_also_buy, year))


@rule(unit="flag", cite="terms", start="2018-07-12")
def may_be_bought_alone(must_also_buy: pl.Expr) -> pl.Expr:
    """Whether the year may be acquired without another."""
    return must_also_buy.list.len() == 0


@rule(unit="code", cite="chain", start="2018-07-12", optional=("esu_year",))
def chain(esu_year: pl.Expr, needs_preceding: pl.Expr, must_also_buy: pl.Expr) -> pl.Expr:
    """How the year stands to those before it."""
    return (
        pl.when(~needs_preceding)
        .then(Reason.NOT_CHAINED.lit)
        .when(esu_year.cast(pl.Int64) == 1)
        .then(Reason.FIRST_YEAR.lit)
        .when(must_also_buy.list.len() > 0)
        .then(Reason.YEARS_MISSING.lit)
        .otherwise(Reason.CONTINUED.lit)
    )
