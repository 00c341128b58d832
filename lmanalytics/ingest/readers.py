"""From a folder of exports to canonical tables in Parquet: recognize, read, cast, and account for every row."""

import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

import lmanalytics.ingest as package
from lmanalytics.errors import ExportError
from lmanalytics.ingest import headings, sources
from lmanalytics.ingest.adapter import ORIGIN, Context, Sheet
from lmanalytics.ingest.cells import PART_BITS, ROW_BITS
from lmanalytics.ingest.estate import Estate, load_estate
from lmanalytics.ingest.ingest_findings import note_days, note_text, to_frame
from lmanalytics.ingest.sources import ROW, RawSheet
from lmanalytics.ingest.writer import write_table
from lmanalytics.schemas import ANSWERS, ENTITY

UNKNOWN, DUPLICATE = "unknown", "duplicate"


@dataclass(frozen=True)
class Ingested:
    """What an exports folder became.

    Attributes:
        tables: one Parquet file per canonical table that was given.
        sources: one row per file and sheet (the answer table `sources` without rule and reason).
        findings: what a person should know about the exports (the answer table `findings`).
        estate: what estate.yaml says.
    """

    tables: dict[str, Path]
    sources: pl.DataFrame
    findings: pl.DataFrame
    estate: Estate


@dataclass(frozen=True)
class _Read:
    """One sheet as it was found: its account, and the sheet itself when its kind is known."""

    account: dict[str, Any]
    raw: RawSheet | None = None
    sheet: Sheet | None = None
    format: str = UNKNOWN


def ingest(exports: Path, into: Path, as_of: date) -> Ingested:
    """Read every export below a folder into `into/<table>.parquet`.

    Args:
        exports: the folder; formats are recognized by headings. An `estate.yaml` in it is obeyed.
        into: where the tables go; each has exactly the schema of `CANONICAL[table]`.
        as_of: the position date, against which the age of exports is judged.

    Raises:
        ExportError: nothing is readable, or one file is encrypted, damaged, ambiguous or lacks a needed column.
        EstateError: estate.yaml says what cannot be applied.
    """
    context = Context(as_of, load_estate(exports / sources.ESTATE))
    found = list(_found(exports, context))
    read = _dated([item for item in found if item.sheet], context)
    if not read:
        raise ExportError(_nothing(exports, found))
    tables = _tables(read, context)
    into.mkdir(parents=True, exist_ok=True)
    sheets = {item.sheet.index: item.raw for item in read if item.sheet and item.raw}
    paths = {name: write_table(name, tables[name], into, sheets, context) for name in sorted(tables)}
    accounts = _accounts(found, read, paths)
    note_days(paths, [item.sheet for item in read if item.sheet], context)
    note_text([item.raw for item in read if item.raw], context)
    return Ingested(paths, accounts, to_frame(context), context.estate)


def raw(exports: Path, file: str, sheet: str | None) -> pl.LazyFrame:
    """Return one sheet as it was read: `source_row` and every column as text under its own heading."""
    path = exports / file
    for found in sources.sheets(path, file) if path.is_file() else ():
        if found.sheet == sheet:
            match = _match(found)
            names = _unique([c or "" for c in found.head[match.row if match else 0]])
            return found.frame.select(ROW, *(pl.col(f"c{place}").alias(name) for place, name in enumerate(names)))
    message = f"{file} has no sheet {sheet!r} any more, so its rows cannot be shown. Ingest the folder again."
    raise ExportError(message)


@cache
def adapters() -> dict[str, ModuleType]:
    """Return the adapters by format: every module of this package with FORMAT and SHEETS."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [import_module(f"{package.__name__}.{name}") for name in names if name != "readers"]
    return {module.FORMAT: module for module in modules if hasattr(module, "FORMAT") and hasattr(module, "SHEETS")}


def _found(exports: Path, context: Context) -> Iterator[_Read]:
    """Open every file in turn; the same bytes are read once."""
    seen: dict[str, str] = {}
    index = 0
    for path in sources.files(exports):
        file = path.relative_to(exports).as_posix()
        digest = sources.sha256(path)
        account = {"file": file, "sheet": None, "sha256": digest, "format": UNKNOWN, "rows_read": 0}
        if digest in seen:
            yield _Read(account | {"format": DUPLICATE})
            context.find(
                "warning",
                "file_given_twice",
                file,
                f"{file} has the same content as {seen[digest]} and was read once.",
                "Remove one of the two.",
            )
            continue
        seen[digest] = file
        if not sources.is_table(path):
            yield _Read(account)
            continue
        for found in sources.sheets(path, file):
            yield _opened(found, account | {"sheet": found.sheet}, index, context)
            index += 1


def _opened(found: RawSheet, account: dict[str, Any], index: int, context: Context) -> _Read:
    match = _match(found)
    if match is None:
        return _Read(account | {"rows_read": max(0, found.filled_rows - 1)})
    above = [tuple(cell for cell in row if cell) for row in found.head[: match.row]]
    rows = found.filled_rows - sum(1 for row in found.head[: match.row + 1] if any(row))
    mapped = set(match.columns.values())
    sheet = Sheet(
        found.file,
        found.sheet,
        match.layout,
        _named(found, match, index),
        frozenset(match.columns),
        tuple(h for place, h in enumerate(found.head[match.row]) if h and place not in mapped),
        tuple(above),
        context.estate.snapshot(found.file),
        found.path,
        index,
    )
    wide = replace(found, wide_rows=found.wide_rows + _beyond(found, match))
    return _Read(account | {"format": match.format, "rows_read": rows}, wide, sheet, match.format)


def _beyond(found: RawSheet, match: headings.Match) -> int:
    """Count the rows with more fields than headings, which other rows of the head were as long as."""
    width, headed = max(len(row) for row in found.head), len(found.head[match.row])
    if found.is_native or width == headed:
        return 0
    extra = pl.any_horizontal(pl.col(f"c{place}").str.strip_chars() != "" for place in range(headed, width))
    body = found.frame.filter(pl.col(ROW) > found.first_row + match.row)
    return int(body.select(extra.sum()).collect(engine="streaming").item() or 0)


def _match(found: RawSheet) -> headings.Match | None:
    layouts = [(name, layout) for name, module in adapters().items() for layout in module.SHEETS]
    stem = Path(found.file).stem
    names = [found.sheet] if found.sheet else [stem, *stem.replace("-", "_").split("_")]
    return headings.recognize(found.head, layouts, names, found.where)


def _named(found: RawSheet, match: headings.Match, index: int) -> pl.LazyFrame:
    known = {*match.layout.required, *match.layout.optional}
    text = {name: pl.col(f"c{place}").str.strip_chars() for name, place in match.columns.items()}
    columns = [
        pl.when(text[name] != "").then(text[name]) if name in text else pl.lit(None, pl.String) for name in known
    ]
    origin = {
        ORIGIN[0]: pl.lit(index, pl.Int64),
        ORIGIN[1]: pl.lit(found.file),
        ORIGIN[2]: pl.lit(found.sheet, pl.String),
    }
    body = found.frame.filter(pl.col(ROW) > found.first_row + match.row)
    return body.select(ROW, **origin, **dict(zip(known, columns, strict=True))).select(*ORIGIN, *sorted(known))


def _dated(read: list[_Read], context: Context) -> list[_Read]:
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


def _tables(read: list[_Read], context: Context) -> dict[str, list[pl.LazyFrame]]:
    tables: dict[str, list[pl.LazyFrame]] = {}
    for name, module in adapters().items():
        sheets = [item.sheet for item in read if item.sheet and item.format == name]
        for table, frame in (module.read(sheets, context) if sheets else {}).items():
            tables.setdefault(table, []).append(frame)
    if context.estate.datacenters:
        tables.setdefault("datacenters", []).append(_told_datacenters(context.estate))
    return tables


def _told_datacenters(estate: Estate) -> pl.LazyFrame:
    rows = [{"source_row": number, **line} for number, line in enumerate(estate.datacenters, start=1)]
    frame = pl.LazyFrame(rows, schema_overrides={"source_row": pl.Int64}, infer_schema_length=None)
    last = 2**22 - 1
    return frame.with_columns(
        pl.lit(last, pl.Int64).alias(ORIGIN[0]),
        pl.lit(sources.ESTATE).alias(ORIGIN[1]),
        pl.lit("datacenters").alias(ORIGIN[2]),
    )


def _accounts(found: list[_Read], read: list[_Read], paths: dict[str, Path]) -> pl.DataFrame:
    """Count for every sheet the rows that were read, that became canonical rows, and that did not."""
    row = pl.col("row_id").floordiv(2**PART_BITS)
    used = [pl.scan_parquet(path).select(row.alias("row")) for path in paths.values()]
    per_sheet = pl.concat(used).unique().group_by(pl.col("row").floordiv(2 ** (ROW_BITS - PART_BITS)).alias("index"))
    mapped = dict(per_sheet.len().collect(engine="streaming").iter_rows())
    sheets = {(item.account["file"], item.account["sheet"]): item.sheet for item in read if item.sheet}
    rows = []
    for item in found:
        sheet = sheets.get((item.account["file"], item.account["sheet"]))
        count = mapped.get(sheet.index, 0) if sheet else 0
        counts = {"rows_mapped": count, "rows_ignored": item.account["rows_read"] - count, "rows_quarantined": 0}
        rows.append(item.account | counts | {"snapshot_on": sheet.snapshot_on if sheet else None})
    schema = {name: t for name, t in ANSWERS["sources"].schema.items() if name not in {ENTITY, "rule", "reason"}}
    return pl.DataFrame(rows, schema=schema).sort("file", "sheet", nulls_last=False)


def _nothing(exports: Path, found: Iterable[_Read]) -> str:
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


def _unique(names: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    unique = []
    for place, name in enumerate(names):
        plain = name or f"column {place + 1}"
        counts[plain] = counts.get(plain, 0) + 1
        unique.append(plain if counts[plain] == 1 else f"{plain} ({counts[plain]})")
    return unique
