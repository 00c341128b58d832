"""Tables of where the position comes from: sources, checks, accounts, policies, rules and digests."""

from collections.abc import Mapping

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid, explained, words
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
_RULE = {name: pl.String() for name in ("module", "rule", "sentence", "unit", "start", "clause", "status")}


def control_table(run: Run) -> GT:
    """What identifies this report: whose position, on which day, from which program and inputs."""
    program = run.manifest.get("program") or {}
    digest = program.get("sha256", program) if isinstance(program, Mapping) else program
    versions = ", ".join(f"{name} {v}" for name, v in sorted((run.manifest.get("versions") or {}).items()))
    pairs = {
        "Position of": run.customer,
        "Position date": run.as_of,
        "Run": run.run_id,
        "Digest of the manifest": run.manifest.get("digest"),
        "Digest of the program": digest,
        "Versions": versions,
        "Currencies": ", ".join(str(code) for code in run.manifest.get("currencies") or ()),
        "Input files": str(len(run.manifest.get("inputs") or ())),
        "Answer files": str(len(run.manifest.get("outputs") or ())),
    }
    known = {name: str(value) for name, value in pairs.items() if value not in (None, "")}
    frame = pl.LazyFrame({"name": list(known), "value": list(known.values())})
    return Grid({"name": "Item", "value": "Value"}, "The run has no manifest.").show(frame)


def not_computable_table(run: Run) -> GT:
    """What could not be computed, and why."""
    return Grid({"what": "What", "why": "Why"}, "Everything asked for could be computed.").show(
        run.not_computable.lazy()
    )


def sources_table(run: Run) -> GT:
    """Each file and sheet that was read, its format, and what became of its rows."""
    columns = {
        "file": "File",
        "sheet": "Sheet",
        "format": "Format",
        "snapshot_on": "As of",
        "rows_read": "Rows read",
        "rows_mapped": "Used",
        "rows_ignored": "Ignored",
        "rows_quarantined": "Rejected",
    }
    return Grid(
        columns,
        "No file was read.",
        stored="sources.parquet",
        sums=[name for name in columns if name.startswith("rows_")],
    ).show(run.sources.sort("file", "sheet"))


def digests_table(run: Run) -> GT:
    """The first sixteen digits of the SHA-256 of every input and answer file."""
    rows = [
        (kind, str(entry.get("file")), str(entry.get("sha256"))[:16])
        for kind, key in (("input", "inputs"), ("answer", "outputs"))
        for entry in run.manifest.get(key) or ()
    ]
    frame = pl.LazyFrame(
        rows,
        schema=["kind", "file", "sha256"],
        orient="row",
        schema_overrides=dict.fromkeys(("kind", "file", "sha256"), pl.String),
    )
    columns = {"kind": "Kind", "file": "File", "sha256": "SHA-256, first 16 digits"}
    return Grid(
        columns, "The manifest names no files.", 80, "manifest.json", notes=["manifest.json holds the digests in full."]
    ).show(frame)


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


def checks_table(run: Run) -> GT:
    """Each data-quality check: rows checked, rows that failed, and the outcome; failures first."""
    rank = pl.col("outcome").replace_strict({"broken": 0, "failed": 1, "warned": 2}, default=3, return_dtype=pl.Int8)
    frame = run.quality.lazy().sort(rank, "table", "check", "column").with_columns(words("table"))
    columns = {
        "table": "Table",
        "check": "Check",
        "column": "Column",
        "rows_checked": "Rows",
        "rows_failed": "Failed",
        "outcome": "Outcome",
    }
    failed = {"outcome": pl.col("outcome").is_in(["failed", "broken"])}
    note = "Failed: rows are rejected. Warned: rows are used. Broken: the check crashed, which no data can cause."
    return Grid(columns, "No checks were run.", 60, "quality/", strong=failed, notes=[note]).show(frame)


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


def policies_table(run: Run) -> GT:
    """List the readings in force where the terms can be read in more than one way."""
    columns = {
        "policy": "Policy",
        "reading": "Reading in force",
        "source": "Source",
        "licenses_if_otherwise": "Licenses if read otherwise",
        "cost_if_otherwise": "Cost if read otherwise",
    }
    for name in ("licenses_if_otherwise", "cost_if_otherwise"):
        if run.policies.select(pl.col(name).is_null().all()).collect().item():
            del columns[name]
    frame = run.policies.with_columns(words("policy"), words("reading"))
    return Grid(columns, "No policy was in force.", 80, "policies.parquet").show(frame.sort("policy"))


def rules_table(run: Run) -> GT:
    """List every rule in force on the position date, its unit, the day since it holds and its clause."""
    rules = [rule for rule in run.manifest.get("rules") or () if rule.get("in_force", True)]
    rows = [{name: rule.get(name) for name in _RULE} for rule in rules]
    draft = pl.when(pl.col("status") == "verified").then(pl.lit("")).otherwise(pl.format(" [{}]", "status"))
    frame = pl.LazyFrame(rows, schema=_RULE).with_columns(
        words("module"),
        words("unit"),
        clause=pl.col("clause") + draft.fill_null(""),
        says=pl.coalesce("sentence", "rule"),
    )
    columns = {"module": "", "says": "Rule", "unit": "Unit", "start": "Since", "clause": "Clause"}
    note = "[draft]: a second person has not yet compared the rule with its clause."
    return Grid(columns, "The manifest lists no rules.", 400, "manifest.json", heading="module", notes=[note]).show(
        frame
    )
