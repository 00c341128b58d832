"""Solve a position problem of any size: a plan in whole subjects, licenses and packs, with a bound that proves it.

Shapes meet only in what is scarce. Prices of the needs tell each shape by itself what is cheapest (`large_prices`),
and prove what no plan can cost less than. Where prices leave a tie, the plan is dealt and then mended in whole
numbers (`large_mend`), until plan and bound are close or nothing more is gained.
"""

import numpy as np
import polars as pl

from lmanalytics.errors import PositionError
from lmanalytics.position.large_arrays import arrays
from lmanalytics.position.large_mend import dealt, delivered, mended
from lmanalytics.position.large_prices import Limits, seek
from lmanalytics.position.problem import Problem, Solution


def large(problem: Problem, limits: Limits | None = None) -> Solution:
    """Solve a problem of any size.

    Args:
        problem: what is chosen, needed, owned and for sale.
        limits: how much is tried; by default enough for a million shapes.

    Returns:
        A plan, its cost, and a bound that no plan can be below.

    Raises:
        PositionError: a quantity or price is negative, or a need can be met neither by licenses nor by goods.

    """
    _check(problem)
    a, limits = arrays(problem), limits or Limits()
    best, split, found = seek(a, limits)
    subjects, plan, bound = mended(a, dealt(a, best, split, found), best, split, limits)
    flows, packs = delivered(a, subjects, plan)
    objective = float(a.price @ packs + a.arc_cost @ flows)
    saved = np.zeros_like(a.held)
    np.maximum.at(saved, a.arc_supply, best.prices[a.arc_need] - a.arc_cost)
    return Solution(
        takes=pl.Series(subjects, dtype=pl.Int64),
        flows=pl.Series(flows, dtype=pl.Int64),
        packs=pl.Series(packs, dtype=pl.Int64),
        objective=objective,
        bound=min(bound, objective),
        worth_of_need=pl.Series(best.prices, dtype=pl.Float64),
        worth_of_supply=pl.Series(saved, dtype=pl.Float64),
    )


def _check(problem: Problem) -> None:
    values = problem.supply["quantity"], problem.goods["price"], problem.arcs["cost"], problem.takes["count"]
    named = zip(("licenses owned", "prices", "prices of step-ups", "subjects"), values, strict=True)
    if wrong := [f"{(column < 0).sum()} of the {name}" for name, column in named if (column < 0).any()]:
        message = f"{', '.join(wrong)} are negative: no cheapest plan follows. Correct the purchases or the price list."
        raise PositionError(message)
