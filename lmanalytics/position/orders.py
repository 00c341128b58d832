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


def ordered(trade: Market, solved: Solved, classes: pl.DataFrame) -> pl.DataFrame:
    """List the packs that a solution buys.

    Args:
        trade: the market that was solved.
        solved: its solution.
        classes: classes of demand; what only old licenses may serve is not ordered: nothing for sale serves it.

    Returns:
        `ORDERS`; what has no price is ordered singly, with a null price.

    """
    barred = classes.drop_nulls("acquired_before").select(good=pl.format("short {}", "demand_class"))
    bought = trade.goods.with_columns(packs=solved.solution.packs).filter((pl.col("packs") > 0) & (pl.col("size") > 0))
    return _added(bought.join(barred, on="good", how="anti"))


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
    goods = pl.concat([sold, alone], how="diagonal_relaxed").sort("line", "pack_size").with_row_index("good")
    problem = Problem(
        takes=TAKES.to_frame(),
        uses=USES.to_frame(),
        needs=asked.select(fixed="short"),
        supply=SUPPLY.to_frame(),
        arcs=ARCS.to_frame(),
        goods=goods.select(price=pl.col("unit_price").cast(pl.Float64).fill_null(1.0), size="pack_size"),
        yields=goods.select("good", need="line", quantity="pack_size"),
    )
    return _added(goods.with_columns(packs=exact(problem).packs).filter(pl.col("packs") > 0))


def _added(bought: pl.DataFrame) -> pl.DataFrame:
    have = set(bought.columns)
    full = bought.with_columns(pl.lit(None).alias(c) for c in ORDERS if c not in have)
    rows = full.select(pl.col(c).cast(t) for c, t in ORDERS.items())
    key = [c for c in ORDERS if c != "packs"]
    return rows.group_by(key).agg(pl.col("packs").sum()).select(ORDERS.names()).sort(key, nulls_last=True)
