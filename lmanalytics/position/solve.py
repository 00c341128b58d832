"""Solve a problem part by part: what shares no license, no order line and no subject is chosen apart."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from lmanalytics.position.exact import exact
from lmanalytics.position.large import large
from lmanalytics.position.problem import Problem, Solution

EXACT = 20_000
"""Shapes times alternatives of one part up to which every choice is tried; above, `large` takes over."""
_BINS = 100
"""Parts above which several are solved at once: a solver's start costs more than a small part."""


@dataclass(frozen=True)
class Solved:
    """The whole solution, and by how much each part may be dearer than need be."""

    solution: Solution
    part_of_need: pl.Series
    """Int64 per row of `needs`: the part that it is in."""
    gaps: pl.Series
    """Float64 per part: objective less bound."""


def solve(problem: Problem) -> Solved:
    """Solve each part of a problem, exactly where it is small enough.

    Args:
        problem: what may be chosen, is needed, owned and for sale.

    Returns:
        The solutions of the parts as one.

    Raises:
        PositionError: see `exact`.

    """
    part = _parts(problem)
    count = int(part["needs"].max(initial=-1)) + 1
    takes, flows, packs = (np.zeros(f.height, np.int64) for f in (problem.takes, problem.arcs, problem.goods))
    of_need, of_supply = np.zeros(problem.needs.height), np.zeros(problem.supply.height)
    gaps = np.zeros(count)
    objective = bound = 0.0
    for k in range(count):
        own, rows = cut(problem, part, k)
        found = exact(own) if own.takes.height <= EXACT else large(own)
        takes[rows["takes"]], flows[rows["arcs"]] = found.takes.to_numpy(), found.flows.to_numpy()
        packs[rows["goods"]] = found.packs.to_numpy()
        of_need[rows["needs"]] = _or_zero(found.worth_of_need, rows["needs"].size)
        of_supply[rows["supply"]] = _or_zero(found.worth_of_supply, rows["supply"].size)
        gaps[k] = found.objective - found.bound
        objective, bound = objective + found.objective, bound + found.bound
    alone = part["takes"] < 0
    takes[alone] = _least(problem.takes.filter(pl.Series(alone)))
    solution = Solution(
        pl.Series(takes), pl.Series(flows), pl.Series(packs), objective, bound, pl.Series(of_need), pl.Series(of_supply)
    )
    return Solved(solution, pl.Series(part["needs"]), pl.Series(gaps))


def _or_zero(worth: pl.Series, size: int) -> np.ndarray:
    return worth.to_numpy() if len(worth) else np.zeros(size)


def _least(takes: pl.DataFrame) -> np.ndarray:
    """Subjects that need nothing whatever they take: all of a shape take the alternative of the least list_cost."""
    rank = pl.struct("list_cost", "option").rank("ordinal").over("shape")
    return takes.select(pl.when(rank == 1).then("count").otherwise(0)).to_series().to_numpy()


def _parts(problem: Problem) -> dict[str, np.ndarray]:
    """Number the parts: needs that a shape, a class of licenses or a good has in common are in one."""
    shape = problem.takes["shape"].to_numpy()
    used_by = shape[problem.uses["take"].to_numpy()] if problem.uses.height else np.zeros(0, np.int64)
    shapes = int(shape.max(initial=-1)) + 1
    supply, goods = problem.supply.height, problem.goods.height
    first = np.concatenate([
        used_by, shapes + problem.arcs["supply"].to_numpy().astype(np.int64),
        shapes + supply + problem.yields["good"].to_numpy().astype(np.int64),
    ])  # fmt: skip
    need = np.concatenate([frame["need"].to_numpy() for frame in (problem.uses, problem.arcs, problem.yields)])
    label = components(first, need.astype(np.int64), shapes + supply + goods, problem.needs.height)
    of_need, of_other = label
    numbers = np.unique(of_need)
    bins = max(min(numbers.size, _BINS), 1)
    order = np.searchsorted(numbers, of_need) % bins
    known = of_other < problem.needs.height
    other = np.where(known, np.searchsorted(numbers, of_other) % bins, -1)
    return {
        "needs": order,
        "takes": other[:shapes][shape] if shapes else shape,
        "supply": other[shapes : shapes + supply],
        "goods": other[shapes + supply :],
    }


def components(first: np.ndarray, need: np.ndarray, others: int, needs: int) -> tuple[np.ndarray, np.ndarray]:
    """Give everything the least number of a need that it hangs together with; what hangs on none, `needs`.

    Args:
        first: one end of each link: of the other things, numbered from 0.
        need: its other end.
        others: how many other things there are.
        needs: how many needs there are.

    Returns:
        The number of each need's component, and of each other thing's.

    """
    of_need, of_other = np.arange(needs), np.full(others, needs)
    while True:
        np.minimum.at(of_other, first, of_need[need])
        fresh = of_need.copy()
        np.minimum.at(fresh, need, of_other[first])
        fresh = fresh[fresh] if needs else fresh
        if (fresh == of_need).all():
            return of_need, of_other
        of_need = fresh


def cut(problem: Problem, part: dict[str, np.ndarray], k: int) -> tuple[Problem, dict[str, np.ndarray]]:
    """Cut one part out.

    Args:
        problem: the whole.
        part: the part of each row of its needs, takes, supply and goods.
        k: the part to cut out.

    Returns:
        The part as a problem, with the rows that it came from.

    """
    rows = {name: np.flatnonzero(of == k) for name, of in part.items()}
    to = {name: np.full(of.size, -1, np.int64) for name, of in part.items()}
    for name, kept in rows.items():
        to[name][kept] = np.arange(kept.size)

    def linked(frame: pl.DataFrame, column: str, name: str) -> tuple[pl.DataFrame, np.ndarray]:
        index = frame[column].to_numpy()
        kept = np.flatnonzero(part[name][index] == k) if frame.height else np.zeros(0, np.int64)
        own = frame[kept]
        for key, target in ((column, name), ("need", "needs")):
            own = own.with_columns(pl.Series(key, to[target][own[key].to_numpy()], dtype=pl.UInt32))
        return own, kept

    takes = problem.takes[rows["takes"]].with_columns(shape=(pl.col("shape").rank("dense") - 1).cast(pl.Int64))
    arcs, rows["arcs"] = linked(problem.arcs, "supply", "supply")
    return replace(
        problem,
        takes=takes,
        uses=linked(problem.uses, "take", "takes")[0],
        needs=problem.needs[rows["needs"]],
        supply=problem.supply[rows["supply"]],
        arcs=arcs,
        goods=problem.goods[rows["goods"]],
        yields=linked(problem.yields, "good", "goods")[0],
    ), rows
