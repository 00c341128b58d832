"""From a folder of exports to canonical tables in Parquet: recognize, read, cast, and account for every row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl

from lmanalytics.errors import ExportError, UsageError
from lmanalytics.ingest import sources
from lmanalytics.ingest.adapter import ORIGIN, Context
from lmanalytics.ingest.estate import Estate, load_estate
from lmanalytics.ingest.found import Found, adapters, find_all, match_of
from lmanalytics.ingest.ingest_findings import note_days, note_text, note_unknown, to_frame
from lmanalytics.ingest.keeping import Keeping, Nothing
from lmanalytics.ingest.source_accounts import accounts
from lmanalytics.ingest.sources import ROW
from lmanalytics.ingest.writer import Group, write_tables
from lmanalytics.schemas import ANSWERS


@dataclass(frozen=True)
class Ingested:
    """What an exports folder became.

    Attributes:
        tables: one Parquet file per canonical table that was given.
        sources: one row per file and sheet (the answer table `sources` without rule and reason).
        findings: what a person should know about the exports (the answer table `findings`).
        estate: what estate.yaml says.
        corrections: what became of each entry of corrections.yaml (the answer table `corrections`).
    """

    tables: dict[str, Path]
    sources: pl.DataFrame
    findings: pl.DataFrame
    estate: Estate
    corrections: pl.DataFrame = field(default_factory=lambda: ANSWERS["corrections"].empty().collect())


def ingest(
    exports: Path,
    into: Path,
    as_of: date,
    policies: dict[str, str] | None = None,
    digests: Mapping[str, str] | None = None,
    keeping: Keeping | None = None,
) -> Ingested:
    """Read every export below a folder into `into/<table>.parquet`.

    Args:
        exports: the folder; formats are recognized by headings. An `estate.yaml` in it is obeyed.
        into: where the tables go; each has exactly the schema of `CANONICAL[table]`.
        as_of: the position date, against which the age of exports is judged.
        policies: readings that win over those of estate.yaml.
        digests: the SHA-256 of files whose bytes were read already, by their path below `exports`.
        keeping: what an earlier reading left; None: everything is read.

    Raises:
        ExportError: nothing is readable, or one file is encrypted, damaged, ambiguous or lacks a needed column.
        UsageError: there is no such folder.
        EstateError: estate.yaml says what cannot be applied.
    """
    if not exports.is_dir():
        message = f"There is no folder {exports}. Give the folder that holds the exports."
        raise UsageError(message)
    estate = load_estate(exports / sources.ESTATE)
    context = Context(as_of, replace(estate, policies=estate.policies | (policies or {})))
    keeping = keeping or Nothing()
    found = list(find_all(exports, context, digests or {}, keeping))
    read = _dated([item for item in found if item.sheet], context)
    if not read:
        raise ExportError(_nothing(exports, found))
    into.mkdir(parents=True, exist_ok=True)
    sheets = {item.sheet.index: item.raw for item in read if item.sheet and item.raw}
    paths = write_tables(_groups(read, context), into, sheets, context, keeping)
    counted = accounts(found, read, paths)
    note_days(paths, [item.sheet for item in read if item.sheet], context)
    note_unknown(counted, context)
    note_text([item.raw for item in read if item.raw], context)
    return Ingested(paths, counted, to_frame(context), context.estate)


def raw(exports: Path, file: str, sheet: str | None, rows: pl.Series | None = None) -> pl.LazyFrame:
    """Return one sheet as it was read: `source_row` and every column as text under its own heading.

    Args:
        exports: the folder.
        file: the file's path below it, with forward slashes.
        sheet: the sheet of a workbook, None for other files.
        rows: the `source_row` of the rows that are wanted; all of them when None.

    Raises:
        ExportError: the file or the sheet is not there any more.
    """
    path = exports / file
    if file == sources.ESTATE:
        told = told_datacenters(load_estate(path)).drop(ORIGIN[:3])
        return told if rows is None else told.filter(pl.col(ROW).is_in(rows.implode()))
    if path.is_file() and (found := sources.shown(path, file, sheet, rows)):
        match = match_of(found)
        names = _unique([c or "" for c in found.head[match.row if match else 0]])
        return found.frame.select(ROW, *(pl.col(f"c{place}").alias(name) for place, name in enumerate(names)))
    message = f"{file} has no sheet {sheet!r} any more, so its rows cannot be shown. Ingest the folder again."
    raise ExportError(message)


def _dated(read: list[Found], context: Context) -> list[Found]:
    """Settle the day of every sheet: as estate.yaml says, as the export says, or as its name says."""
    days: dict[int, date] = {}
    for name, module in adapters().items():
        if hasattr(module, "snapshots"):
            days |= module.snapshots([item.sheet for item in read if item.sheet and item.format == name])
    dated = []
    for item in read:
        if item.sheet is None:
            continue
        day = context.estate.snapshot(item.sheet.file) or days.get(item.sheet.index)
        day = day or sources.day_in_name(item.sheet.file)
        dated.append(replace(item, sheet=replace(item.sheet, snapshot_on=day)))
    return dated


def _groups(read: list[Found], context: Context) -> Iterator[Group]:
    for name, module in adapters().items():
        if sheets := [item.sheet for item in read if item.sheet and item.format == name]:
            yield Group(name, sheets, partial(module.read, sheets, context))
    if context.estate.datacenters:
        yield Group("estate", [], lambda: iter([("datacenters", told_datacenters(context.estate))]))


def _nothing(exports: Path, found: Iterable[Found]) -> str:
    files = sorted({item.account["file"] for item in found})
    seen = (
        f"it holds {len(files)} files, none with headings of a known format ({', '.join(files[:5])})"
        if files
        else "it is empty"
    )
    formats = ", ".join(sorted(adapters()))
    return (
        f"{exports} has nothing that can be read: {seen}. Known formats: {formats}. "
        "Put exports there, or tables with the canonical column names (docs: data contract)."
    )


def told_datacenters(estate: Estate) -> pl.LazyFrame:
    """Return the data centers of estate.yaml as text rows."""
    rows = [{"source_row": number, **line} for number, line in enumerate(estate.datacenters, start=1)]
    frame = pl.LazyFrame(rows, schema_overrides={"source_row": pl.Int64}, infer_schema_length=None)
    last = 2**22 - 1
    return frame.with_columns(
        pl.lit(last, pl.Int64).alias(ORIGIN[0]),
        pl.lit(sources.ESTATE).alias(ORIGIN[1]),
        pl.lit("datacenters").alias(ORIGIN[2]),
    )


def _unique(names: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    unique = []
    for place, name in enumerate(names):
        plain = name or f"column {place + 1}"
        counts[plain] = counts.get(plain, 0) + 1
        unique.append(plain if counts[plain] == 1 else f"{plain} ({counts[plain]})")
    return unique
