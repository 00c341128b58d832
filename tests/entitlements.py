"""Write statements and purchase lists as tests need them, and read them as a run does."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import xlsxwriter

from lmanalytics.ingest import readers

AS_OF = date(2026, 6, 30)
STATEMENT = (
    "Product Pool",
    "License Product Family",
    "License Version",
    "Effective License Quantity",
    "Upgrade License Quantity",
    "Upgrade License Quantity (w/ Maintenance)",
    "Active SA Quantity",
    "Country of Usage",
    "Expiring SA 0 - 12 Months",
    "Expiring SA 12 - 24 Months",
    "Expiring SA > 24 Months",
)


@dataclass(frozen=True)
class Read:
    """What came out of a folder of exports."""

    purchases: pl.DataFrame
    findings: dict[str, str]
    sources: pl.DataFrame

    def rows(self, *columns: str) -> list[tuple[object, ...]]:
        """Return these columns of the purchases, in the order of the file."""
        return self.purchases.sort("row_id").select(columns).rows()

    def issues(self) -> list[str]:
        """Return every issue."""
        return self.purchases.sort("row_id")["issues"].explode().drop_nulls().to_list()


def read(folder: Path, as_of: date = AS_OF) -> Read:
    """Ingest a folder."""
    into = folder / ".into"
    into.mkdir()
    done = readers.ingest(folder, into, as_of)
    path = done.tables.get("purchases")
    purchases = pl.DataFrame() if path is None else pl.read_parquet(path)
    findings = {row["reason"]: row["statement"] for row in done.findings.to_dicts()}
    return Read(purchases, findings, done.sources)


def write_list(folder: Path, text: str, name: str = "purchases.csv", encoding: str = "utf-8") -> Path:
    """Write a purchase list as it stands."""
    path = folder / name
    path.write_bytes(text.lstrip("\n").encode(encoding))
    return path


def write_book(path: Path, sheet: str, rows: dict[int, list[object]]) -> Path:
    """Write a workbook with `rows` at their row numbers, 1-based."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "yyyy/mm/dd"})
        for number, cells in rows.items():
            for place, cell in enumerate(cells):
                if isinstance(cell, date):
                    page.write_datetime(number - 1, place, cell, day)
                else:
                    page.write(number - 1, place, cell)
    return path


def write_statement(
    folder: Path,
    rows: list[list[object]],
    *,
    headings: tuple[str, ...] = STATEMENT,
    tab: str = "Pivot Data",
    calculated: object = "2026/05/31",
    place: str = "K3",
    heading_row: int = 10,
) -> Path:
    """Write a license statement with its calculation date above the headings."""
    column, row = ord(place[0]) - ord("A"), int(place[1:])
    above: dict[int, list[object]] = {1: ["License Statement"], row: [*[None] * column, calculated]}
    body = {heading_row + 1 + number: cells for number, cells in enumerate(rows)}
    return write_book(folder / "statement.xlsx", tab, above | {heading_row: list(headings)} | body)
