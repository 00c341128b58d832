"""Rules of thumb for editions, as they are used in place of an optimum.

Each only chooses. What it lacks is then bought as cheaply as can be, and its licenses are assigned at the least cost:
a rule of thumb with a perfect purchaser, so its cost here is the least that it can end in.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from benchmarks.position_estates import DATACENTER, ENTITIES, FAR, KINDS, PER_CORE, SINGLE, VERSIONS
from lmanalytics.position.large_arrays import arrays
from lmanalytics.position.large_mend import bought
from lmanalytics.position.problem import Problem

BATCHES = 500


def _all(option: str) -> Callable[[Problem], float]:
    """Give every host the same option."""

    def rule(problem: Problem) -> float:
        takes = problem.takes
        return _cost(problem, takes.select(pl.when(pl.col("option") == option).then("count").otherwise(0)).to_series())

    return rule


def _per_host(problem: Problem) -> float:
    """Give every host what is cheapest at list prices, as if nothing were owned."""
    return _cost(problem, _cheapest(problem.takes))


def _greedy(problem: Problem) -> float:
    """Go from the dearest hosts to the cheapest; each takes what costs least with the owned licenses that are left.

    Hosts go in batches, so that a million take seconds. Stock is counted by entity and kind, whatever its version.
    """
    a = arrays(problem)
    kind = a.need // (VERSIONS + 1)
    stock = _stock(problem)
    price = np.tile(PER_CORE, ENTITIES)
    listed = problem.takes["list_cost"].to_numpy()
    order = np.argsort(-np.minimum.reduceat(listed, a.first[:-1]), kind="stable")
    chosen = np.zeros(a.takes, np.int64)
    for batch in np.array_split(order, BATCHES):
        takes, place = a.takes_of(batch)
        uses, taken = a.uses_of(takes)
        lacking = a.quantity[uses] > stock[kind[uses]]
        cost = np.bincount(taken, price[kind[uses]] * a.quantity[uses] * lacking, minlength=len(takes))
        best = np.lexsort((listed[takes], cost, place))
        best = takes[best[np.diff(place[best], prepend=-1) != 0]]
        chosen[best] = a.count[batch]
        uses, taken = a.uses_of(best)
        stock -= np.bincount(kind[uses], a.quantity[uses] * a.count[batch][taken], minlength=len(stock))
    return _cost(problem, pl.Series(chosen))


def _stock(problem: Problem) -> np.ndarray:
    """Return what is owned by entity and kind: Standard, Datacenter, and Standard with Software Assurance."""
    kind = (pl.col("need") // (VERSIONS + 1)).cast(pl.Int64)
    owned = (
        problem.arcs.filter(pl.col("distance") < FAR, pl.col("cost") == 0)
        .group_by("supply")
        .agg(
            pl.when((kind % KINDS == SINGLE).any())
            .then(kind.filter(kind % KINDS == SINGLE).min())
            .when((kind % KINDS == DATACENTER).any())
            .then(kind.filter(kind % KINDS == DATACENTER).min())
            .otherwise(kind.min())
            .alias("kind")
        )
        .join(problem.supply.with_row_index("supply"), on="supply")
    )
    stock = np.zeros(ENTITIES * KINDS)
    np.add.at(stock, owned["kind"].to_numpy(), owned["quantity"].to_numpy())
    return stock


def _cheapest(takes: pl.DataFrame) -> pl.Series:
    rank = pl.struct("list_cost", "option").rank("ordinal").over("shape")
    return takes.select(pl.when(rank == 1).then("count").otherwise(0)).to_series()


def _cost(problem: Problem, subjects: pl.Series) -> float:
    return bought(arrays(problem), subjects.to_numpy().astype(np.int64)).objective


HEURISTICS = {
    "all Datacenter": _all("datacenter"),
    "all Standard": _all("standard"),
    "per host cheapest": _per_host,
    "per virtual machine": _all("individual"),
    "greedy on owned stock": _greedy,
}
