"""What is usually done instead of solving the position: the costs that the solution is measured against.

Each heuristic fixes the alternative of every subject. What is owned is then used in the order in which it is found,
or not at all, and the rest is bought in the cheapest packs of each line. None of them is ever below the optimum.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from lmanalytics.position.exact import exact
from lmanalytics.position.problem import Problem, Solution


def costs(problem: Problem) -> dict[str, float]:
    """Cost each heuristic on a problem.

    Args:
        problem: what may be chosen, is needed, owned and for sale.

    Returns:
        all_datacenter, all_standard, cheapest_per_host, virtual_machines_only (a subject without such an alternative
        takes its own cheapest), and greedy_on_stock (the cheapest of each subject, one after the other, given what
        is left of the stock): money.

    """
    return {name: found.objective for name, found in solutions(problem).items()}


def solutions(problem: Problem) -> dict[str, Solution]:
    """Solve what each heuristic leaves open: whom licenses serve, and what is bought (`costs`)."""
    fixed = {name: _spent(problem, _taken(problem, wanted)) for name, wanted in _WANTED.items()}
    return fixed | {GREEDY: _spent(problem, greedy(problem))}


def is_applicable(problem: Problem, name: str) -> bool:
    """Tell whether some subject has an alternative that the heuristic is about."""
    wanted = _WANTED.get(name)
    return wanted is None or name == _OWN_CHEAPEST or bool(problem.takes.select(wanted(pl.col("option")).any()).item())


_OWN_CHEAPEST, GREEDY = "cheapest_per_host", "greedy_on_stock"
_END = r"[\x1e\x1f]"
"""What parts the options of two products, and an option and its step."""


def _contains(*words: str) -> Callable[[pl.Expr], pl.Expr]:
    return lambda option: pl.any_horizontal(option.str.contains(word, literal=True) for word in words)


_WANTED: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "all_datacenter": _contains("datacenter", "enterprise_physical"),
    "all_standard": _contains("standard_physical_cores"),
    _OWN_CHEAPEST: lambda _: pl.lit(value=False),
    "virtual_machines_only": lambda option: option.str.contains(f"(^|{_END})virtual_cores($|{_END})"),
}
NAMES = [*_WANTED, GREEDY]


def _taken(problem: Problem, wanted: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Let all subjects of a shape take the wanted alternative; where there is none, that of the least list_cost."""
    ranked = problem.takes.with_columns(_other=~wanted(pl.col("option")))
    best = pl.struct("_other", "list_cost", "option").rank("ordinal").over("shape") == 1
    return ranked.select(pl.when(best).then("count").otherwise(0)).to_series()


def greedy(problem: Problem) -> pl.Series:
    """Choose subject by subject what leaves least to buy at the list price of each need, using up the stock.

    Args:
        problem: what may be chosen, is needed, owned and for sale.

    Returns:
        `Solution.takes`.

    """
    price = _list_prices(problem)
    left = problem.supply["quantity"].to_numpy().copy()
    arcs = [problem.arcs["supply"].to_numpy()[problem.arcs["need"].to_numpy() == d] for d in range(price.size)]
    takes = np.zeros(problem.takes.height, np.int64)
    counts = problem.takes["count"].to_numpy()
    needed = dict(
        problem.uses.group_by("take").agg("need", "quantity").select("take", pl.struct("need", "quantity")).rows()
    )
    for rows in problem.takes.with_row_index("row").group_by("shape", maintain_order=True).agg("row")["row"]:
        more = int(counts[rows[0]])
        while more:
            tried = [(*_served(needed.get(row), 1, price, left, arcs), row) for row in rows]
            _, rest, row = min(tried, key=lambda found: (found[0], found[2]))
            # Who takes nothing from the stock leaves the next one the same choice.
            alike = more if (rest == left).all() else 1
            takes[row] += alike
            left, more = rest, more - alike
    return pl.Series(takes)


def _served(
    need: dict[str, list[int]] | None, count: int, price: np.ndarray, left: np.ndarray, arcs: list[np.ndarray]
) -> tuple[float, np.ndarray]:
    rest, cost = left.copy(), 0.0
    if need is None:
        return cost, rest
    for d, quantity in zip(need["need"], need["quantity"], strict=True):
        lacking = quantity * count
        for s in arcs[d]:
            used = min(lacking, rest[s]) if lacking > 0 else 0
            rest[s] -= used
            lacking -= used
        cost += price[d] * max(lacking, 0)
    return cost, rest


def _list_prices(problem: Problem) -> np.ndarray:
    """Price one license of each need: the cheapest pack of the line that serves it."""
    each = problem.goods.with_row_index("good").filter(pl.col("size") > 0)
    of_line = problem.yields.join(each, on="good").group_by("need").agg(each=(pl.col("price") / pl.col("size")).min())
    passing = (
        problem.yields.filter(pl.col("quantity") < 0)
        .join(of_line, on="need")
        .group_by("good")
        .agg(pl.col("each").sum())
    )
    passed = problem.yields.filter(pl.col("quantity") > 0).join(passing, on="good").select("need", "each")
    price = np.zeros(problem.needs.height)
    known = pl.concat([of_line, passed]).group_by("need").agg(pl.col("each").min())
    price[known["need"].to_numpy()] = known["each"].to_numpy()
    return price


def _spent(problem: Problem, chosen: pl.Series) -> Solution:
    """Cost a choice: its licenses are assigned and bought at least cost, a customer's minimum where it holds."""
    rows = problem.takes.with_columns(n=chosen).with_row_index("take")
    is_open = pl.col("option").is_in(["minimum", "without"])
    used = problem.uses.join(rows.filter(~is_open), on="take")
    total = used.group_by("need").agg(more=(pl.col("quantity") * pl.col("n")).sum())
    fixed = problem.needs.with_row_index("need").join(total, on="need", how="left").sort("need")
    kept = rows.filter(is_open).with_row_index("row")
    left = replace(
        problem,
        takes=kept.select(problem.takes.columns).with_columns(shape=(pl.col("shape").rank("dense") - 1).cast(pl.Int64)),
        uses=problem.uses.join(kept.select("take", "row"), on="take").select("need", "quantity", take="row"),
        needs=fixed.select(fixed=pl.col("fixed") + pl.col("more").fill_null(0)),
    )
    return exact(left)
