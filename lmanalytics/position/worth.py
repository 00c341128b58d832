"""What one license more of a need would cost, also where nobody needs one yet."""

import numpy as np

from lmanalytics.position.problem import Problem, Solution

_SWEEPS = 3
"""A pack fills its line, the line serves a class, and a customer's minimum is made up in a class."""


def cost_of_one_more(problem: Problem, solution: Solution) -> np.ndarray:
    """Raise the worth of each need to the cheapest way that remains to meet one more of it.

    Of a need that nobody has the relaxation says only that it is worth no more than that.

    Args:
        problem: the problem.
        solution: its solution, with worths.

    Returns:
        Money per row of `needs`.

    """
    worth: np.ndarray = solution.worth_of_need.to_numpy().copy()
    scarce = solution.worth_of_supply.to_numpy()
    arcs, yields = problem.arcs, problem.yields
    supply, served = arcs["supply"].to_numpy(), arcs["need"].to_numpy()
    good, need = yields["good"].to_numpy(), yields["need"].to_numpy()
    quantity = yields["quantity"].to_numpy()
    brings = quantity > 0
    for _ in range(_SWEEPS):
        least = np.full(worth.size, np.inf)
        np.minimum.at(least, served, scarce[supply] + arcs["cost"].to_numpy())
        rest = problem.goods["price"].to_numpy().copy()
        np.subtract.at(rest, good, quantity * worth[need])
        alone = (rest[good] + quantity * worth[need])[brings] / quantity[brings]
        np.minimum.at(least, need[brings], np.maximum(alone, 0))
        worth = np.where(np.isfinite(least), np.maximum(worth, least), worth)
    return worth
