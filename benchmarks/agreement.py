"""Do the engines agree? Every option of every host in every edition, row by row, with every point of its curve."""

from importlib import import_module
from pathlib import Path

import polars as pl

from lmanalytics.schemas import MONEY

KEY = ["subject_id", "option", "edition"]
CURVE = ["curve_steps", "curve_without_sa", "curve_with_sa"]
ANSWER = ["licenses_required", "licenses_with_sa", "is_available", "cost", *CURVE]


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
    counts = pl.col("licenses_required", "licenses_with_sa").cast(pl.Int64)
    return frame.select(*KEY, counts, "is_available", cost.cast(pl.Int64), pl.col(CURVE).cast(pl.List(pl.Int64)))
