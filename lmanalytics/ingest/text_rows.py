"""Stream the rows of delimited text: count them, park what is wanted of them, or show single ones."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import polars as pl

from lmanalytics.ingest import delimited
from lmanalytics.ingest.delimited import ROW, Text
from lmanalytics.ingest.holding import sunk

_Key = tuple[Path, int, int]
_T = TypeVar("_T")
_sound: dict[_Key, Text] = {}
"""The texts that were read to their end, without their heads."""


@dataclass(frozen=True)
class Rows:
    """The filled rows of a text, as `source_row` and columns `c0`, `c1` and so on."""

    frame: pl.LazyFrame
    filled: int
    wide: int
    """Rows with more fields than there are columns."""
    repaired: str
    parked: Path | None = None
    """The Parquet file that `frame` is, if any."""


def counted(path: Path, file: str, text: Text) -> Rows:
    """Count the rows of `file`, opened as `text`; all columns come back, as they stand.

    Raises ExportError when a quoted field does not end.
    """
    text, (filled, wide) = _to_the_end(path, file, text, _counts)
    return Rows(_whole(text), filled, wide, text.repaired)


def parked(path: Path, file: str, text: Text, places: Collection[int]) -> Rows:
    """Count the rows of `file` and keep some of its columns in a temporary Parquet file, in one reading.

    The columns that are kept are trimmed, and empty cells are null. Raises ExportError as `counted` does.
    """
    kept = delimited.scratch(".parquet")
    names = [f"c{place}" for place in sorted(places)]
    text, (filled, wide) = _to_the_end(path, file, text, lambda opened: _park(opened, names, kept))
    return Rows(pl.scan_parquet(kept), filled, wide, text.repaired, kept)


def sound(path: Path) -> Text | None:
    """Return how a text that was read to its end is told apart, None where that takes a copy of it."""
    text = _sound.get(_key(path))
    return text if text and text.path == path else None


def trust(text: Text) -> None:
    """Take over what `sound` returned of a file with the same bytes."""
    _sound[_key(text.path)] = text


def shown(path: Path, file: str, text: Text, rows: pl.Series) -> pl.LazyFrame:
    """Return some rows of `file`, by their `source_row`, with all columns as they stand.

    A text that was counted or parked before is not parsed again: only the lines of these rows are.
    """
    wanted = rows.cast(pl.Int64).unique().sort()
    if (key := _key(path)) not in _sound:
        return counted(path, file, text).frame.filter(pl.col(ROW).is_in(wanted.implode()))
    text = _sound[key]
    lines = _lines(text, wanted)
    if not lines[ROW].is_duplicated().any():
        cells = pl.read_csv(
            BytesIO("\n".join(lines["line"]).encode() + b"\n"),
            has_header=False,
            separator=text.delimiter,
            schema=dict.fromkeys(text.names, pl.String),
            truncate_ragged_lines=True,
            missing_columns="insert",
        )
        if cells.height == lines.height:
            numbered = cells.lazy().with_columns(lines[ROW]).filter(_is_filled(text.names))
            return numbered.select(ROW, *text.names[:-1])
    return _whole(text).filter(pl.col(ROW).is_in(wanted.implode()))  # exact line breaks within cells


def _to_the_end(path: Path, file: str, text: Text, read: Callable[[Text], _T]) -> tuple[Text, _T]:
    """Read a text, and once more with its fields told apart anew where its quotes do not fit."""
    text = _sound.get(_key(path), text)
    try:
        result = read(text)
    except pl.exceptions.PolarsError:
        text = delimited.rewritten(text, file)
        result = read(text)
    _sound[_key(path)] = replace(text, head=())
    return text, result


def _key(path: Path) -> _Key:
    found = path.stat()
    return path, found.st_size, found.st_mtime_ns


def _whole(text: Text) -> pl.LazyFrame:
    return text.scan().filter(_is_filled(text.names)).drop(text.names[-1])


def _counts(text: Text) -> tuple[int, int]:
    counts = text.scan().select(_is_filled(text.names).sum(), wide=_is_wide(text).sum())
    filled, wide = counts.collect(engine="streaming").row(0)
    return filled or 0, wide or 0


def _park(text: Text, names: list[str], kept: Path) -> tuple[int, int]:
    """Park rows with the columns that are wanted.

    Other columns are read only where quotes do not fit, and where a row has nothing in those that are wanted.
    """
    others = [name for name in text.names if name not in names]
    rows = text.scan().with_columns(_trimmed(name) for name in names)
    seen = rows.select(
        pl.len().alias("rows"),
        pl.coalesce(pl.lit(None, pl.String), *names).is_not_null().sum().alias("filled"),
        _is_wide(text).sum().alias("wide"),
        *([] if delimited.quotes_fit(text) else [pl.coalesce(others).is_not_null().any().alias("more")]),
    )
    told = pl.collect_all([sunk(rows.select(ROW, *names), kept), seen], engine="streaming")
    counts = told[1].row(0, named=True)
    wide = counts["wide"] or 0
    if counts["filled"] == counts["rows"]:
        return counts["rows"], wide
    filled = text.scan().filter(_is_filled(text.names)).select(ROW, *(_trimmed(name) for name in names))
    sunk(filled, kept).collect(engine="streaming")
    return pl.scan_parquet(kept).select(pl.len()).collect().item(), wide


def _lines(text: Text, wanted: pl.Series) -> pl.DataFrame:
    """Return the lines of some rows: a row ends with the first line by which as many quotes close as open."""
    lines = pl.scan_lines(text.path).slice(text.skipped)
    quotes = pl.col("line").str.count_matches('"', literal=True).cast(pl.Int64)
    begins = (quotes.cum_sum() - quotes) % 2 == 0
    numbered = lines.select("line", (begins.cast(pl.Int64).cum_sum() + (text.first_row - 1)).alias(ROW))
    return numbered.filter(pl.col(ROW).is_in(wanted.implode())).collect(engine="streaming")


def _trimmed(name: str) -> pl.Expr:
    trimmed = pl.col(name).str.strip_chars()
    return pl.when(trimmed != "").then(trimmed).alias(name)


def _is_filled(names: list[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).str.strip_chars() != "" for name in names)


def _is_wide(text: Text) -> pl.Expr:
    return pl.col(text.names[-1]).str.strip_chars() != ""
