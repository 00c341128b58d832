"""The option-cost curve of an option: its points beside the one that lists for least.

An option can often be had in more than one way: three sets of Standard and the rest by virtual machine, or four.
With the licenses that are owned another point may be the cheapest than by list prices, so each row of `demand`
carries all of them that could be, in three lists side by side:

    curve_steps        what tells the points apart: here, the full sets of each host
    curve_without_sa   licenses that need no Software Assurance
    curve_with_sa      licenses that need it

An option of several editions has a row for each, whose lists have the same steps. Null: the row is all there is.
"""

import polars as pl

from lmanalytics.rules.demand.price_list import for_entity
from lmanalytics.schemas import MONEY

LISTS = ["curve_steps", "curve_without_sa", "curve_with_sa"]
SCHEMA = dict.fromkeys(LISTS, pl.List(pl.Int64()))


def is_undominated(without_sa: str, with_sa: str, order: list[str], least: pl.Expr) -> pl.Expr:
    """Tell which points may be part of a cheapest position, whatever is owned and whatever it costs.

    A license with Software Assurance serves where none is needed. So a point is of no use when another needs no more
    licenses with it, and no more licenses altogether.

    Args:
        without_sa: column of the licenses that need none.
        with_sa: column of those that need it. The frame is sorted by `order` so that these become fewer.
        order: the key of a curve.
        least: licenses of a point that needs none with Software Assurance at all; null where there is none.

    """
    total = pl.col(without_sa) + pl.col(with_sa)
    fewest = total.reverse().cum_min().reverse().shift(-1).over(order)
    is_fewer = pl.col(with_sa) < pl.col(with_sa).shift(1).over(order)
    return (total < pl.min_horizontal(fewest, least)).fill_null(value=True) & is_fewer.fill_null(value=True)


def points(demand: pl.LazyFrame, listed: pl.LazyFrame) -> pl.LazyFrame:
    """Repeat each row of `demand` for each point of its curve.

    Args:
        demand: the `demand` answer with licenses_with_sa, full_sets and the lists of this module.
        listed: the price of one license without and with Software Assurance (`price_list.all_products`).

    Returns:
        The same columns but for the lists, and step: null where an option has no curve. Of a point,
        licenses_required, licenses_with_sa, full_sets, unit_price, cost, currency and demand_class are its own.

    """
    columns = [c for c in demand.collect_schema() if c not in LISTS]
    alone = demand.filter(pl.col("curve_steps").is_null()).select(*columns, step=pl.lit(None, pl.Int64))
    given = demand.filter(pl.col("curve_steps").is_not_null()).explode(LISTS, empty_as_null=False, keep_nulls=False)
    without, with_sa = pl.col("curve_without_sa"), pl.col("curve_with_sa")
    # A host has as many sets for each step more as it has for one.
    sets = (
        pl.col("full_sets") * pl.col("curve_without_sa") // (pl.col("licenses_required") - pl.col("licenses_with_sa"))
    )
    priced = (
        for_entity(given.drop("currency"), listed)
        .with_columns(
            step="curve_steps",
            full_sets=sets,
            licenses_required=without + with_sa,
            licenses_with_sa=with_sa,
            cost=cost(without, with_sa),
            demand_class=demand_class(without, with_sa),
        )
        .with_columns(
            unit_price=(pl.col("cost") / pl.col("licenses_required")).cast(MONEY),
            currency=pl.when(pl.col("cost").is_not_null()).then("currency"),
        )
    )
    return pl.concat([alone, priced.select(*columns, "step")])


def cost(without_sa: pl.Expr, with_sa: pl.Expr) -> pl.Expr:
    """Price both kinds of licenses; a kind that is not needed needs no price."""
    first = pl.when(without_sa == 0).then(pl.lit(0, MONEY)).otherwise((without_sa * pl.col("price")).cast(MONEY))
    second = pl.when(with_sa == 0).then(pl.lit(0, MONEY)).otherwise((with_sa * pl.col("price_with_sa")).cast(MONEY))
    return first + second


def demand_class(without_sa: pl.Expr, with_sa: pl.Expr) -> pl.Expr:
    """Name edition, lowest version right, and whether all licenses, none or part of them need Software Assurance."""
    needs = (
        pl.when(with_sa == 0).then(pl.lit("any")).when(without_sa == 0).then(pl.lit("sa")).otherwise(pl.lit("part_sa"))
    )
    return pl.concat_str(pl.col("edition"), pl.col("version").fill_null("any"), needs, separator="|")
