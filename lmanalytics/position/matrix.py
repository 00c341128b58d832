"""A problem as the matrix of a linear program."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from lmanalytics.position.problem import Problem

_INFINITE = float("inf")


@dataclass(frozen=True)
class Matrix:
    """Rows: shapes, supply, needs. Columns: takes, flows, packs."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    most: np.ndarray
    sizes: tuple[int, int, int]

    def times(self, x: np.ndarray) -> np.ndarray:
        """Add up the rows of a solution."""
        total: np.ndarray = np.zeros(self.lower.size)
        np.add.at(total, self.rows, self.values * x[self.columns])
        return total


def shapes_of(problem: Problem) -> int:
    """Count the shapes of a problem."""
    return int(problem.takes["shape"].max()) + 1 if problem.takes.height else 0  # type: ignore[arg-type]


def matrix_of(problem: Problem) -> Matrix:
    """Lay out a problem: lower <= rows x columns <= upper, columns from 0 to most."""
    takes, flows, packs = problem.takes.height, problem.arcs.height, problem.goods.height
    shapes, supply, needs = shapes_of(problem), problem.supply.height, problem.needs.height
    flow = takes + np.arange(flows)
    # HiGHS may never return from a matrix that names one place twice.
    uses = problem.uses.group_by("take", "need", maintain_order=True).agg(pl.col("quantity").sum())
    yields = problem.yields.group_by("good", "need", maintain_order=True).agg(pl.col("quantity").sum())
    arcs = problem.arcs
    rows = [
        problem.takes["shape"].to_numpy(),
        shapes + arcs["supply"].to_numpy().astype(np.int64),
        shapes + supply + arcs["need"].to_numpy().astype(np.int64),
        shapes + supply + yields["need"].to_numpy().astype(np.int64),
        shapes + supply + uses["need"].to_numpy().astype(np.int64),
    ]
    columns = [
        np.arange(takes), flow, flow, takes + flows + yields["good"].to_numpy().astype(np.int64),
        uses["take"].to_numpy().astype(np.int64),
    ]  # fmt: skip
    values = [np.ones(takes + 2 * flows), yields["quantity"].to_numpy(), -uses["quantity"].to_numpy()]
    counts = np.zeros(shapes)
    counts[problem.takes["shape"].to_numpy()] = problem.takes["count"].to_numpy()
    held = problem.supply["quantity"].to_numpy().astype(float)
    limit = arcs["limit"].cast(pl.Float64).fill_null(_INFINITE).to_numpy()
    most = np.minimum(limit, held[arcs["supply"].to_numpy()] if flows else limit)
    return Matrix(
        rows=np.concatenate(rows).astype(np.int64),
        columns=np.concatenate(columns).astype(np.int64),
        values=np.concatenate(values).astype(float),
        lower=np.concatenate([counts, np.full(supply, -_INFINITE), problem.needs["fixed"].to_numpy().astype(float)]),
        upper=np.concatenate([counts, held, np.full(needs, _INFINITE)]),
        most=np.concatenate([problem.takes["count"].to_numpy().astype(float), most, np.full(packs, _INFINITE)]),
        sizes=(takes, flows, packs),
    )
