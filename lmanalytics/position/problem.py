"""The position as a problem: who chooses what, what each choice needs, what serves it, and what is for sale.

The row order of a frame is its index. With t the subjects that take each alternative, f the licenses on each
arc and p the packs of each good, all of them whole and not negative, a solution has

    shape s:   sum of t over its alternatives        =  count
    supply u:  sum of f over its arcs                <= quantity
    need d:    sum of f + sum of quantity x p (yields) - sum of quantity x t (uses)  >=  fixed
    arc a:     f                                     <= limit, where there is one

at the least price x p + cost x f. What makes needs more than sums is said with signs and with goods of price 0:

- A line of an order is a need of its own with fixed 0. Its packs yield to it, in whatever sizes they are sold, and
  a good of price 0 takes one license from it (yields -1) and gives it to a class that it may serve (yields +1).
- A step-up takes from two: from the base licenses (a need that owned licenses flow to) and from the line of its
  packs, and gives to the class of the higher edition. A suite takes one from its line and gives to two.
- A minimum that holds as soon as anybody takes some alternative is a shape of count 1 with the alternatives
  "without" and "minimum". Those alternatives use -1 of what "minimum" uses.
"""

from dataclasses import dataclass, field

import polars as pl

TAKES = pl.Schema({"shape": pl.Int64(), "option": pl.String(), "count": pl.Int64(), "list_cost": pl.Float64()})
USES = pl.Schema({"take": pl.UInt32(), "need": pl.UInt32(), "quantity": pl.Int64()})
NEEDS = pl.Schema({"fixed": pl.Int64()})
SUPPLY = pl.Schema({"quantity": pl.Int64()})
ARCS = pl.Schema(
    {
        "supply": pl.UInt32(),
        "need": pl.UInt32(),
        "cost": pl.Float64(),
        "distance": pl.Int64(),
        "limit": pl.Int64(),
    }
)
GOODS = pl.Schema({"price": pl.Float64(), "size": pl.Int64()})
YIELDS = pl.Schema({"good": pl.UInt32(), "need": pl.UInt32(), "quantity": pl.Int64()})


@dataclass(frozen=True)
class Problem:
    """One entity group and product group. Frames may have further columns; these are there, in these types.

    Every need can be met by goods alone, so a problem always has a solution: what is not for sale, or has no price,
    is a good at a price above all others (`is_priced` false), of which the one who asks says that it is short.
    """

    takes: pl.DataFrame
    """shape Int64 (0, 1, ...), option String, count Int64 (subjects of the shape, equal in its rows), list_cost
    Float64 (per subject; among solutions of equal cost the least sum wins). A row per shape and alternative, at least
    one a shape, sorted by shape and option."""
    uses: pl.DataFrame
    """take UInt32 (row of `takes`), need UInt32 (row of `needs`), quantity Int64 (licenses that one subject with the
    alternative needs; negative where it helps to meet the need). An alternative without rows needs nothing."""
    needs: pl.DataFrame
    """fixed Int64: licenses needed whatever is chosen, 0 as a rule."""
    supply: pl.DataFrame
    """quantity Int64 >= 0: licenses owned of the class."""
    arcs: pl.DataFrame
    """supply UInt32, need UInt32, cost Float64 >= 0 (per license that flows; 0 where an owned one serves as it is),
    distance Int64 >= 0 (0 the closest fit; breaks ties where nothing is left to choose), limit Int64 or null (none)."""
    goods: pl.DataFrame
    """price Float64 >= 0 (of one pack), size Int64 (licenses in it; 0 for what only passes licenses on at price 0)."""
    yields: pl.DataFrame
    """good UInt32, need UInt32, quantity Int64: what one pack brings to a need; negative where it takes from it."""


@dataclass(frozen=True)
class Solution:
    """What to take, whom to serve and what to buy. bound <= the true optimum <= objective.

    Floats here are money as the solver knows it; an answer computes it again from packs and exact prices.
    """

    takes: pl.Series
    """Int64 per row of `takes`: subjects that take the alternative; by shape they sum to its count."""
    flows: pl.Series
    """Int64 per row of `arcs`."""
    packs: pl.Series
    """Int64 per row of `goods`."""
    objective: float
    """price x packs + cost x flows."""
    bound: float
    """No solution costs less."""
    worth_of_need: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.Float64()))
    """Float64 per row of `needs`, or empty: what one license more needed would cost (duals of the relaxation)."""
    worth_of_supply: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.Float64()))
    """Float64 per row of `supply`, or empty: what one license more would save."""
