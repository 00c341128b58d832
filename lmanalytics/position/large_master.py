"""A position problem in which most shapes have chosen already: the rest, the supply and the goods, solved by HiGHS."""

from dataclasses import dataclass

import highspy
import numpy as np

from lmanalytics.errors import PositionError
from lmanalytics.position.large_arrays import Arrays, Floats, Whole

_TOLERANCE = 1e-9
_FEASIBLE = highspy.SolutionStatus.kSolutionStatusFeasible


@dataclass(frozen=True)
class Rest:
    """What is still open, and what the others require.

    Attributes:
        count: subjects of each shape whose takes are open, or of a sample as many as it stands for; then of each block.
        takes: of the open shapes, those that may be chosen.
        place: for each of the takes, the place of its shape in `count`.
        constant: what is required of each need besides: what is fixed, and what decided shapes chose.
        block: for each column of a block, the place of the block in `count`.
        columns: what a subject in the column requires of each need, a row per column.
        ties: what breaks ties between columns, in money per subject.

    """

    count: Floats
    takes: Whole
    place: Whole
    constant: Floats
    block: Whole
    columns: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    ties: Floats


def unblocked(a: Arrays, count: Floats, takes: Whole, place: Whole, constant: Floats) -> Rest:
    """Leave some takes open, and put no shapes in blocks."""
    return Rest(count, takes, place, constant, np.empty(0, np.int64), np.empty((0, a.needs)), np.empty(0))


@dataclass(frozen=True)
class Search:
    """How far to search for whole numbers: until so many nodes were tried, or money lies between answer and bound."""

    nodes: int = 0
    gap: float = 0.0


@dataclass(frozen=True)
class Found:
    """An answer of the solver.

    Attributes:
        subjects: of each open take, in fractions where the relaxation was solved.
        weights: subjects of each block column.
        flows: licenses on each arc.
        packs: pieces of each good.
        lacking: what no good and no license can meet, of each need.
        prices: of the needs; of the relaxation only.
        objective: in money, without what breaks ties.
        bound: with what breaks ties; no answer with these open takes costs less.

    """

    subjects: Floats
    weights: Floats
    flows: Floats
    packs: Floats
    lacking: Floats
    prices: Floats
    objective: float
    bound: float


def penalty(a: Arrays) -> float:
    """Price a license that cannot be had: above what any alternative could save."""
    return float(1e5 * (1.0 + max(a.price.max(initial=0.0), a.arc_cost.max(initial=0.0))))


def solve(
    a: Arrays, rest: Rest, search: Search | None = None, start: Found | None = None, packs: Floats | None = None
) -> Found:
    """Solve what is open.

    Args:
        a: the whole problem.
        rest: what is open.
        search: for subjects and packs in whole numbers, else the linear relaxation with its prices.
        start: an answer to begin with.
        packs: of each good, where they are settled.

    Raises:
        PositionError: the solver finds no answer.

    """
    model, parts = _model(a, rest)
    if not model.num_col_:
        empty = np.empty(0)
        return Found(empty, empty, empty, empty, empty, empty, 0.0, 0.0)
    if packs is not None:
        bounds = [np.array(values) for values in (model.col_lower_, model.col_upper_)]
        for values in bounds:
            values[parts[2] : parts[3]] = packs
        model.col_lower_, model.col_upper_ = bounds
    if search:
        kinds = np.full(model.num_col_, highspy.HighsVarType.kContinuous, dtype=object)
        kinds[: parts[0]] = highspy.HighsVarType.kInteger
        kinds[parts[2] : parts[3]] = highspy.HighsVarType.kInteger
        model.integrality_ = list(kinds)
    solver = _solver(search or Search())
    solver.passModel(model)
    if start is not None:
        begin = highspy.HighsSolution()
        begin.col_value = np.concatenate([start.subjects, start.weights, start.flows, start.packs, start.lacking])
        solver.setSolution(begin)
    solver.run()
    if solver.getInfo().primal_solution_status != _FEASIBLE:
        message = (
            f"No plan was found ({solver.getModelStatus().name}). Check that quantities and prices are not negative."
        )
        raise PositionError(message)
    solution, info = solver.getSolution(), solver.getInfo()
    x, weights, flows, bought, lacking = np.split(np.asarray(solution.col_value), parts)
    dual = np.empty(0) if search else np.asarray(solution.row_dual)
    spent = float(a.price @ bought + a.arc_cost @ flows + penalty(a) * lacking.sum())
    first = len(rest.count)
    bound = float(info.mip_dual_bound) if search else spent
    return Found(x, weights, flows, bought, lacking, dual[first : first + a.needs], spent, bound)


def _solver(search: Search) -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_max_nodes", search.nodes),
        ("mip_heuristic_run_rens", False),  # takes half of the time, and finds hardly anything
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", max(search.gap, 1e-6)),
        ("primal_feasibility_tolerance", _TOLERANCE),
        ("dual_feasibility_tolerance", _TOLERANCE),
    ):
        solver.setOptionValue(option, value)
    return solver


def _model(a: Arrays, rest: Rest) -> tuple[highspy.HighsLp, Whole]:
    """Return the program, and where among its columns blocks, flows, packs and what is lacking begin."""
    d, u = len(rest.count), len(rest.count) + a.needs
    parts = np.cumsum([len(rest.takes), len(rest.block), len(a.arc_cost), len(a.price)])
    uses, taken = a.uses_of(rest.takes)
    column, need = np.nonzero(rest.columns)
    arcs, goods = np.arange(len(a.arc_cost)), a.yield_good
    rows = np.concatenate([
        rest.place, d + a.need[uses], rest.block, d + need, d + a.arc_need, u + a.arc_supply,
        d + a.yield_need, d + np.arange(a.needs),
    ])  # fmt: skip
    columns = np.concatenate([
        np.arange(len(rest.takes)), taken, parts[0] + np.arange(len(rest.block)), parts[0] + column, parts[1] + arcs,
        parts[1] + arcs, parts[2] + goods, parts[3] + np.arange(a.needs),
    ])  # fmt: skip
    values = np.concatenate([
        np.ones(len(rest.takes)), -a.quantity[uses], np.ones(len(rest.block)), -rest.columns[column, need],
        np.ones(2 * len(arcs)), a.yielded, np.ones(a.needs),
    ])  # fmt: skip
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = int(parts[-1]) + a.needs, u + len(a.held)
    model.col_cost_ = np.concatenate([
        a.tie[rest.takes], rest.ties, a.arc_cost + a.arc_tie, a.price, np.full(a.needs, penalty(a)),
    ])  # fmt: skip
    model.col_lower_ = np.zeros(model.num_col_)
    upper = np.full(model.num_col_, highspy.kHighsInf)
    upper[parts[1] : parts[2]] = a.arc_limit
    upper[parts[3] :] = np.where(np.isin(np.arange(a.needs), a.yield_need[a.yielded > 0]), 0.0, highspy.kHighsInf)
    model.col_upper_ = upper
    model.row_lower_ = np.concatenate([rest.count, rest.constant, np.zeros(len(a.held))])
    model.row_upper_ = np.concatenate([rest.count, np.full(a.needs, highspy.kHighsInf), a.held])
    # HiGHS never returns from a matrix that names one place twice, as an option that needs one class twice does.
    places, named = np.unique(columns.astype(np.int64) * model.num_row_ + rows, return_inverse=True)
    columns, rows = np.divmod(places, model.num_row_)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.searchsorted(columns, np.arange(model.num_col_ + 1)).astype(np.int32)
    model.a_matrix_.index_ = rows.astype(np.int32)
    model.a_matrix_.value_ = np.bincount(named.ravel(), values).astype(np.float64)
    return model, parts
