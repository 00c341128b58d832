"""From a plan in fractions to one in whole subjects, licenses and packs, mended where shapes are nearly undecided."""

from dataclasses import replace

import numpy as np

from lmanalytics.errors import PositionError
from lmanalytics.position.large_arrays import Arrays, Floats, Whole, sums
from lmanalytics.position.large_master import Found, Rest, Search, solve, unblocked
from lmanalytics.position.large_prices import Choice, Limits, Split, undecided

_GOLDEN = 0.6180339887498949
_SHARE = 1e-9
_POOL = 40
_PACKS = 200
"""Nodes of the search for packs alone, where all subjects are dealt."""


def dealt(a: Arrays, best: Choice, split: Split, found: Found) -> Whole:
    """Deal the subjects of every shape to its takes as the program says, each subject as a whole.

    Returns:
        Subjects of each take.

    """
    subjects = np.zeros(a.takes, np.int64)
    subjects[best.takes] = a.count
    opened, place = a.takes_of(split.open)
    subjects[opened] = _whole(found.subjects, place, a.count[split.open])
    if len(split.moving):
        moving, block = split.moving, split.block
        shares = np.cumsum(found.weights.reshape(len(split.history), -1), axis=0)
        shares /= shares[-1]
        order = np.argsort(block, kind="stable")
        rank = np.empty(len(moving), np.int64)
        rank[order] = np.arange(len(moving)) - np.searchsorted(block[order], block[order])
        drawn = (shares[:, block] < (0.5 + rank * _GOLDEN) % 1.0).sum(axis=0)
        subjects[best.takes[moving]] = 0
        subjects[np.stack(split.history)[drawn, moving]] = a.count[moving]
    return subjects


def bought(a: Arrays, subjects: Whole) -> Found:
    """Find flows and packs for subjects that are dealt."""
    return solve(a, _others(a, subjects, np.empty(0, np.int64)), Search(_PACKS))


def mended(a: Arrays, subjects: Whole, best: Choice, split: Split, limits: Limits) -> tuple[Whole, Found, float]:
    """Deal a few shapes again, together with what is bought, until the plan is as good as proven.

    Returns:
        Subjects of each take, what is bought for them, and the bound.

    """
    if len(split.moving):
        subjects = _balanced(a, subjects, undecided(best.slack, 2 * limits.open))
    plan, bound = bought(a, subjects), best.bound
    order = _order(a, subjects, best)
    is_small = a.takes <= limits.whole
    near, nodes = (a.shapes, limits.whole) if is_small else (limits.near, limits.nodes)
    for turn in range(limits.mends):
        shapes = _some(order, near, turn)
        allowed = limits.gap * abs(plan.objective)
        if plan.objective - bound <= allowed or not len(shapes):
            break
        rest = _others(a, subjects, shapes)
        now = replace(plan, subjects=subjects[rest.takes].astype(float), weights=np.empty(0))
        better = solve(a, rest, Search(nodes, allowed / 2), start=now)
        if len(shapes) == len(order):
            bound = max(bound, better.bound - _ties(a) - _SHARE * abs(better.bound))
        if better.objective < plan.objective:
            plan = better
            subjects = subjects.copy()
            subjects[rest.takes] = np.rint(better.subjects).astype(np.int64)
    return subjects, plan, bound


def delivered(a: Arrays, subjects: Whole, plan: Found) -> tuple[Whole, Whole]:
    """Return flows and packs in whole numbers, checked in whole numbers.

    Raises:
        PositionError: what the solver found does not stand in whole numbers.

    """
    packs = np.rint(plan.packs)
    final = solve(a, _others(a, subjects, np.empty(0, np.int64)), packs=packs)
    flows = np.rint(final.flows)
    met = sums(a.arc_need, flows, a.needs)
    met += sums(a.yield_need, packs[a.yield_good] * a.yielded, a.needs)
    taken = np.flatnonzero(subjects)
    wanted = a.fixed + a.demand(taken, subjects[taken].astype(float))
    given = sums(a.arc_supply, flows, len(a.held))
    short = np.flatnonzero(met < wanted)
    if len(short):
        message = (
            f"{int((wanted - met)[short[0]]):,} licenses of need {short[0]} can neither be covered by what is owned "
            f"nor be bought ({len(short)} needs in all). State a price for them, or license what needs them otherwise."
        )
        raise PositionError(message)
    if (given > a.held).any() or (flows > a.arc_limit).any() or (flows < 0).any() or (packs < 0).any():
        message = "The plan does not hold in whole numbers. Check that quantities and prices are not negative."
        raise PositionError(message)
    return flows.astype(np.int64), packs.astype(np.int64)


def _order(a: Arrays, subjects: Whole, best: Choice) -> Whole:
    """Order shapes: those that the plan splits or deals against their cheapest take, then by what a change costs."""
    against = subjects[best.takes] != a.count
    several = np.diff(a.first) > 1
    order = np.lexsort((best.slack, ~against))
    return order[several[order]]


def _some(order: Whole, most: int, turn: int) -> Whole:
    """Take the next shapes in the order, and some from farther on: near ones can all be of one kind."""
    if len(order) <= most:
        return np.sort(order) if turn == 0 else order[:0]
    half = max(1, most // 2)
    next_ones, pool = order[turn * half : (turn + 1) * half], order[: _POOL * most]
    return np.unique(np.concatenate([next_ones, pool[turn :: max(1, len(pool) // half)]]))


def _others(a: Arrays, subjects: Whole, shapes: Whole) -> Rest:
    """Open some shapes; all others stay as they are dealt."""
    takes, place = a.takes_of(shapes)
    kept = subjects.copy()
    kept[takes] = 0
    taken = np.flatnonzero(kept)
    constant = a.fixed + a.demand(taken, kept[taken].astype(float))
    return unblocked(a, a.count[shapes].astype(float), takes, place, constant)


def _balanced(a: Arrays, subjects: Whole, opened: Whole) -> Whole:
    """Deal the open shapes again in fractions, now that the others are dealt, and round them."""
    rest = _others(a, subjects, opened)
    subjects = subjects.copy()
    subjects[rest.takes] = _whole(solve(a, rest).subjects, rest.place, a.count[opened])
    return subjects


def _whole(fractions: Floats, place: Whole, count: Whole) -> Whole:
    """Round down, and give the subjects that are left to the takes with the largest fractions."""
    whole = np.floor(fractions + _SHARE * 100).astype(np.int64)
    left = count - np.bincount(place, whole, minlength=len(count)).astype(np.int64)
    order = np.lexsort((-(fractions - whole), place))
    rank = np.empty(len(place), np.int64)
    rank[order] = np.arange(len(place)) - np.searchsorted(place[order], place[order])
    return whole + (rank < left[place])


def _ties(a: Arrays) -> float:
    """Return the most that breaking ties can have weighed in a plan."""
    listed = np.maximum.reduceat(a.tie, a.first[:-1]) if a.shapes else np.empty(0)
    arcs = np.zeros_like(a.held)
    np.maximum.at(arcs, a.arc_supply, a.arc_tie)
    return float(a.count @ listed + arcs @ a.held)
