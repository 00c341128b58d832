"""Tables of the data: files that were read, what became of each row, checks and rejected rows."""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid, escape
from lmanalytics.report.reasons import explained, words
from lmanalytics.report.run import Run
from lmanalytics.report.sentences import count
from lmanalytics.report.texts import say, told

_CHECKED = ("passed", "warned", "failed", "broken")


def sources_table(run: Run, limit: int = 80) -> GT:
    """Each file and sheet that was read, its format, and what became of its rows."""
    columns = told("quality_tables.sources.columns")
    sums = [name for name in columns if name.startswith("rows_")]
    frame = run.sources.sort("file", "sheet").with_columns(pl.col("sheet").fill_null(""), words("format"))
    return Grid(columns, told("quality_tables.sources.empty"), limit, "sources.parquet", sums=sums).show(frame)


def accounted(run: Run) -> pl.LazyFrame:
    """Set the outcomes of each table against its rows, counted anew: accepted, rejected, left out by a correction.

    Returns:
        table, a column for each outcome that occurs, total, read, adds_up.

    """
    accounts = run.accounts.filter(pl.col("outcome").is_in(list(_outcomes()))).collect()
    outcomes = [name for name in _outcomes() if name in accounts["outcome"]]
    sums = [pl.col("rows").filter(pl.col("outcome") == name).sum().alias(name) for name in outcomes]
    counted = pl.concat([run.rows.select("table", "read"), _left_out(run)])
    return (
        accounts.lazy()
        .group_by("table")
        .agg(*sums, total=pl.col("rows").sum())
        .join(counted.lazy().group_by("table").agg(pl.col("read").sum()), on="table", how="full", coalesce=True)
        .with_columns(adds_up=pl.col("total").fill_null(0) == pl.col("read").fill_null(0))
        .sort("table")
    )


def added_up(run: Run) -> str:
    """Say in markdown whether the outcomes of every table add up to the rows that were read."""
    wrong = accounted(run).filter(~pl.col("adds_up")).select(words("table")).collect()["table"].to_list()
    if wrong:
        return say("quality_tables.not_added_up", tables=escape(", ".join(wrong)))
    return str(told("quality_tables.added_up"))


def accounts_table(run: Run) -> GT:
    """Show what became of the rows of each table, and whether that adds up to the rows that were read."""
    frame = accounted(run).with_columns(words("table"))
    outcomes = {name: label for name, label in _outcomes().items() if name in frame.collect_schema()}
    columns = told("quality_tables.accounts.columns")
    columns = {"table": columns["table"]} | outcomes | {name: columns[name] for name in ("total", "read", "adds_up")}
    return Grid(
        columns,
        told("quality_tables.accounts.empty"),
        60,
        "accounts.parquet",
        sums=[*outcomes, "total", "read"],
        strong={"adds_up": ~pl.col("adds_up")},
        notes=told("quality_tables.accounts.notes"),
    ).show(frame)


def outcomes_table(run: Run, limit: int = 60) -> GT:
    """Show why rows ended in each outcome, by table and product."""
    frame = (
        run.accounts.group_by("table", "product", "outcome", "rule", "reason")
        .agg(pl.col("rows").sum())
        .with_columns(
            words("table"),
            words("outcome"),
            pl.col("product").replace("*", told("quality_tables.outcomes.any_product")),
            why=explained(run.sentences),
        )
        .sort("table", "product", "outcome", "reason", nulls_last=True)
    )
    columns, empty = told("quality_tables.outcomes.columns"), told("quality_tables.accounts.empty")
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
    strong = {name: pl.col(name) > 0 for name in ("failed", "broken")}
    columns, empty = told("quality_tables.suites.columns"), told("quality_tables.suites.empty")
    notes = told("quality_tables.suites.notes")
    return Grid(columns, empty, 60, sums=("checks", *_CHECKED), strong=strong, notes=notes).show(frame)


def checks_table(run: Run, limit: int = 60) -> GT:
    """Show each check that did not pass: rows checked, rows that failed, and the outcome."""
    rank = pl.col("outcome").replace_strict({"broken": 0, "failed": 1}, default=2, return_dtype=pl.Int8)
    frame = run.quality.lazy().filter(pl.col("outcome") != "passed").sort(rank, "table", "check", "column")
    all_passed = say("quality_tables.checks.all_passed", checks=count(run.quality.height, "check"))
    empty = told("quality_tables.suites.empty") if run.quality.is_empty() else all_passed
    strong = {"outcome": pl.col("outcome").is_in(["failed", "broken"])}
    columns = told("quality_tables.checks.columns")
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
    columns, none = told("quality_tables.quarantine.columns"), told("quality_tables.quarantine.empty")
    return Grid(columns, none, limit, "quarantine/").show(frame.sort("table", "source_file", "source_row"))


def _left_out(run: Run) -> pl.DataFrame:
    """Count the rows that corrections left out before the checks, as the run keeps them: table, read."""
    excluded = pl.col("outcome") == "excluded"
    counts = [
        (path.stem, pl.scan_parquet(path).select(excluded.sum().cast(pl.Int64)).collect().item())
        for path in sorted((run.path / "corrected").glob("*.parquet"))
    ]
    return pl.DataFrame(counts, schema={"table": pl.String, "read": pl.Int64}, orient="row")


def _outcomes() -> dict[str, str]:
    named: dict[str, str] = told("quality_tables.accounts.outcomes")
    return named
