"""Open every file of an exports folder and recognize its sheets."""

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

import lmanalytics.ingest as package
from lmanalytics.ingest import headings, sources
from lmanalytics.ingest.adapter import ORIGIN, Context, Sheet
from lmanalytics.ingest.keeping import Keeping
from lmanalytics.ingest.sources import ROW, RawSheet

UNKNOWN, DUPLICATE = "unknown", "duplicate"


@dataclass(frozen=True)
class Found:
    """One sheet as it was found: its account, and the sheet itself when its kind is known."""

    account: dict[str, Any]
    raw: RawSheet | None = None
    sheet: Sheet | None = None
    format: str = UNKNOWN


@cache
def adapters() -> dict[str, ModuleType]:
    """Return the adapters by format: every module of this package with FORMAT and SHEETS."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [import_module(f"{package.__name__}.{name}") for name in names if name != "readers"]
    return {module.FORMAT: module for module in modules if hasattr(module, "FORMAT") and hasattr(module, "SHEETS")}


def find_all(exports: Path, context: Context, digests: Mapping[str, str], keeping: Keeping) -> Iterator[Found]:
    """Open every file in turn; the same bytes are read once, and not at all where `digests` has their SHA-256."""
    seen: dict[str, str] = {}
    auxiliary: set[str] = set()
    index = 0
    for path in sources.files(exports):
        file = path.relative_to(exports).as_posix()
        digest = digests.get(file) or sources.sha256(path)
        account = {"file": file, "sheet": None, "sha256": digest, "format": UNKNOWN, "rows_read": 0}
        if digest in seen:
            yield Found(account | {"format": DUPLICATE})
            if digest not in auxiliary:
                _note_twice(file, seen[digest], context)
            continue
        seen[digest] = file
        if not sources.is_table(path):
            yield Found(account)
            continue
        kinds = set()
        for found in keeping.sheets(path, file, _wanted):
            opened = _opened(found, account | {"sheet": found.sheet}, index, context)
            kinds.add(opened.sheet is not None and opened.sheet.layout.is_auxiliary)
            yield opened
            index += 1
        if kinds == {True}:
            auxiliary.add(digest)


def _note_twice(file: str, first: str, context: Context) -> None:
    """Say that a file was given twice; tabs that only support others are alike in every export of one vCenter."""
    context.find(
        "warning",
        "file_given_twice",
        file,
        f"{file} has the same content as {first} and was read once.",
        "Remove one of the two.",
    )


def _opened(found: RawSheet, account: dict[str, Any], index: int, context: Context) -> Found:
    match = match_of(found)
    if match is None:
        return Found(account | {"rows_read": max(0, found.filled_rows - 1)})
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
        rows,
    )
    wide = replace(found, wide_rows=found.wide_rows + _beyond(found, match), head=())
    return Found(account | {"format": match.format, "rows_read": rows}, wide, sheet, match.format)


def _wanted(found: RawSheet) -> set[int] | None:
    """Tell the columns that are read of a text: those with a known heading, and those with none."""
    match = match_of(found)
    if match is None:
        return None
    return {*match.columns.values(), *range(len(found.head[match.row]), max(len(row) for row in found.head))}


def _beyond(found: RawSheet, match: headings.Match) -> int:
    """Count the rows with more fields than headings, which other rows of the head were as long as."""
    width, headed = max(len(row) for row in found.head), len(found.head[match.row])
    if found.is_native or width == headed:
        return 0
    extra = pl.any_horizontal(pl.col(f"c{place}").str.strip_chars() != "" for place in range(headed, width))
    body = found.frame.filter(pl.col(ROW) > found.first_row + match.row)
    return int(body.select(extra.sum()).collect(engine="streaming").item() or 0)


def match_of(found: RawSheet) -> headings.Match | None:
    """Return how a sheet was recognized, None for one of no known kind."""
    return _match_of(found.head, found.file, found.sheet, found.where)


@lru_cache(maxsize=1)
def _match_of(
    head: tuple[tuple[str | None, ...], ...], file: str, sheet: str | None, where: str
) -> headings.Match | None:
    layouts = [(name, layout) for name, module in adapters().items() for layout in module.SHEETS]
    stem = Path(file).stem
    names = [sheet] if sheet else [stem, *stem.replace("-", "_").split("_")]
    return headings.recognize(head, layouts, names, where)


def _named(found: RawSheet, match: headings.Match, index: int) -> pl.LazyFrame:
    known = {*match.layout.required, *match.layout.optional}
    text = {name: pl.col(f"c{place}") for name, place in match.columns.items()}
    if not found.is_trimmed:
        trimmed = {name: cell.str.strip_chars() for name, cell in text.items()}
        text = {name: pl.when(cell != "").then(cell) for name, cell in trimmed.items()}
    columns = [text.get(name, pl.lit(None, pl.String)) for name in known]
    origin = {
        ORIGIN[0]: pl.lit(index, pl.Int64),
        ORIGIN[1]: pl.lit(found.file),
        ORIGIN[2]: pl.lit(found.sheet, pl.String),
    }
    return (
        _body(found, match)
        .select(ROW, **origin, **dict(zip(known, columns, strict=True)))
        .select(*ORIGIN, *sorted(known))
    )


def _body(found: RawSheet, match: headings.Match) -> pl.LazyFrame:
    """Return the rows below the headings, without headings repeated among them."""
    is_below = pl.col(ROW) > found.first_row + match.row
    if not found.is_trimmed:
        return found.frame.filter(is_below, ~_is_repeated(match))
    sizes = {f"c{place}": len(match.told[place].encode()) for place in sorted(match.columns.values())[:2]}
    as_long = pl.all_horizontal(pl.col(name).str.len_bytes() == size for name, size in sizes.items())
    looks = found.frame.select((~is_below).sum(), alike=(is_below & as_long).any())
    above, alike = looks.collect(engine="streaming").row(0)
    body = found.frame.slice(above or 0)  # what is parked is in order, and a slice costs nothing
    return body.filter(~_is_repeated(match)) if alike else body


def _is_repeated(match: headings.Match) -> pl.Expr:
    """Tell the rows that repeat the headings, as files merged by hand do."""
    places = sorted(match.columns.values())[:2]
    alike = [pl.col(f"c{p}").str.strip_chars().str.to_lowercase().eq_missing(pl.lit(match.told[p])) for p in places]
    return pl.all_horizontal(alike)
