"""The position problem as arrays, and what every shape would choose at given prices of the needs."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from lmanalytics.position.problem import Problem

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Whole = np.ndarray[tuple[int], np.dtype[np.int64]]

_TIE = 1e-7
"""What a unit of list cost weighs against a unit of money: enough to break ties, too little to cost anything."""

_STEP = 1e-6
"""What a step of distance weighs against a unit of money; breaks ties that list costs leave."""

_ROUNDS = 60
_NOTHING = 1e-200


@dataclass(frozen=True)
class Arrays:
    """A problem in numbers; uses and takes are sorted, so that sums and minimums are those of runs.

    Attributes:
        first: where each shape's takes begin, and at the end how many takes there are.
        count: subjects of each shape.
        shape: the shape of each take.
        tie: what breaks ties between takes, in money per subject.
        start: where each take's uses begin, and at the end how many uses there are.
        need: the need of each use.
        quantity: how much of it one subject needs.
        fixed: what each need requires whatever is chosen.
        held: quantity of each supply class.
        arc_supply: where each arc comes from.
        arc_need: where it leads.
        arc_cost: what a license costs on it.
        arc_tie: what breaks ties between arcs, in money per license.
        arc_limit: what may flow over it, infinite as a rule.
        price: of each good.
        yield_good: the good of each yield.
        yield_need: the need that it serves.
        yielded: how much of the need one piece of the good serves.

    """

    first: Whole
    count: Whole
    shape: Whole
    tie: Floats
    start: Whole
    need: Whole
    quantity: Floats
    fixed: Floats
    held: Floats
    arc_supply: Whole
    arc_need: Whole
    arc_cost: Floats
    arc_tie: Floats
    arc_limit: Floats
    price: Floats
    yield_good: Whole
    yield_need: Whole
    yielded: Floats

    @property
    def shapes(self) -> int:
        """How many shapes there are."""
        return len(self.count)

    @property
    def takes(self) -> int:
        """How many takes there are."""
        return len(self.shape)

    @property
    def needs(self) -> int:
        """How many needs there are."""
        return len(self.fixed)

    def unit_costs(self, prices: Floats) -> Floats:
        """Return what one subject pays with each take, at these prices of the needs."""
        return _run_sums(prices[self.need] * self.quantity, self.start)

    def least(self, costs: Floats) -> Floats:
        """Return the least cost of each shape."""
        return np.minimum.reduceat(costs, self.first[:-1]) if self.shapes else np.empty(0)

    def first_at(self, costs: Floats, least: Floats) -> Whole:
        """Return the first take of each shape at its least cost."""
        found = np.flatnonzero(costs == np.repeat(least, np.diff(self.first)))
        first: Whole = found[np.diff(self.shape[found], prepend=-1) != 0]
        return first

    def uses_of(self, takes: Whole) -> tuple[Whole, Whole]:
        """Return the uses of some takes, and for each the place of its take among them."""
        lengths = self.start[takes + 1] - self.start[takes]
        place = np.repeat(np.arange(len(takes)), lengths)
        before = np.cumsum(lengths) - lengths
        return np.arange(len(place)) - before[place] + self.start[takes][place], place

    def demand(self, takes: Whole, subjects: Floats) -> Floats:
        """Return how much of each need so many subjects with these takes require; without what is fixed."""
        uses, place = self.uses_of(takes)
        return sums(self.need[uses], self.quantity[uses] * subjects[place], self.needs)

    def takes_of(self, shapes: Whole) -> tuple[Whole, Whole]:
        """Return the takes of some shapes, and for each the place of its shape among them."""
        lengths = self.first[shapes + 1] - self.first[shapes]
        place = np.repeat(np.arange(len(shapes)), lengths)
        before = np.cumsum(lengths) - lengths
        return np.arange(len(place)) - before[place] + self.first[shapes][place], place

    def affordable(self, prices: Floats) -> Floats | None:
        """Lower prices until no good is worth more than it costs, and none is negative: then they prove a bound.

        Returns:
            Prices at or below those given; None where lowering one price for ever calls for lowering another.

        """
        prices = np.maximum(prices, 0.0)
        gives = self.yielded > 0
        for _ in range(_ROUNDS):
            value = prices[self.yield_need] * self.yielded
            brought = sums(self.yield_good[gives], value[gives], len(self.price))
            paid = self.price - sums(self.yield_good[~gives], value[~gives], len(self.price))
            too_dear = brought > paid
            if not too_dear.any():
                return prices
            factor = np.ones_like(brought)
            factor[too_dear] = np.maximum(paid[too_dear] / brought[too_dear] * (1 - 1e-14), 0.0)
            factor[too_dear & (brought < _NOTHING)] = 0.0
            least = np.ones_like(prices)
            np.minimum.at(least, self.yield_need[gives], factor[self.yield_good[gives]])
            prices = prices * least
        return None

    def bound(self, prices: Floats, least: Floats) -> float:
        """Return what no plan can cost less than: the value of the needs less that of the supply.

        Args:
            prices: of the needs, affordable.
            least: what a subject of each shape pays at least at these prices.

        """
        margin = prices[self.arc_need] - self.arc_cost
        order = np.lexsort((-margin, self.arc_supply))
        order = order[margin[order] > 0]
        source = self.arc_supply[order]
        limit = np.minimum(self.arc_limit[order], self.held[source])
        upto = np.cumsum(limit)
        begin = np.diff(source, prepend=-1) != 0
        before = (upto - limit) - np.repeat((upto - limit)[begin], np.diff(np.flatnonzero(np.append(begin, True))))
        flow = np.clip(self.held[source] - before, 0.0, limit)
        worth = float(np.sum(margin[order] * flow))
        wanted = float(np.sum(self.count * least)) + float(np.sum(prices * self.fixed))
        return wanted - worth - 1e-12 * (abs(wanted) + worth)


def sums(index: Whole, values: Floats, length: int) -> Floats:
    """Add up the values of each index."""
    return np.bincount(index, values, minlength=length).astype(np.float64)  # of nothing it makes integers


def arrays(problem: Problem) -> Arrays:
    """Put a problem into arrays.

    Args:
        problem: takes sorted by shape; uses in any order.

    """
    takes, yields, arcs = problem.takes, problem.yields, problem.arcs
    shape = takes["shape"].rle_id().cast(pl.Int64).to_numpy()
    first = np.append(np.flatnonzero(np.diff(shape, prepend=-1)), len(shape)).astype(np.int64)
    uses = problem.uses.sort("take", "need")
    listed = takes["list_cost"].fill_null(0.0).to_numpy()
    return Arrays(
        first=first,
        count=takes["count"].to_numpy()[first[:-1]],
        shape=shape,
        tie=_TIE * listed,
        start=np.searchsorted(uses["take"].to_numpy(), np.arange(len(shape) + 1)).astype(np.int64),
        need=uses["need"].cast(pl.Int64).to_numpy(),
        quantity=uses["quantity"].cast(pl.Float64).to_numpy(),
        fixed=problem.needs["fixed"].cast(pl.Float64).to_numpy(),
        held=problem.supply["quantity"].cast(pl.Float64).to_numpy(),
        arc_supply=arcs["supply"].cast(pl.Int64).to_numpy(),
        arc_need=arcs["need"].cast(pl.Int64).to_numpy(),
        arc_cost=arcs["cost"].cast(pl.Float64).to_numpy(),
        arc_tie=_STEP * arcs["distance"].fill_null(0).cast(pl.Float64).to_numpy(),
        arc_limit=arcs["limit"].cast(pl.Float64).fill_null(np.inf).to_numpy(),
        price=problem.goods["price"].cast(pl.Float64).to_numpy(),
        yield_good=yields["good"].cast(pl.Int64).to_numpy(),
        yield_need=yields["need"].cast(pl.Int64).to_numpy(),
        yielded=yields["quantity"].cast(pl.Float64).to_numpy(),
    )


def _run_sums(values: Floats, start: Whole) -> Floats:
    """Add up runs, of which some may be empty."""
    added = np.zeros(len(start) - 1)
    filled = np.flatnonzero(np.diff(start))
    if len(filled):
        added[filled] = np.add.reduceat(values, start[filled])
    return added
