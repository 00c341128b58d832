"""What a year of Extended Security Updates costs: a share of the license's price, or an amount.

A share is of the full price of the license in the customer's own price list. Entering late costs every year
up to the one that is entered.
"""

import polars as pl

from lmanalytics.rules.engine import frame_rule, rule
from lmanalytics.schemas import MONEY

FACTS = "server_years"
ANSWER = "year_price"
_OFFER = ["product", "version", "esu_year"]


@frame_rule(unit="money", cite="consistency", start="2018-07-12")
def published(*, esu_prices: pl.DataFrame, esu_price_of_2012: str) -> pl.LazyFrame:
    """List the prices that have been published, by offering, edition and year.

    Returns:
        product, version, edition (null: any), activation (null: the usual), esu_year, percent (of the price of a
        license), amount and amount_per_month (Decimal), pack_size, currency.

    """
    read = pl.col("reading").is_null() | (pl.col("reading") == esu_price_of_2012)
    amounts = (pl.col(name).cast(pl.String).cast(MONEY) for name in ("amount", "amount_per_month"))
    return esu_prices.lazy().filter(read).with_columns(*amounts).drop("reading", "reference").sort(*_OFFER)


@frame_rule(unit="money", cite="consistency", start="2018-07-12")
def substitutes(listed: pl.LazyFrame, *, esu_published_prices: str) -> pl.LazyFrame:
    """Keep the published prices that may take the place of a price list: none, unless the policy says so.

    Args:
        listed: what `published` returns.
        esu_published_prices: the policy's reading.

    """
    usual = pl.col("activation").is_null()
    return listed.filter(usual if esu_published_prices == "used" else pl.lit(value=False))


@rule(unit="pack", cite="packs", start="2018-07-12", optional=("licenses", "pack_size"))
def packs(licenses: pl.Expr, pack_size: pl.Expr) -> pl.Expr:
    """Packs in which the licenses come."""
    size = pack_size.cast(pl.Int64)
    return (licenses.cast(pl.Int64) + size - 1) // size


@rule(
    unit="money", cite="shape", start="2018-07-12", decides_null=True,
    optional=("license_price", "percent", "amount", "amount_per_month"),
)  # fmt: skip
def pack_price(
    license_price: pl.Expr,
    percent: pl.Expr,
    amount: pl.Expr,
    amount_per_month: pl.Expr,
    *,
    percent_of_all: int,
    months_per_year: int,
) -> pl.Expr:
    """Price of a pack for a year: the amount, the months' amounts, or the share of the license's price."""
    share = license_price.cast(MONEY) * percent.cast(pl.Int64) / percent_of_all
    monthly = amount_per_month.cast(MONEY) * months_per_year
    return pl.coalesce(amount.cast(MONEY), monthly.cast(MONEY), share.cast(MONEY))


@rule(unit="money", cite="shape", start="2018-07-12")
def year_price(packs: pl.Expr, pack_price: pl.Expr) -> pl.Expr:
    """What the licenses of a year cost."""
    return (packs * pack_price).cast(MONEY)


@frame_rule(unit="money", cite="back_purchase", start="2018-07-12")
def cumulative(years: pl.LazyFrame) -> pl.LazyFrame:
    """Add up what entering in each year costs: that year and all before it.

    Args:
        years: offer_id, esu_year, year_price.

    Returns:
        The rows, sorted, with entering_costs; null from the first year without a price on.

    """
    known = pl.col("year_price").is_not_null().cast(pl.Int64).cum_min().over("offer_id") == 1
    total = pl.col("year_price").cum_sum().over("offer_id")
    return years.sort("offer_id", "esu_year").with_columns(entering_costs=pl.when(known).then(total))
