"""Open delimited text: find its encoding, its delimiter and its width, then stream it."""

import atexit
import codecs
import contextlib
import csv
import itertools
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from lmanalytics.errors import ExportError

ROW = "source_row"
_DELIMITERS = ",;\t|"
_SNIFFED = 1 << 18
_SNIFFED_ROWS = 200
_CHUNK = 1 << 20
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_FALLBACK = "cp1252"
_counter = itertools.count()


@dataclass(frozen=True)
class Delimited:
    """A text file as columns `c0`, `c1`, … and `source_row`."""

    head: tuple[tuple[str | None, ...], ...]
    first_row: int
    frame: pl.LazyFrame
    filled_rows: int
    wide_rows: int
    repaired: str


def open_text(path: Path, file: str, head_rows: int) -> Delimited:
    """Open a CSV or TSV file of any common encoding and delimiter without reading it into memory.

    Raises ExportError when it is not text or its quotes do not match.
    """
    encoding = _encoding(path, file)
    text = _start(path, encoding)
    skipped = 1 if text.casefold().startswith(("sep=", "#type ")) else 0
    lines = text.splitlines(keepends=True)[skipped:]
    told = text[len("sep=") : len("sep=") + 1] if text.casefold().startswith("sep=") else ""
    delimiter = told if told in _DELIMITERS and told else _delimiter(lines)
    head = tuple(_records(lines, delimiter, head_rows))
    width = max((len(row) for row in head), default=1)
    is_plain = encoding in {"utf-8", "utf-8-sig"} and "\r" not in text.replace("\r\n", "")
    plain = path if is_plain else _as_utf8(path, encoding)
    repaired = "" if encoding != _FALLBACK else "it is not UTF-8 and was read as Windows-1252"
    try:
        return _scanned(plain, delimiter, skipped, head, width, repaired)
    except pl.exceptions.PolarsError:
        repaired = "quotes stand where none are expected; its fields were told apart as Excel does"
        rewritten = _rewritten(plain, delimiter, skipped, file)
        return _scanned(rewritten, ",", 0, head, width, repaired, offset=skipped)


def scratch(suffix: str) -> Path:
    """Return a new temporary file's path; it is removed when the program ends."""
    return _scratch_folder() / f"{next(_counter)}{suffix}"


@cache
def _scratch_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="lmanalytics-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _encoding(path: Path, file: str) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        chunk = stream.read(_CHUNK)
        for mark, encoding in _MARKS.items():
            if chunk.startswith(mark):
                return encoding
        if b"\0" in chunk:
            if chunk[1::2].count(0) * 4 > len(chunk):
                return "utf-16-le"
            message = f"{file} is not text, so it cannot be read as a table. Export it as CSV or .xlsx, or remove it."
            raise ExportError(message)
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _FALLBACK
    return "utf-8"


def _start(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        text = stream.read(_SNIFFED)
    if len(text) < _SNIFFED:
        return text
    return text[: text.rfind("\n") + 1] or text


def _delimiter(lines: list[str]) -> str:
    best, chosen = (0.0, 0), ","
    for delimiter in _DELIMITERS:
        widths = Counter(len(row) for row in _records(lines, delimiter, _SNIFFED_ROWS) if row)
        (width, times), *_ = widths.most_common(1) or [(1, 0)]
        score = (times / max(1, widths.total()), width)
        if width > 1 and score > best:
            best, chosen = score, delimiter
    return chosen


def _records(lines: list[str], delimiter: str, count: int) -> list[list[str]]:
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # a field without end; scanning the file says where
        rows.extend(itertools.islice(csv.reader(lines, delimiter=delimiter), count))
    return rows


def _as_utf8(path: Path, encoding: str) -> Path:
    plain = scratch(".csv")
    with path.open(encoding=encoding, errors="replace") as source, plain.open("w", encoding="utf-8", newline="") as to:
        while chunk := source.read(_CHUNK):
            to.write(chunk)
    return plain


def _rewritten(path: Path, delimiter: str, skipped: int, file: str) -> Path:
    plain = scratch(".csv")
    with path.open(encoding="utf-8-sig", newline="") as source, plain.open("w", encoding="utf-8", newline="") as to:
        rows = csv.reader(itertools.islice(source, skipped, None), delimiter=delimiter)
        try:
            csv.writer(to, lineterminator="\n").writerows(rows)
        except csv.Error as error:
            message = (
                f"{file}, line {rows.line_num + skipped}: a quoted field does not end ({error}), so the rows after "
                "it cannot be told apart. Correct the quotes there, or export the file again."
            )
            raise ExportError(message) from error
    return plain


def _scanned(
    path: Path,
    delimiter: str,
    skipped: int,
    head: tuple[list[str], ...],
    width: int,
    repaired: str,
    offset: int = 0,
) -> Delimited:
    names = [f"c{place}" for place in range(width + 1)]
    first_row = 1 + skipped + offset
    lazy = pl.scan_csv(
        path,
        has_header=False,
        skip_lines=skipped,
        separator=delimiter,
        schema=dict.fromkeys(names, pl.String),
        truncate_ragged_lines=True,
        missing_columns="insert",
        row_index_name=ROW,
        row_index_offset=first_row,
    ).with_columns(pl.col(ROW).cast(pl.Int64))
    is_filled = pl.any_horizontal(pl.col(name).str.strip_chars() != "" for name in names)
    counts = lazy.select(is_filled.sum(), wide=(pl.col(names[-1]).str.strip_chars() != "").sum())
    filled, wide = counts.collect(engine="streaming").row(0)
    rows = tuple(tuple(cell or None for cell in row) for row in head)
    return Delimited(rows, first_row, lazy.filter(is_filled).drop(names[-1]), filled or 0, wide or 0, repaired)
