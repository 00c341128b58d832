"""What the solver proved: no plan costs less than the bound, and what one license more of each kind would save."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.position.groups import NODE, Groups, groups_of
from lmanalytics.position.market import Market
from lmanalytics.position.problem import Problem
from lmanalytics.position.solve import Solved
from lmanalytics.position.worth import cost_of_one_more
from lmanalytics.schemas import ENTITY, MONEY

KIND = [ENTITY, "product", "edition", "version", "metric"]


@dataclass(frozen=True)
class Proof:
    """Bounds by what was solved together, and worths."""

    bounds: pl.DataFrame
    """`Groups.nodes`, bound Float64: less than this none of the plans for the group costs."""
    worths: pl.DataFrame
    """demand_class, worth: what one license more needed would cost; null where no price was given."""
    shadow_prices: pl.DataFrame
    """KIND, shadow_price: what one license more of that kind would save."""


def proof_of(trade: Market, problem: Problem, solved: Solved, supply: pl.DataFrame, classes: pl.DataFrame) -> Proof:
    """Read bounds and worths from the solution.

    Args:
        trade: the market that was solved.
        problem: the problem that was made of it.
        solved: its solution.
        supply: `supply_classes`.
        classes: `demand_classes`.

    Returns:
        The proof.

    """
    groups = groups_of(trade, problem, supply, classes)
    spent = trade.goods.select(spent=pl.col("price") * solved.solution.packs, group=groups.of_good)
    gaps = solved.gaps.to_frame("gap").with_columns(part=pl.int_range(pl.len(), dtype=pl.Int64))
    slack = (
        pl.DataFrame({"part": solved.part_of_need.cast(pl.Int64), "group": groups.of_need})
        .unique()
        .join(gaps, on="part")
        .sort("group", "part")
        .group_by("group")
        .agg(pl.col("gap").sum())
    )
    sums = spent.sort("group", "spent").group_by("group").agg(pl.col("spent").sum())
    bounds = (
        groups.nodes.join(sums, on="group", how="left")
        .join(slack, on="group", how="left")
        .with_columns(bound=(pl.col("spent").fill_null(0) - pl.col("gap").fill_null(0)).clip(0))
        .drop("spent", "gap")
    )
    unpriced = trade.goods.filter(~pl.col("is_priced")).select("good").join(trade.yields, on="good").select("need")
    is_unpriced = pl.col("need").is_in(unpriced["need"].implode())
    named = trade.needs.with_columns(
        saved=solved.solution.worth_of_need, worth=pl.Series(cost_of_one_more(problem, solved.solution))
    ).drop_nulls("demand_class")
    money = [
        pl.when(~is_unpriced | (pl.col(c) == 0)).then(pl.col(c).round(4).cast(MONEY)).alias(c)
        for c in ("saved", "worth")
    ]
    worths = named.select("demand_class", *money)
    scarce = trade.supply.with_columns(worth=solved.solution.worth_of_supply).join(supply, on="supply_class")
    reach = trade.arcs.filter(pl.col("need").is_in(unpriced["need"].implode())).select("supply_class").unique()
    held = scarce.join(reach, on="supply_class", how="anti")
    asked = classes.join(worths, on="demand_class")
    kinds = [
        held.select(ENTITY, "product", "edition", pl.col("version_right").alias("version"), "metric",
                    shadow_price=pl.col("worth").round(4).cast(MONEY)),
        asked.select(*KIND, shadow_price="saved"),
    ]  # fmt: skip
    prices = pl.concat(kinds).group_by(KIND).agg(pl.col("shadow_price").max()).sort(KIND, nulls_last=True)
    return Proof(bounds, worths.drop("saved"), prices)


def spending(trade: Market, solved: Solved, proof: Proof, bought: Groups) -> pl.LazyFrame:
    """Add up exactly what is bought, beside the bound.

    Args:
        trade: the market that was solved for the chosen options.
        solved: its solution.
        proof: what was proven when the options were chosen.
        bought: what hangs together where the options are chosen: less than when they were open.

    Returns:
        NODE, entity_group, product_group, objective, bound (both null where something to buy for the group has no
        price, or prices are in several currencies), is_unpriced.

    """
    first = bought.nodes.select(*NODE, part="group").join(proof.bounds, on=NODE, nulls_equal=True)
    to_group = first.group_by("part").agg(pl.col("group").min())
    cost = (pl.col("packs") * pl.col("unit_price")).cast(MONEY)
    sums = (
        trade.goods.with_columns(packs=solved.solution.packs, part=bought.of_good)
        .filter((pl.col("packs") > 0) & (pl.col("size") > 0))
        .join(to_group, on="part")
        .group_by("group")
        .agg(
            cost.sum().alias("objective"),
            is_unpriced=(~pl.col("is_priced")).any(),
            _currencies=pl.col("currency").drop_nulls().n_unique(),
        )
    )
    cents = (pl.col("bound") * 100 + 1e-6).floor().cast(pl.Int64)
    known = ~pl.col("is_unpriced") & (pl.col("_currencies") <= 1)
    return (
        proof.bounds.join(sums, on="group", how="left")
        .with_columns(
            pl.col("objective").fill_null(0),
            pl.col("is_unpriced").fill_null(value=False),
            pl.col("_currencies").fill_null(0),
        )
        .with_columns(bound=pl.min_horizontal((cents.cast(MONEY) / 100).cast(MONEY), "objective"))
        .select(
            *NODE, "entity_group", "product_group", "is_unpriced", pl.when(known).then(pl.col("objective", "bound"))
        )
        .lazy()
    )
