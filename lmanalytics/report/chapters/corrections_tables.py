"""The register of corrections: what was repaired by hand, why, by what evidence, and who approved it."""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told

_PLACE = "corrections_tables.cells"


def corrections_table(run: Run, limit: int = 60) -> GT:
    """List every correction with its outcome, those that were not applied first."""
    outcomes = told(f"{_PLACE}.outcomes")
    applied = pl.col("outcome") == outcomes["applied"]
    row = pl.format(told(f"{_PLACE}.row"), words("table"), "row")
    cell = pl.format(told(f"{_PLACE}.cell"), words("table"), words("column"), "row")
    left_out = pl.when("is_exclusion").then(pl.lit(told(f"{_PLACE}.left_out")))
    empty = pl.lit(told(f"{_PLACE}.empty"))
    frame = run.corrections.sort(pl.col("outcome") == "applied", "correction_id").with_columns(
        repaired=pl.coalesce(cell, row),
        was=pl.when(pl.col("column").is_not_null()).then(pl.col("was").fill_null(empty)).otherwise(pl.lit("")),
        now=pl.coalesce(left_out, "now", empty),
        outcome=pl.col("outcome").replace_strict(outcomes, return_dtype=pl.String),
    )
    return Grid(
        told("corrections_tables.register.columns"), told("corrections_tables.register.empty"), limit,
        "corrections.parquet", strong={"outcome": ~applied}, notes=told("corrections_tables.register.notes"),
    ).show(frame)  # fmt: skip
