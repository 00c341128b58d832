"""What is solved together: entities and products that share licenses, order lines or subjects, and no others.

What shares nothing has an optimum, a bound and a proof of its own, so a product without prices leaves the proof of
all others as it is.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from lmanalytics.position.market import Market
from lmanalytics.position.problem import Problem
from lmanalytics.position.solve import components
from lmanalytics.schemas import ENTITY

NODE = [ENTITY, "product", "metric"]


@dataclass(frozen=True)
class Groups:
    """Groups of what is solved together."""

    nodes: pl.DataFrame
    """NODE, group (Int64), entity_group, product_group: names joined by semicolons."""
    of_need: pl.Series
    """Int64 per row of the problem's needs; no group's where nobody asks for it, nor owns what could serve."""
    of_good: pl.Series
    """Int64 per row of its goods; likewise."""
    of_supply: pl.Series
    """Int64 per row of its supply."""
    of_take: pl.Series
    """Int64 per row of its takes; likewise."""


def groups_of(trade: Market, problem: Problem, supply: pl.DataFrame, classes: pl.DataFrame) -> Groups:
    """Find what hangs together in a problem.

    Args:
        trade: the market.
        problem: the problem that was made of it, with its choices.
        supply: `supply_classes`.
        classes: `demand_classes`.

    Returns:
        The groups. All of an entity's demand for a product in one metric is in one group.

    """
    owned = trade.supply.join(supply.select("supply_class", *NODE), on="supply_class", maintain_order="left")
    asked = trade.needs.join(
        classes.select("demand_class", *NODE), on="demand_class", how="left", maintain_order="left"
    )
    asked = asked.with_row_index("need_row").drop_nulls("demand_class")
    nodes = pl.concat([owned.select(NODE), asked.select(NODE)]).unique().sort(NODE, nulls_last=True)
    numbers = nodes.with_row_index("node")
    of_owned = owned.join(numbers, on=NODE, maintain_order="left", nulls_equal=True)["node"].to_numpy()
    of_asked = asked.join(numbers, on=NODE, maintain_order="left", nulls_equal=True)
    arcs, yields = problem.arcs, problem.yields
    shapes = problem.takes["shape"].to_numpy()
    used_by = shapes[problem.uses["take"].to_numpy()] if problem.uses.height else np.zeros(0, np.int64)
    goods = nodes.height + problem.goods.height
    served = of_owned[arcs["supply"].to_numpy()] if arcs.height else np.zeros(0, np.int64)
    first = np.concatenate([of_asked["node"], served, nodes.height + yields["good"].to_numpy(), goods + used_by])
    need = np.concatenate([of_asked["need_row"], arcs["need"], yields["need"], problem.uses["need"]])
    others = goods + int(shapes.max(initial=-1)) + 1
    of_need, of_other = components(first.astype(np.int64), need.astype(np.int64), others, problem.needs.height)
    # Owned licenses that nothing asks for: a group of its own.
    alone = of_other[: nodes.height] >= problem.needs.height
    label = np.where(alone, problem.needs.height + np.arange(nodes.height), of_other[: nodes.height])
    labeled = nodes.with_columns(group=pl.Series(label, dtype=pl.Int64))
    called = pl.concat_str("product", "metric", separator=" ")
    names = labeled.group_by("group").agg(
        entity_group=pl.col(ENTITY).unique().sort().str.join(";"), product_group=called.unique().sort().str.join(";")
    )
    whole = labeled.join(names, on="group").sort(NODE, nulls_last=True)
    of_shape = of_other[goods:]
    parts = (of_need, of_other[nodes.height : goods], label[of_owned], of_shape[shapes] if shapes.size else shapes)
    return Groups(whole, *(pl.Series(part, dtype=pl.Int64) for part in parts))
