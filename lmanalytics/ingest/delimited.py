"""Open delimited text: find its encoding, its delimiter and its width."""

import atexit
import codecs
import contextlib
import csv
import itertools
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
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
class Text:
    """How the rows and fields of a text file are told apart."""

    path: Path
    """The file, or a copy of it in UTF-8."""
    delimiter: str
    skipped: int
    """Lines before the first row."""
    first_row: int
    """The row number that a person sees beside the first row."""
    width: int
    """Columns, as many as the longest of the first rows has fields."""
    head: tuple[tuple[str | None, ...], ...] = ()
    """The first rows."""
    repaired: str = ""
    """What had to be done before the text could be read."""

    @property
    def names(self) -> list[str]:
        """The columns, and one more that takes the fields that are too much."""
        return [f"c{place}" for place in range(self.width + 1)]

    def scan(self) -> pl.LazyFrame:
        """Return `source_row` and the columns of `names`, all text."""
        return pl.scan_csv(
            self.path,
            has_header=False,
            skip_lines=self.skipped,
            separator=self.delimiter,
            schema=dict.fromkeys(self.names, pl.String),
            truncate_ragged_lines=True,
            missing_columns="insert",
            row_index_name=ROW,
            row_index_offset=self.first_row,
        ).with_columns(pl.col(ROW).cast(pl.Int64))


def open_text(path: Path, file: str, head_rows: int) -> Text:
    """Open a CSV or TSV file of any common encoding and delimiter without reading it into memory.

    Raises ExportError when it is not text.
    """
    encoding = _encoding(path, file)
    text = _start(path, encoding)
    skipped = 1 if text.casefold().startswith(("sep=", "#type ")) else 0
    lines = text.splitlines(keepends=True)[skipped:]
    told = text[len("sep=") : len("sep=") + 1] if text.casefold().startswith("sep=") else ""
    delimiter = told if told in _DELIMITERS and told else _delimiter(lines)
    head = tuple(tuple(cell or None for cell in row) for row in _records(lines, delimiter, head_rows))
    is_plain = encoding in {"utf-8", "utf-8-sig"} and "\r" not in text.replace("\r\n", "")
    plain = path if is_plain else _as_utf8(path, encoding)
    repaired = "" if encoding != _FALLBACK else "it is not UTF-8 and was read as Windows-1252"
    width = max((len(row) for row in head), default=1)
    return Text(plain, delimiter, skipped, 1 + skipped, width, head, repaired)


def rewritten(text: Text, file: str) -> Text:
    """Tell the fields apart as Excel does, where quotes stand that the format does not allow.

    Raises ExportError when a quoted field does not end.
    """
    repaired = "quotes stand where none are expected; its fields were told apart as Excel does"
    plain = _rewritten(text.path, text.delimiter, text.skipped, file)
    return replace(text, path=plain, delimiter=",", skipped=0, repaired=repaired)


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
                if decoder.getstate()[0] or not chunk.isascii():
                    decoder.decode(chunk)
                chunk = stream.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _FALLBACK
    return "utf-8"


def quotes_fit(text: Text) -> bool:
    """Tell whether every quote stands at the edge of a field or beside another, so that fields end where they seem to.

    A text where one does not is only read well by looking into every field.
    """
    edge = np.zeros(256, dtype=np.bool_)
    edge[list(f'"\r\n{text.delimiter}'.encode())] = True
    before = b"\n"
    with text.path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if not _fit(before + chunk, edge):
                return False
            before = (before + chunk)[-2:]
    return _fit(before + b"\n", edge)


def _fit(piece: bytes, edge: npt.NDArray[np.bool_]) -> bool:
    """Look at all bytes but the first and the last."""
    if b'"' not in piece:
        return True
    codes = np.frombuffer(piece, dtype=np.uint8)
    quotes = np.flatnonzero(codes[1:-1] == ord('"')) + 1
    return bool((edge[codes[quotes - 1]] | edge[codes[quotes + 1]]).all())


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
