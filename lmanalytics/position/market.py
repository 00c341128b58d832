"""Everything but the choices: what is owned and for sale, and which needs each can meet, as rows of a problem.

Needs are named by texts: a class of demand, the line of an order, the base licenses of a step-up, and what a
suite may bring to subjects that run both of its products.
"""

from dataclasses import dataclass

import polars as pl

from lmanalytics.position.offers import LINE, lines, suites
from lmanalytics.position.problem import Problem
from lmanalytics.position.selling import bought, stepped, suited, text
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ENTITY

_DEAR = 10
"""Times the dearest license of its entity that a license without a price counts for, so that it is bought last."""
ORDER = [*LINE, "pack_size", "unit_price", "currency", "step_up_from", "agreement_id", "enrollment_id"]
_GOODS = {
    "good": pl.String(),
    **dict.fromkeys(LINE, pl.String()),
    "pack_size": pl.Int64(),
    "unit_price": pl.Decimal(38, 10),
    **dict.fromkeys(["currency", "step_up_from", "agreement_id", "enrollment_id"], pl.String()),
    "is_priced": pl.Boolean(),
}
_YIELDS = {"good": pl.String(), "need": pl.String(), "quantity": pl.Int64()}
JOINTS = pl.Schema({"first": pl.String(), "second": pl.String()})
"""Two demand classes that some subjects need licenses of together, one of each product of a suite."""


@dataclass(frozen=True)
class Market:
    """Rows by name; `numbered` makes a problem of them and of choices."""

    needs: pl.DataFrame
    """need, demand_class (null for other than demand), sorted by need."""
    supply: pl.DataFrame
    """supply_class, quantity."""
    arcs: pl.DataFrame
    """supply_class, need, distance."""
    goods: pl.DataFrame
    """good, ORDER, is_priced, price Float64, size."""
    yields: pl.DataFrame
    """good, need, quantity."""

    def numbered(self, takes: pl.DataFrame, uses: pl.DataFrame, fixed: pl.DataFrame) -> Problem:
        """Make the problem of these choices.

        Args:
            takes: as in `Problem`.
            uses: take, need (its name), quantity.
            fixed: need (its name), quantity needed whatever is chosen.

        Returns:
            The problem; its needs, supply and goods are in the order of this market's.

        """
        index = self.needs.select("need").with_row_index("n")
        held = self.supply.select("supply_class").with_row_index("s")
        sold = self.goods.select("good").with_row_index("g")
        known = self.needs.join(fixed.group_by("need").agg(pl.col("quantity").sum()), on="need", how="left")
        return Problem(
            takes=takes,
            uses=uses.join(index, on="need").select(pl.col("take").cast(pl.UInt32), need="n", quantity="quantity"),
            needs=known.sort("need").select(fixed=pl.col("quantity").fill_null(0)),
            supply=self.supply.select("quantity"),
            arcs=self.arcs.join(index, on="need")
            .join(held, on="supply_class")
            .sort("s", "n")
            .select(
                supply="s",
                need="n",
                cost=pl.lit(0.0),
                distance=pl.col("distance").cast(pl.Int64),
                limit=pl.lit(None, pl.Int64),
            ),
            goods=self.goods.select("price", "size"),
            yields=self.yields.join(sold, on="good")
            .join(index, on="need")
            .sort("g", "n")
            .select(good="g", need="n", quantity="quantity"),
        )


def market(
    supply: pl.DataFrame,
    classes: pl.DataFrame,
    arcs: pl.DataFrame,
    joints: pl.DataFrame,
    versions: pl.DataFrame,
    offered: tuple[pl.LazyFrame | None, pl.LazyFrame, pl.DataFrame],
    settings: Settings,
) -> Market:
    """Bring supply, demand and price list together.

    Args:
        supply: classes of what is owned (`supply_classes`).
        classes: classes of demand (`demand_classes`).
        arcs: supply_class, demand_class, distance: which licenses may serve which demand.
        joints: `JOINTS`.
        versions: product, version, version_rank.
        offered: `offers.pack_prices` or None, the listed price of one license, and `offers.steps`.
        settings: date and policies.

    Returns:
        The market; what no line that is for sale can serve has a good without a price.

    """
    shelf, listed, stepping = offered
    sold = lines(classes, shelf, listed).with_columns(line=text("line", LINE))
    parts = [bought(sold, classes, versions, settings)]
    parts.append(suited(suites(classes, shelf, listed), classes, joints, versions, settings))
    bases, goods, yields = stepped(stepping, supply, classes, settings)
    parts.append((goods, yields))
    served = parts[0][1].filter(pl.col("quantity") > 0).select("need").unique()
    alone = classes.select("demand_class", *LINE[:-1], "needs_sa").join(
        served, left_on="demand_class", right_on="need", how="anti"
    )
    kind = pl.when("needs_sa").then(pl.lit("license_and_sa")).otherwise(pl.lit("license"))
    short = alone.with_columns(good=pl.format("short {}", "demand_class"), purchase_type=kind, pack_size=pl.lit(1))
    parts.append((short, short.select("good", need="demand_class", quantity=pl.lit(1, pl.Int64))))
    all_goods = pl.concat([_typed(frame) for frame, _ in parts]).unique("good").sort("good")
    all_yields = pl.concat([frame.select(pl.col(c).cast(t) for c, t in _YIELDS.items()) for _, frame in parts])
    all_arcs = pl.concat([arcs.rename({"demand_class": "need"}).select(bases.columns), bases])
    names = pl.concat(
        [classes.select(need="demand_class"), all_yields.select("need"), all_arcs.select("need")]
    ).unique()
    of_class = classes.select("demand_class", need="demand_class")
    return Market(
        needs=names.join(of_class, on="need", how="left").sort("need"),
        supply=supply.select("supply_class", "quantity").sort("supply_class"),
        arcs=all_arcs.sort("supply_class", "need"),
        goods=_priced(all_goods),
        yields=all_yields.unique(["good", "need"]).sort("good", "need"),
    )


def _typed(goods: pl.DataFrame) -> pl.DataFrame:
    have = set(goods.columns)
    full = goods.with_columns(pl.lit(None).alias(c) for c in _GOODS if c not in have)
    is_passage = pl.col("pack_size") == 0
    priced = is_passage | pl.col("unit_price").is_not_null()
    return full.with_columns(is_priced=priced).select(pl.col(c).cast(t) for c, t in _GOODS.items())


def _priced(goods: pl.DataFrame) -> pl.DataFrame:
    """Price what has no price above all others of its entity; without any, every license counts the same."""
    price = pl.col("unit_price").cast(pl.Float64)
    dearest = (price / pl.col("pack_size")).filter(pl.col("pack_size") > 0).max().over(ENTITY)
    dear = pl.when(dearest > 0).then(_DEAR * dearest).otherwise(1.0)
    is_passage = pl.col("pack_size") == 0
    return goods.with_columns(
        size=pl.col("pack_size"),
        price=pl.when(is_passage).then(0.0).otherwise(price.fill_null(dear)),
    )
