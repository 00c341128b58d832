"""The table of the summary: what is required, owned and short of each product."""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, Run
from lmanalytics.report.texts import told

_SHORT = pl.col("shortage") > 0


def headline_table(run: Run) -> GT:
    """Required, owned, short and the cost of the shortage, by product and metric."""
    counts = pl.col("required", "owned", "shortage", "surplus", "shortage_cost")
    frame = (
        run.position.group_by("product", "metric")
        .agg(pl.when(counts.is_not_null().any()).then(counts.sum()), pl.col("currency").drop_nulls().first())
        .with_columns(pl.col("metric").replace(told("tables.metrics")).str.replace_all("_", " ", literal=True))
        .sort("product", "metric")
    )
    columns = told("tables.headline.columns")
    return Grid(columns, why_no_line(run), 60, "position.parquet", strong={"shortage": _SHORT}).show(frame)


def why_no_line(run: Run) -> str:
    """Say why there is no line in the position."""
    if not run.has_estate:
        return NO_ESTATE
    return str(told("tables.no_line")) if run.is_given("purchases") else NO_SUPPLY
