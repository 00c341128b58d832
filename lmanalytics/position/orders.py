"""Lines of an order: what the solution buys, in the packs that are sold."""

import polars as pl

from lmanalytics.position.exact import exact
from lmanalytics.position.market import Market
from lmanalytics.position.offers import LINE, lines, pack_prices
from lmanalytics.position.problem import ARCS, SUPPLY, TAKES, USES, Problem
from lmanalytics.position.solve import Solved
from lmanalytics.rules.demand.price_list import all_products
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import MONEY

ORDERS = pl.Schema(
    {
        **dict.fromkeys([*LINE, "step_up_from", "agreement_id", "enrollment_id"], pl.String()),
        "pack_size": pl.Int64(),
        "packs": pl.Int64(),
        "unit_price": MONEY,
        "currency": pl.String(),
    }
)


def ordered(
    trade: Market, solved: Solved, classes: pl.DataFrame, apart: pl.DataFrame, known: pl.DataFrame
) -> pl.DataFrame:
    """List the packs that a solution buys.

    Args:
        trade: the market that was solved.
        solved: its solution.
        classes: classes of demand; what only old licenses may serve is not ordered: nothing for sale serves it.
        apart: good: what is ordered otherwise.
        known: how that is ordered.

    Returns:
        `ORDERS`; what has no price is ordered singly, with a null price.

    """
    barred = classes.drop_nulls("acquired_before").select(good=pl.format("short {}", "demand_class"))
    bought = trade.goods.with_columns(packs=solved.solution.packs).filter((pl.col("packs") > 0) & (pl.col("size") > 0))
    rest = bought.join(pl.concat([barred, apart]), on="good", how="anti")
    return _added(pl.concat([rest, known], how="diagonal_relaxed"))


def packed(short: pl.LazyFrame, prices: pl.LazyFrame | None, settings: Settings) -> pl.DataFrame:
    """Fill each line of what is short with the packs that cost least; without prices it is ordered singly.

    Args:
        short: LINE, short.
        prices: the canonical table, or None.
        settings: date.

    Returns:
        `ORDERS`.

    """
    asked = short.group_by(LINE).agg(pl.col("short").sum()).sort(LINE, nulls_last=True).collect().with_row_index("line")
    listed = all_products(prices, settings.as_of)
    sold = lines(asked, pack_prices(prices, settings), listed).join(asked, on=LINE, nulls_equal=True)
    alone = asked.join(sold, on="line", how="anti").with_columns(pack_size=pl.lit(1, pl.Int64), unit_price=None)
    return _added(cheapest_packs(asked, pl.concat([sold, alone], how="diagonal_relaxed"), number="line"))


def cheapest_packs(asked: pl.DataFrame, sold: pl.DataFrame, number: str = "asked") -> pl.DataFrame:
    """Fill each need with the packs that cost least, and of those the fewest.

    Args:
        asked: `number` (its rows from 0), short.
        sold: `number`, pack_size, unit_price: the packs for each; without a price each counts the same.
        number: what the column is called.

    Returns:
        The rows of `sold` that are bought, with packs.

    """
    goods = sold.sort(number, "pack_size").with_row_index("good")
    problem = Problem(
        takes=TAKES.to_frame(),
        uses=USES.to_frame(),
        needs=asked.select(fixed="short"),
        supply=SUPPLY.to_frame(),
        arcs=ARCS.to_frame(),
        goods=goods.select(price=pl.col("unit_price").cast(pl.Float64).fill_null(1.0), size="pack_size"),
        yields=goods.select("good", need=number, quantity="pack_size"),
    )
    return goods.with_columns(packs=exact(problem).packs).filter(pl.col("packs") > 0).drop("good")


def _added(bought: pl.DataFrame) -> pl.DataFrame:
    have = set(bought.columns)
    full = bought.with_columns(pl.lit(None).alias(c) for c in ORDERS if c not in have)
    rows = full.select(pl.col(c).cast(t) for c, t in ORDERS.items())
    key = [c for c in ORDERS if c != "packs"]
    return rows.group_by(key).agg(pl.col("packs").sum()).select(ORDERS.names()).sort(key, nulls_last=True)
