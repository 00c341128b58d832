"""What a step-up costs: the difference between the two editions for the years that remain."""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "step_up_offers"
ANSWER = "step_up_price"


@rule(unit="money", cite="price", start="2001-10-01")
def price_per_year(higher_price_per_year: pl.Expr, lower_price_per_year: pl.Expr) -> pl.Expr:
    """Yearly price of the step-up: the higher license with coverage less the lower one with coverage."""
    return higher_price_per_year - lower_price_per_year


@rule(unit="year", cite="price", start="2001-10-01", optional=("agreement_month",))
def year_of_month(agreement_month: pl.Expr, *, months_per_year: int) -> pl.Expr:
    """The year of the agreement that a month of it, counted from 1, falls into."""
    return (agreement_month.cast(pl.Int64) - 1) // months_per_year + 1


@rule(unit="year", cite="price", start="2001-10-01")
def years_charged(agreement_year: pl.Expr, term_years: pl.Expr) -> pl.Expr:
    """Years that the price counts: the year of the agreement in which it is ordered, in full, and those after it."""
    return pl.when(agreement_year <= term_years).then(term_years - agreement_year + 1)


@rule(unit="money", cite="price", start="2001-10-01")
def step_up_price(price_per_year: pl.Expr, years_charged: pl.Expr) -> pl.Expr:
    """Price of the step-up for the rest of the agreement's term."""
    return price_per_year * years_charged
