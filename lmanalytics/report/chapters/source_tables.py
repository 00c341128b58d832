"""The registers of sources and files: what was read, from whom, which rows it gave, and the digest of each."""

import json

import polars as pl
from great_tables import GT

from lmanalytics.report.grids import grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told
from lmanalytics.schemas import ANSWERS

_DIGITS = 16
_OUTCOMES = ("passed", "warned", "failed", "broken")


def sources_register_table(run: Run, limit: int = 200) -> GT:
    """List the files that were read: owner (where estate.yaml names one), format, snapshot, rows and digest."""
    sources = run.sources
    has_owner = "owner" in sources.collect_schema()
    owner = pl.col("owner").drop_nulls().first() if has_owner else pl.lit(None, pl.String)
    frame = (
        sources.sort("file", "sheet", nulls_last=True)
        .group_by("file", "sha256", maintain_order=True)
        .agg(
            format=pl.col("format").filter(pl.col("format") != "unknown").unique().sort().str.join("; "),
            owner=owner,
            snapshot_on=pl.col("snapshot_on").min(),
            **{name: pl.col(name).sum() for name in ("rows_read", "rows_mapped", "rows_quarantined")},
        )
        .with_columns(
            digest=pl.col("sha256").str.head(_DIGITS),
            format=pl.when(pl.col("format") == "")
            .then(pl.lit(told("source_tables.sources.unread")))
            .otherwise(words("format")),
        )
        .sort("file")
    )
    columns = {n: s for n, s in told("source_tables.sources.columns").items() if n != "owner" or has_owner}
    return grid(run, "sources", "source_tables.sources", limit, columns=columns).show(frame)


def files_table(run: Run, limit: int = 200) -> GT:
    """List the answers that the run wrote, with the digest of each; files in its folders are counted."""
    rows = [
        {"file": str(entry.get("file")), "digest": str(entry.get("sha256"))[:_DIGITS]}
        for entry in run.manifest.get("outputs") or ()
    ]
    frame = pl.LazyFrame(rows, schema={"file": pl.String, "digest": pl.String})
    name = pl.col("file").str.strip_suffix(".parquet")
    is_answer = name.is_in(list(ANSWERS))
    folder = pl.when(pl.col("file").str.contains("/", literal=True)).then(pl.col("file").str.extract(r"^([^/]+)/"))
    others = frame.filter(~is_answer).select(folder=folder.fill_null("")).group_by("folder").len().sort("folder")
    said = told("source_tables.files")
    counted = others.select(
        file=pl.when(pl.col("folder") == "")
        .then(pl.format(said["outcomes"], "len"))
        .otherwise(pl.format(said["folder"], "folder", "len")),
        digest=pl.lit(said["in_manifest"]),
    )
    every = pl.concat([frame.filter(is_answer).sort("file"), counted])
    place = pl.int_range(pl.len())
    half = (pl.len() + 1) // 2
    numbered = every.with_columns(row=place % half, is_right=place >= half)
    left, right = (numbered.filter(pl.col("is_right") == side).drop("is_right") for side in (False, True))
    shown = left.join(right, on="row", how="left", suffix="_2").sort("row")
    shown = shown.with_columns(pl.col("file_2", "digest_2").fill_null(""))
    return grid(run, "files", "source_tables.files", limit, stored="manifest.json").show(shown)


def validation_table(run: Run) -> GT:
    """Sum up the suite of each table: how many checks, how they went, and the file that holds the results."""
    counts = {name: (pl.col("outcome") == name).sum().cast(pl.Int64) for name in _OUTCOMES}
    frame = (
        run.quality.lazy()
        .group_by("table")
        .agg(checks=pl.len().cast(pl.Int64), **counts, rows=pl.col("rows_checked").max())
        .sort("table")
        .with_columns(words("table"), file=pl.format("quality/{}.json", "table"))
    )
    strong = {name: pl.col(name) > 0 for name in ("failed", "broken")}
    sums = ("checks", *_OUTCOMES)
    return grid(run, "quality", "source_tables.validation", 80, strong=strong, sums=sums, stored="").show(frame)


def program_table(run: Run) -> GT:
    """List the program and its engines with their versions, and the digest of the manifest that holds everything."""
    program = run.manifest.get("program") or {}
    digest = program.get("sha256") if isinstance(program, dict) else program
    rows = [(name, str(version)) for name, version in sorted((run.manifest.get("versions") or {}).items())]
    said = told("source_tables.program.items")
    rows += [(said["program"], str(digest)), (said["manifest"], str(run.manifest.get("digest")))]
    asked = run.manifest.get("policies_asked") or {}
    rows += [(said["policies"], json.dumps(asked, sort_keys=True, ensure_ascii=False))] if asked else []
    frame = pl.LazyFrame(rows, schema={"name": pl.String, "value": pl.String}, orient="row")
    return grid(run, "program", "source_tables.program", stored="manifest.json").show(frame)
