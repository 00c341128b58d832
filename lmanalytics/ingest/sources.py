"""Find the files of an exports folder and open each sheet in them as text."""

import contextlib
import hashlib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import fastexcel
import polars as pl

from lmanalytics.errors import ExportError
from lmanalytics.ingest import delimited, text_rows

ESTATE = "estate.yaml"
_SAID = frozenset({ESTATE, "corrections.yaml"})
ROW = "source_row"
HEAD_ROWS = 40
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})
_TABLES = frozenset({".csv", ".tsv", ".tab", ".txt", *_WORKBOOKS, ".xls", ".xlsb", ".parquet"})
_OLE2 = bytes.fromhex("D0CF11E0A1B11AE1")
_ZIP, _PARQUET = b"PK\x03\x04", b"PAR1"
_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_. ]?(\d{2})[-_. ]?(\d{2})(?!\d)")
_CELLS_IN_MEMORY = 50_000


@dataclass(frozen=True)
class RawSheet:
    """One sheet or file as text: columns `c0`, `c1`, … and `source_row`, the row number a person sees."""

    file: str
    sheet: str | None
    path: Path
    head: tuple[tuple[str | None, ...], ...]
    """The first rows."""
    first_row: int
    """The row number of the first of them; 0 for Parquet, whose headings are no row."""
    frame: pl.LazyFrame
    filled_rows: int
    """Rows with anything in them, headings included."""
    wide_rows: int = 0
    """Rows with more fields than there are columns."""
    is_trimmed: bool = False
    """Cells have no blanks around them and empty ones are null; only the columns that are wanted are there."""
    is_native: bool = False
    """Numbers were stored as numbers, so that a point is a decimal point."""
    repaired: str = ""
    """What had to be done before the text could be read."""
    parked: Path | None = None
    """The Parquet file that `frame` is, where it is one as it stands."""

    @property
    def where(self) -> str:
        """File and sheet, as messages name them."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file


Wanted = Callable[[RawSheet], Collection[int] | None]


def files(exports: Path) -> list[Path]:
    """Return every file below `exports` in order, without hidden files, lock files and what people say beside them."""
    found = (path for path in exports.rglob("*") if path.is_file())
    names = ((path.relative_to(exports), path) for path in found)
    kept = ((name, path) for name, path in names if not any(part.startswith((".", "~$")) for part in name.parts))
    return [path for name, path in sorted(kept, key=lambda pair: pair[0].as_posix()) if name.as_posix() not in _SAID]


def day_in_name(file: str) -> date | None:
    """Return the day that a file's name (or else a folder's) carries, such as export_all_2024-05-01_10.15.00."""
    for part in reversed(file.split("/")):
        for year, month, day in _DAY.findall(part):
            with contextlib.suppress(ValueError):
                return date(int(year), int(month), int(day))
    return None


def is_table(path: Path) -> bool:
    """Tell whether a file's suffix is one that tables come in."""
    return path.suffix.casefold() in _TABLES


def sha256(path: Path) -> str:
    """Return the fingerprint of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sheets(path: Path, file: str, wanted: Wanted | None = None) -> Iterator[RawSheet]:
    """Open each sheet of a file, one at a time.

    Args:
        path: the file.
        file: its name in messages.
        wanted: asked for the places of the columns that are read of a text, by its first rows; None for all.

    Raises:
        ExportError: the file is empty, encrypted, damaged or no table.
    """
    kind = _kind(path, file)
    if kind == "parquet":
        yield _parquet(path, file)
    elif kind == "workbook":
        yield from _workbook(path, file)
    else:
        yield _text(path, file, wanted)


def shown(path: Path, file: str, sheet: str | None, rows: pl.Series | None) -> RawSheet | None:
    """Open one sheet to show some of its rows, given by their `source_row`; None when there is no such sheet."""
    kind = _kind(path, file)
    if kind == "text" and sheet is None and rows is not None:
        text = delimited.open_text(path, file, HEAD_ROWS)
        return RawSheet(file, None, path, text.head, text.first_row, text_rows.shown(path, file, text, rows), 0)
    found = _workbook(path, file, sheet) if kind == "workbook" else sheets(path, file)
    for raw in (raw for raw in found if raw.sheet == sheet):
        return raw if rows is None else replace(raw, frame=raw.frame.filter(pl.col(ROW).is_in(rows.implode())))
    return None


def _kind(path: Path, file: str) -> str:
    with path.open("rb") as stream:
        start = stream.read(len(_OLE2))
    if not start:
        message = f"{file} is empty (0 bytes), so nothing can be read from it. Export it again, or remove it."
        raise ExportError(message)
    if start == _OLE2:
        raise ExportError(_encrypted(file, path))
    if start.startswith(_PARQUET):
        return "parquet"
    if start.startswith(_ZIP):
        return "workbook"
    if path.suffix.casefold() in _WORKBOOKS | {".xls", ".xlsb"}:
        message = f"{file} is named like a workbook but is none. Open it in Excel and save it as .xlsx or CSV."
        raise ExportError(message)
    return "text"


def _encrypted(file: str, path: Path) -> str:
    if path.suffix.casefold() == ".xls":
        return f"{file} is a workbook in the old .xls format, or is encrypted. Save it as .xlsx or CSV, unprotected."
    return (
        f"{file} is encrypted: it has a password or a sensitivity label (or is an old .xls under a new name), so "
        "nothing in it can be read. Remove the password or the label in Excel, or export the sheets as CSV."
    )


def _workbook(path: Path, file: str, only: str | None = None) -> Iterator[RawSheet]:
    try:
        book = fastexcel.read_excel(path)
        names = book.sheet_names
    except Exception as error:
        message = f"{file} cannot be opened as a workbook ({_brief(error)}). Save it again as .xlsx, or export CSV."
        raise ExportError(message) from error
    for name in names if only is None else [name for name in names if name == only]:
        try:
            frame = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
        except fastexcel.FastExcelError as error:
            if "not a valid worksheet" in str(error):
                continue  # a chart
            message = f"{file}, sheet {name} cannot be read ({_brief(error)}). Save it again, or export it as CSV."
            raise ExportError(message) from error
        yield _book_sheet(path, file, name, frame)


def _book_sheet(path: Path, file: str, name: str, frame: pl.DataFrame) -> RawSheet:
    frame = frame.rename({old: f"c{place}" for place, old in enumerate(frame.columns)})
    head = tuple(frame.head(HEAD_ROWS).rows())
    rows = frame.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    rows = rows.filter(_is_filled(frame.columns)) if frame.columns else rows
    filled, lazy = rows.height, rows.lazy()
    if rows.height * rows.width > _CELLS_IN_MEMORY:
        parked = delimited.scratch(".parquet")
        rows.write_parquet(parked)
        lazy = pl.scan_parquet(parked)
    return RawSheet(file, name, path, head, 1, lazy, filled, is_native=True)


def _parquet(path: Path, file: str) -> RawSheet:
    try:
        lazy = pl.scan_parquet(path)
        schema = lazy.collect_schema()
        rows = lazy.select(pl.len()).collect().item()
    except pl.exceptions.PolarsError as error:
        message = f"{file} cannot be read as Parquet ({_brief(error)}). Write it again."
        raise ExportError(message) from error
    columns = [_as_text(name, dtype).alias(f"c{place}") for place, (name, dtype) in enumerate(schema.items())]
    number = pl.col("index").cast(pl.Int64).alias(ROW)
    lazy = lazy.with_row_index("index", offset=1).select(number, *columns)
    return RawSheet(file, None, path, (tuple(schema.names()),), 0, lazy, rows + 1, is_native=True)


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        return column.cast(pl.List(pl.String)).list.join(";")
    if isinstance(dtype, pl.Datetime):
        return column.dt.to_string("%Y-%m-%d %H:%M:%S")
    return column.cast(pl.String)


def _text(path: Path, file: str, wanted: Wanted | None) -> RawSheet:
    text = delimited.open_text(path, file, HEAD_ROWS)
    sheet = RawSheet(file, None, path, text.head, text.first_row, pl.LazyFrame(), 0)
    places = wanted(sheet) if wanted else None
    rows = text_rows.counted(path, file, text) if places is None else text_rows.parked(path, file, text, places)
    return replace(
        sheet,
        frame=rows.frame,
        filled_rows=rows.filled,
        wide_rows=rows.wide,
        repaired=rows.repaired,
        is_trimmed=places is not None,
        parked=rows.parked,
    )


def _is_filled(columns: list[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(column).str.strip_chars() != "" for column in columns)


def _brief(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:120]
