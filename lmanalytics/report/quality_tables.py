"""Tables of the data: files that were read, what became of each row, checks and rejected rows."""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import explained, words
from lmanalytics.report.run import Run

_OUTCOMES = (
    "licensed",
    "short",
    "used",
    "excluded",
    "not_licensable",
    "not_computable",
    "quarantined",
    "duplicate",
    "superseded",
)
_CHECKED = ("passed", "warned", "failed", "broken")
_PASSED_NOTE = "Failed: rows are rejected. Warned: rows are used. Broken: the check crashed, which no data can cause."


def sources_table(run: Run) -> GT:
    """Each file and sheet that was read, its format, and what became of its rows."""
    columns = {
        "file": "File",
        "sheet": "Sheet",
        "format": "Format",
        "snapshot_on": "As of",
        "rows_read": "Rows read",
        "rows_ignored": "Ignored",
        "rows_mapped": "Used",
        "rows_quarantined": "Of these rejected",
    }
    return Grid(
        columns,
        "No file was read.",
        stored="sources.parquet",
        sums=[name for name in columns if name.startswith("rows_")],
    ).show(run.sources.sort("file", "sheet").with_columns(pl.col("sheet").fill_null(""), words("format")))


def accounted(run: Run) -> pl.LazyFrame:
    """Set the outcomes of each table against its rows, counted anew.

    Returns:
        table, a column for each outcome that occurs, total, read, adds_up.

    """
    accounts = run.accounts.filter(pl.col("outcome").is_in(_OUTCOMES)).collect()
    outcomes = [name for name in _OUTCOMES if name in accounts["outcome"]]
    sums = [pl.col("rows").filter(pl.col("outcome") == name).sum().alias(name) for name in outcomes]
    return (
        accounts.lazy()
        .group_by("table")
        .agg(*sums, total=pl.col("rows").sum())
        .join(run.rows.lazy().select("table", "read"), on="table", how="full", coalesce=True)
        .with_columns(adds_up=pl.col("total").fill_null(0) == pl.col("read").fill_null(0))
        .sort("table")
    )


def accounts_table(run: Run) -> GT:
    """Show what became of the rows of each table, and whether that adds up to the rows that were read."""
    frame = accounted(run).with_columns(words("table"))
    outcomes = [name for name in frame.collect_schema() if name in _OUTCOMES]
    columns = {"table": "Table"} | {name: name.replace("_", " ").capitalize() for name in outcomes}
    columns |= {"total": "Sum", "read": "Rows", "adds_up": "Adds up"}
    return Grid(
        columns,
        "No rows were read, so there is nothing to account for.",
        60,
        "accounts.parquet",
        sums=[*outcomes, "total", "read"],
        strong={"adds_up": ~pl.col("adds_up")},
        notes=["Rows: accepted and rejected rows of the table, counted anew in the run folder."],
    ).show(frame)


def outcomes_table(run: Run, limit: int = 60) -> GT:
    """Show why rows ended in each outcome, by table and product."""
    frame = (
        run.accounts.group_by("table", "product", "outcome", "rule", "reason")
        .agg(pl.col("rows").sum())
        .with_columns(
            words("table"),
            words("outcome"),
            pl.col("product").replace("*", "any product"),
            why=explained(run.sentences),
        )
        .sort("table", "product", "outcome", "reason", nulls_last=True)
    )
    columns = {"table": "", "product": "Product", "outcome": "Outcome", "rows": "Rows", "why": "Why"}
    empty = "No rows were read, so there is nothing to account for."
    return Grid(columns, empty, limit, "accounts.parquet", heading="table").show(frame)


def suites_table(run: Run) -> GT:
    """Count the checks of each table by their outcome."""
    outcome = pl.col("outcome")
    frame = (
        run.quality.lazy()
        .group_by(words("table"))
        .agg(pl.len().alias("checks"), *[(outcome == name).sum().alias(name) for name in _CHECKED])
        .sort("table")
    )
    columns = {"table": "Table", "checks": "Checks"} | {name: name.capitalize() for name in _CHECKED}
    strong = {name: pl.col(name) > 0 for name in ("failed", "broken")}
    return Grid(columns, "No checks were run.", sums=("checks", *_CHECKED), strong=strong, notes=[_PASSED_NOTE]).show(
        frame
    )


def checks_table(run: Run, limit: int = 60) -> GT:
    """Show each check that did not pass: rows checked, rows that failed, and the outcome."""
    rank = pl.col("outcome").replace_strict({"broken": 0, "failed": 1}, default=2, return_dtype=pl.Int8)
    frame = run.quality.lazy().filter(pl.col("outcome") != "passed").sort(rank, "table", "check", "column")
    columns = {
        "table": "Table",
        "check": "Check",
        "rows_checked": "Rows",
        "rows_failed": "Failed",
        "outcome": "Outcome",
    }
    empty = "No checks were run." if run.quality.is_empty() else f"All {run.quality.height:,} checks passed."
    strong = {"outcome": pl.col("outcome").is_in(["failed", "broken"])}
    return Grid(columns, empty, limit, "quality/", strong=strong).show(frame.with_columns(words("table")))


def quarantine_table(run: Run, limit: int = 20) -> GT:
    """Samples of the rows that were rejected, where they stand and why."""
    own = ["source_file", "source_sheet", "source_row", "reasons"]
    parts = [run.quarantined(t).select(pl.lit(t).alias("table"), *own) for t in run.tables]
    empty = pl.LazyFrame(
        schema={
            "table": pl.String,
            "source_file": pl.String,
            "source_sheet": pl.String,
            "source_row": pl.Int64,
            "reasons": pl.List(pl.String),
        }
    )
    frame = pl.concat([empty, *parts]).with_columns(row=pl.col("source_row").cast(pl.String))
    columns = {
        "table": "Table",
        "source_file": "File",
        "source_sheet": "Sheet",
        "row": "Row",
        "reasons": "Why it was rejected",
    }
    return Grid(columns, "No row was rejected.", limit, "quarantine/").show(
        frame.sort("table", "source_file", "source_row")
    )
