"""Prices of the needs at which all shapes together choose what can be had: each set of prices proves a bound.

At given prices every shape takes its cheapest alternative by itself. The prices come from a program in which
a few thousand shapes, those that are nearly undecided, choose freely, others as one of the earlier times, in blocks.
"""

from dataclasses import dataclass

import numpy as np

from lmanalytics.position.large_arrays import Arrays, Floats, Whole, sums
from lmanalytics.position.large_master import Found, Rest, solve, unblocked

_STEPS = 3
"""How often a step towards the program's prices is made shorter, where farther proves less."""

_SHORTER = 0.3
_WIDE = 8
"""Of so many times more shapes, those that are open are chosen."""

_PATIENCE = 3


@dataclass(frozen=True)
class Limits:
    """How much is tried, in counts and never in seconds, so that every run ends with the same answer.

    Attributes:
        whole: takes up to which the problem is solved as one, in whole numbers.
        sample: shapes from which the first prices come.
        open: shapes that choose freely while prices are sought.
        blocks: groups in which the others choose.
        rounds: of prices.
        gap: between plan and bound, as a share of the plan, at which nothing more is tried.
        near: shapes that choose freely, in whole numbers, while the plan is mended.
        mends: how often.
        nodes: of each search in whole numbers.

    """

    whole: int = 1_500
    sample: int = 3_000
    open: int = 4_000
    blocks: int = 64
    rounds: int = 24
    gap: float = 1e-6
    near: int = 120
    mends: int = 5
    nodes: int = 20


@dataclass(frozen=True)
class Choice:
    """What all shapes choose at prices of the needs.

    Attributes:
        prices: of the needs.
        takes: the cheapest take of each shape.
        slack: how much dearer its second cheapest take is, as a share; infinite where it has one only.
        bound: no plan costs less.

    """

    prices: Floats
    takes: Whole
    slack: Floats
    bound: float


@dataclass(frozen=True)
class Split:
    """Which shapes are open, in blocks, or decided.

    Attributes:
        open: shapes with all their takes.
        moving: shapes that chose differently at different prices.
        block: of each of them.
        history: takes of all shapes, for each earlier choice.

    """

    open: Whole
    moving: Whole
    block: Whole
    history: list[Whole]


def choose(a: Arrays, prices: Floats) -> Choice | None:
    """Let every shape choose at these prices; None where they prove nothing."""
    affordable = a.affordable(prices)
    if affordable is None:
        return None
    costs = a.unit_costs(affordable)
    least = a.least(costs)
    costs += a.tie
    chosen = a.least(costs)
    takes = a.first_at(costs, chosen)
    costs[takes] = np.inf
    second = a.least(costs)
    scale = np.maximum(np.abs(second), np.abs(chosen))
    slack = np.full(a.shapes, np.inf)
    several = np.isfinite(second)
    slack[several] = (second - chosen)[several] / np.maximum(scale[several], 1e-12)
    return Choice(affordable, takes, slack, a.bound(affordable, least))


def undecided(slack: Floats, most: int) -> Whole:
    """Return shapes that are near to choosing otherwise, in their order: the nearest, and of the next ones every few.

    Where prices make many shapes indifferent at once, the nearest are all of one kind; the others are of more.
    """
    several = np.flatnonzero(np.isfinite(slack))
    if len(several) <= most:
        return several
    order = several[np.argsort(slack[several], kind="stable")[: _WIDE * most]]
    nearest, next_ones = order[: most // 2], order[most // 2 :]
    every = np.linspace(0, len(next_ones) - 1, most - most // 2).astype(np.int64)
    return np.sort(np.concatenate([nearest, next_ones[every]]))


def rest(a: Arrays, chosen: Whole, split: Split) -> Rest:
    """Open some shapes, put others in blocks, and let those that remain take what they chose."""
    takes, place = a.takes_of(split.open)
    decided = np.ones(a.shapes, dtype=bool)
    decided[split.open] = decided[split.moving] = False
    constant = a.fixed + a.demand(chosen[decided], a.count[decided].astype(float))
    groups = int(split.block.max(initial=-1)) + 1
    weight = a.count[split.moving].astype(float)
    size = sums(split.block, weight, groups)
    columns, ties = [np.empty((0, a.needs))], [np.empty(0)]
    for earlier in split.history if groups else []:
        made = earlier[split.moving]
        uses, taken = a.uses_of(made)
        cell = split.block[taken] * a.needs + a.need[uses]
        required = sums(cell, a.quantity[uses] * weight[taken], groups * a.needs)
        columns.append(required.reshape(groups, a.needs) / size[:, None])
        ties.append(sums(split.block, a.tie[made] * weight, groups) / size)
    block = len(split.open) + np.tile(np.arange(groups), len(columns) - 1)
    counts = np.concatenate([a.count[split.open].astype(float), size])
    return Rest(counts, takes, place, constant, block, np.concatenate(columns), np.concatenate(ties))


def seek(a: Arrays, limits: Limits) -> tuple[Choice, Split, Found]:
    """Seek the prices with the best bound.

    Returns:
        The best choice; and the last program, a plan in fractions, with its split.

    """
    best = _first(a, limits)
    history, stalled, step = [best.takes], 0, 1.0
    while True:
        split = _split(a, best, history, limits)
        found = solve(a, rest(a, best.takes, split))
        is_proven = found.objective - best.bound <= limits.gap / 4 * abs(found.objective)
        if is_proven or stalled == _PATIENCE or len(history) > limits.rounds:
            return best, split, found
        before = best
        for _ in range(_STEPS):
            made = choose(a, before.prices + step * (found.prices - before.prices))
            if made is not None:
                history.append(made.takes)
            if made is not None and made.bound > before.bound:
                best = made
                break
            step *= _SHORTER
        step = min(1.0, 2 * step)
        stalled = 0 if best.bound > before.bound + limits.gap / 100 * abs(before.bound) else stalled + 1


def _first(a: Arrays, limits: Limits) -> Choice:
    """Take prices from a sample of the shapes that stands for all of them; zero proves something always."""
    sample = np.arange(0, a.shapes, max(-(-a.shapes // limits.sample), 1))
    takes, place = a.takes_of(sample)
    shares = np.add.reduceat(a.count, sample).astype(float) if a.shapes else np.empty(0)
    made = choose(a, solve(a, unblocked(a, shares, takes, place, a.fixed)).prices)
    return made or choose(a, np.zeros(a.needs))  # type: ignore[return-value]


def _split(a: Arrays, best: Choice, history: list[Whole], limits: Limits) -> Split:
    """Open the shapes nearest to choosing otherwise; put the others that have moved into blocks of like slack."""
    opened = undecided(best.slack, limits.open)
    moves = np.zeros(a.shapes, dtype=bool)
    for earlier in history:
        moves |= earlier != best.takes
    moves[opened] = False
    moving = np.flatnonzero(moves)
    order = np.empty(len(moving), np.int64)
    order[np.argsort(best.slack[moving], kind="stable")] = np.arange(len(moving))
    return Split(opened, moving, order * limits.blocks // max(len(moving), limits.blocks), history)
