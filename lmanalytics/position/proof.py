"""What the solver proved: no plan costs less than the bound, and what one license more of each kind would save."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from lmanalytics.position.market import Market
from lmanalytics.position.problem import Problem
from lmanalytics.position.solve import Solved
from lmanalytics.position.worth import cost_of_one_more
from lmanalytics.schemas import ENTITY, MONEY

KIND = [ENTITY, "product", "edition", "version", "metric"]


@dataclass(frozen=True)
class Proof:
    """Bounds by entity group, and worths."""

    bounds: pl.DataFrame
    """entity_id, bound Float64: less than this none of the plans for the entity's group costs."""
    worths: pl.DataFrame
    """demand_class, worth: what one license more needed would cost; null where no price was given."""
    shadow_prices: pl.DataFrame
    """KIND, shadow_price: what one license more of that kind would save."""


def entity_groups(supply: pl.DataFrame, entities: pl.Series) -> pl.DataFrame:
    """Group entities of which one's licenses may serve another: entity_id, group (the least name)."""
    names = pl.concat([entities, supply[ENTITY]]).unique().sort()
    if "serves" not in supply.columns or supply["serves"].null_count() == supply.height:
        return pl.DataFrame({ENTITY: names, "group": names})
    edges = (
        supply.select(ENTITY, other=pl.col("serves").str.split(";"))
        .drop_nulls()
        .explode("other", empty_as_null=False, keep_nulls=False)
        .unique()
        .filter(pl.col("other").is_in(names.implode()))
    )
    index = pl.DataFrame({ENTITY: names}).with_row_index("n")
    ends = edges.join(index, on=ENTITY).join(index.rename({ENTITY: "other", "n": "m"}), on="other")
    a, b = ends["n"].to_numpy(), ends["m"].to_numpy()
    label = np.arange(len(names))
    while True:
        fresh = label.copy()
        np.minimum.at(fresh, a, label[b])
        np.minimum.at(fresh, b, label[a])
        fresh = fresh[fresh]
        if (fresh == label).all():
            return pl.DataFrame({ENTITY: names, "group": names[label]})
        label = fresh


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
    groups = entity_groups(supply, classes[ENTITY])
    spent = trade.goods.select(ENTITY, spent=pl.col("price") * solved.solution.packs)
    gaps = solved.gaps.to_frame("gap").with_row_index("part")
    placed = trade.needs.with_columns(part=solved.part_of_need).join(
        classes.select("demand_class", ENTITY), on="demand_class"
    )
    slack = (
        placed.select(pl.col("part").cast(pl.UInt32), ENTITY)
        .join(groups, on=ENTITY)
        .select("part", "group")
        .unique()
        .join(gaps, on="part")
        .sort("group", "part")
        .group_by("group")
        .agg(pl.col("gap").sum())
    )
    bounds = (
        spent.join(groups, on=ENTITY)
        .sort("group", "spent")
        .group_by("group")
        .agg(pl.col("spent").sum())
        .join(slack, on="group", how="left")
        .select("group", bound=(pl.col("spent") - pl.col("gap").fill_null(0)).clip(0))
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
    return Proof(groups.join(bounds, on="group").select(ENTITY, "group", "bound"), worths.drop("saved"), prices)


def spending(trade: Market, solved: Solved, proof: Proof) -> pl.LazyFrame:
    """Add up exactly what is bought, beside the bound.

    Args:
        trade: the market that was solved for the chosen options.
        solved: its solution.
        proof: what was proven when the options were chosen.

    Returns:
        entity_id, objective, bound (both null where something to buy has no price, or prices are in several
        currencies), is_unpriced.

    """
    bought = trade.goods.with_columns(packs=solved.solution.packs).filter((pl.col("packs") > 0) & (pl.col("size") > 0))
    groups = proof.bounds
    cost = (pl.col("packs") * pl.col("unit_price")).cast(MONEY)
    sums = (
        bought.join(groups, on=ENTITY)
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
        groups.join(sums, on="group", how="left")
        .with_columns(
            pl.col("objective").fill_null(0),
            pl.col("is_unpriced").fill_null(value=False),
            pl.col("_currencies").fill_null(0),
        )
        .with_columns(bound=pl.min_horizontal((cents.cast(MONEY) / 100).cast(MONEY), "objective"))
        .select(ENTITY, "is_unpriced", pl.when(known).then(pl.col("objective", "bound")))
        .lazy()
    )
