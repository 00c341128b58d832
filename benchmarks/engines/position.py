"""The position at scale, in a process of its own: draw an estate, solve it, and let rules of thumb solve it too."""

import json
from pathlib import Path

import polars as pl

from benchmarks.position_estates import estate
from benchmarks.position_heuristics import HEURISTICS
from lmanalytics.position.large import large
from lmanalytics.position.problem import Problem

_FRAMES = ("takes", "uses", "needs", "supply", "arcs", "goods", "yields")
_given: dict[str, Problem] = {}


def prepare(work: Path, shapes: str, hosts: str) -> None:
    """Draw an estate and write it."""
    work.mkdir(parents=True, exist_ok=True)
    problem = estate(int(shapes), int(hosts))
    for name in _FRAMES:
        getattr(problem, name).write_parquet(work / f"{name}.parquet")


def before_solve(work: Path) -> None:
    """Read the estate."""
    _given["problem"] = Problem(**{name: pl.read_parquet(work / f"{name}.parquet") for name in _FRAMES})


def solve(work: Path) -> None:
    """Find the cheapest plan, and write its cost and bound."""
    solution = large(_given["problem"])
    found = {"objective": round(solution.objective, 2), "bound": round(solution.bound, 2)}
    (work / "solution.json").write_text(json.dumps(found), encoding="utf-8")


before_heuristics = before_solve


def heuristics(work: Path) -> None:
    """Let each rule of thumb choose, buy what its choice lacks as cheaply as can be, and write the costs."""
    problem = _given["problem"]
    costs = {name: round(rule(problem), 2) for name, rule in HEURISTICS.items()}
    (work / "heuristics.json").write_text(json.dumps(costs), encoding="utf-8")
