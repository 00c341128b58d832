"""The cheapest solution of a problem, with its proof: a mixed-integer program, solved by HiGHS.

Prices are whole numbers of a smallest unit (a cent, or what all prices are multiples of), so that a bound that
comes closer than one unit to the objective proves the optimum.
"""

import highspy
import numpy as np
import polars as pl

from lmanalytics.errors import PositionError
from lmanalytics.position.matrix import Matrix, matrix_of, shapes_of
from lmanalytics.position.problem import Problem, Solution

NODES = 5_000
"""Branches after which the search ends with the best solution and the bound that it has by then."""
TAKES, WORK, FEWEST = 3_000, 600_000, 20
"""Takes above which a search gets fewer branches, as each takes longer: WORK shared by the takes, but FEWEST."""
DOUBTFUL = 1.01
"""How far above the relaxation a proof may lie before a second search, that simplifies nothing first, must agree."""
_DIGITS = 10_000
_TINY = 1e-6
_INFINITE = highspy.kHighsInf


def exact(problem: Problem) -> Solution:
    """Solve a problem to its proven optimum, or as near as `NODES` branches come.

    Among solutions of equal cost the one with the least list_cost wins. Where nothing is left to choose, the one
    with the least distance wins, then the one with the fewest packs.

    Args:
        problem: what may be chosen, is needed, owned and for sale.

    Returns:
        The solution with its bound and with what one license more or less of each kind is worth.

    Raises:
        PositionError: quantities or prices are negative, or the needs cannot be met by what is for sale.

    """
    _check(problem)
    matrix, price = matrix_of(problem), _prices(problem)
    unit = _unit(price)
    duals, least = _relaxed(matrix, price, problem.arcs["limit"])
    best, bound = _solved(matrix, price, unit, least)
    spent = float(price @ best)
    takes, flows, packs = matrix.sizes
    if _is_free(problem):
        ties = [(slice(0, takes), problem.takes["list_cost"].to_numpy())]
    else:
        near = problem.arcs["distance"].to_numpy() + 1.0
        few = (problem.goods["size"] > 0).cast(pl.Float64).to_numpy()
        ties = [(slice(takes, takes + flows), near), (slice(takes + flows, takes + flows + packs), few)]
    for part, weight in ties:
        best = _tied(matrix, price, spent, best, part, weight)
    shapes, supply = shapes_of(problem), problem.supply.height
    return Solution(
        takes=pl.Series(best[:takes], dtype=pl.Int64),
        flows=pl.Series(best[takes : takes + flows], dtype=pl.Int64),
        packs=pl.Series(best[takes + flows :], dtype=pl.Int64),
        objective=spent,
        bound=_lifted(bound, spent, unit),
        worth_of_need=pl.Series(np.maximum(duals[shapes + supply :], 0)),
        worth_of_supply=pl.Series(np.maximum(-duals[shapes : shapes + supply], 0)),
    )


def _check(problem: Problem) -> None:
    if negative := problem.supply.filter(pl.col("quantity") < 0).height:
        message = (
            f"{negative} classes of owned licenses are negative: returns exceed what was bought. Correct the purchases."
        )
        raise PositionError(message)
    cheap = problem.goods.filter(pl.col("price") < 0).height + problem.arcs.filter(pl.col("cost") < 0).height
    if cheap:
        message = f"{cheap} prices are negative, so that buying more would cost less. Correct the price list."
        raise PositionError(message)


def _is_free(problem: Problem) -> bool:
    return problem.takes.height > shapes_of(problem)


def _prices(problem: Problem) -> np.ndarray:
    none = np.zeros(problem.takes.height)
    return np.concatenate([none, problem.arcs["cost"].to_numpy(), problem.goods["price"].to_numpy()])


def _unit(price: np.ndarray) -> float:
    """Find what all prices are multiples of; 0 where they have more digits than money has."""
    digits = np.rint(price * _DIGITS)
    if not price.size or np.abs(digits - price * _DIGITS).max() > _TINY * max(1.0, digits.max()) or digits.max() == 0:
        return 0.0
    return float(np.gcd.reduce(digits.astype(np.int64))) / _DIGITS


def _lifted(bound: float, spent: float, unit: float) -> float:
    """Raise a bound to the next sum that prices can make."""
    if unit:
        bound = np.ceil(bound / unit - _TINY) * unit
    return float(min(max(bound, 0.0), spent))


def _model(matrix: Matrix, cost: np.ndarray, *, whole: bool) -> highspy.HighsLp:
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = cost.size, matrix.lower.size
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, np.zeros(cost.size), matrix.most
    model.row_lower_, model.row_upper_ = matrix.lower, matrix.upper
    order = np.lexsort((matrix.rows, matrix.columns))
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    starts = np.searchsorted(matrix.columns[order], np.arange(cost.size + 1))
    model.a_matrix_.start_ = starts.astype(np.int32)
    model.a_matrix_.index_, model.a_matrix_.value_ = matrix.rows[order].astype(np.int32), matrix.values[order]
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * cost.size
    return model


def _nodes(takes: int) -> int:
    """Say how many branches a search gets."""
    return NODES if takes <= TAKES else max(FEWEST, WORK // takes)


def _solver(gap: float = 0.0, nodes: int = NODES) -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_max_nodes", nodes),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", gap),
        ("mip_heuristic_effort", 0.02),  # more takes longer than the proof
    ):
        solver.setOptionValue(option, value)
    return solver


def _relaxed(matrix: Matrix, price: np.ndarray, limits: pl.Series) -> tuple[np.ndarray, float]:
    """Say what one more of each row costs, and all of them, if licenses and subjects could be had in fractions."""
    solver = _solver()
    model = _model(matrix, price, whole=False)
    # Bounds that the rows imply would share the rows' worth.
    most = np.full(price.size, _INFINITE)
    most[matrix.sizes[0] : sum(matrix.sizes[:2])] = limits.cast(pl.Float64).fill_null(_INFINITE).to_numpy()
    model.col_upper_ = most
    solver.passModel(model)
    solver.run()
    if not price.size and not (matrix.lower > 0).any():
        return np.zeros(matrix.lower.size), 0.0
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        message = (
            f"No position meets every need ({solver.getModelStatus().name}): licenses are needed that are neither owned"
            " nor for sale. Give a price for them, or correct the estate."
        )
        raise PositionError(message)
    return np.asarray(solver.getSolution().row_dual), float(solver.getInfo().objective_function_value)


def _solved(matrix: Matrix, price: np.ndarray, unit: float, least: float) -> tuple[np.ndarray, float]:
    """Return a solution and its bound; HiGHS 1.15's presolve has called optimal what was far from it."""
    if not price.size:
        return price, 0.0
    best, bound = searched(matrix, price, unit, None)
    if best is None or price @ best > DOUBTFUL * least + unit:
        again, lower = searched(matrix, price, unit, best, simplified=False)
        if again is not None and (best is None or price @ again < price @ best):
            best, bound = again, lower
    if best is None:
        message = "No position was found. Check quantities and prices."
        raise PositionError(message)
    return best, max(bound, least)


def searched(
    matrix: Matrix, price: np.ndarray, unit: float, start: np.ndarray | None, *, simplified: bool = True
) -> tuple[np.ndarray | None, float]:
    """Search, from a first solution where there is one; return what was found and its bound."""
    solver = _solver(unit * 0.9, _nodes(matrix.sizes[0]))
    solver.passModel(_model(matrix, price, whole=True))
    if not simplified:
        solver.setOptionValue("presolve", "off")
    if start is not None:
        begin = highspy.HighsSolution()
        begin.col_value = list(start)
        solver.setSolution(begin)
    solver.run()
    return _found(solver, matrix), float(solver.getInfo().mip_dual_bound)


def _found(solver: highspy.Highs, matrix: Matrix) -> np.ndarray | None:
    """Return the solver's solution in whole numbers, if in whole numbers it is one."""
    if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    x: np.ndarray = np.rint(np.asarray(solver.getSolution().col_value))
    total = matrix.times(x)
    is_met = (total >= matrix.lower).all() and (total <= matrix.upper).all() and (x <= matrix.most).all()
    return x if is_met and (x >= 0).all() else None


def _tied(
    matrix: Matrix, price: np.ndarray, spent: float, best: np.ndarray, part: slice, weight: np.ndarray
) -> np.ndarray:
    """Among solutions that cost no more, and leave what was settled before, find the one of least weight."""
    if weight.max(initial=0.0) == 0 or (part.start == 0 and weight.max() == weight.min()):
        return best
    cost = np.zeros(price.size)
    cost[part] = weight / weight.max()
    scale = max(float(price.max(initial=0.0)), 1.0)
    paid = np.flatnonzero(price)
    most, low = matrix.most.copy(), np.zeros(price.size)
    most[: part.start], low[: part.start] = best[: part.start], best[: part.start]
    model = _model(matrix, cost, whole=True)
    model.col_lower_, model.col_upper_ = low, most
    solver = _solver(nodes=_nodes(matrix.sizes[0]))
    solver.passModel(model)
    if paid.size:
        solver.addRow(-_INFINITE, spent / scale + 1e-9, paid.size, paid.astype(np.int32), price[paid] / scale)
    start = highspy.HighsSolution()
    start.col_value = list(best)
    solver.setSolution(start)
    solver.run()
    found = _found(solver, matrix)
    is_better = found is not None and price @ found <= spent + _TINY and cost @ found < cost @ best
    return found if found is not None and is_better else best
