"""Do the engines agree? Every option of every host, row by row."""

from importlib import import_module
from pathlib import Path

import polars as pl

from lmanalytics.schemas import MONEY

KEY = ["subject_id", "option"]
ANSWER = ["licenses_required", "is_available", "cost"]


def differences(work: Path, engine: str, other: str) -> pl.DataFrame:
    """Return the rows on which two engines differ, or that only one of them has; none if they agree."""
    one, two = (_answer(work, name) for name in (engine, other))
    both = one.join(two, on=KEY, how="full", coalesce=True, suffix="_other")
    return both.filter(pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_other")) for c in ANSWER))


def rows(work: Path, engine: str) -> int:
    """Return how many rows an engine answered."""
    return _answer(work, engine).height


def _answer(work: Path, engine: str) -> pl.DataFrame:
    """Load what an engine left, its cost in ten-thousandths of the currency."""
    frame: pl.DataFrame = import_module(f"benchmarks.engines.{engine}").answer(work)
    cost = pl.col("cost")
    if not frame.schema["cost"].is_integer():
        cost = cost.cast(MONEY) * 10_000
    return frame.select(*KEY, pl.col("licenses_required").cast(pl.Int64), "is_available", cost.cast(pl.Int64))
