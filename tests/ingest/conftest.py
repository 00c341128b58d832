"""Write exports as tools write them, and read them back."""

from datetime import date

import polars as pl
import pytest
import xlsxwriter

from lmanalytics.ingest.readers import ingest

AS_OF = date(2026, 6, 30)


class Exports:
    """A folder of exports and what became of it."""

    def __init__(self, folder):
        self.folder = folder / "exports"
        self.into = folder / "tables"
        self.folder.mkdir()

    def text(self, name, text, encoding="utf-8"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))
        return path

    def csv(self, name, rows, delimiter=","):
        return self.text(
            name, "".join(delimiter.join("" if cell is None else str(cell) for cell in row) + "\r\n" for row in rows)
        )

    def book(self, name, sheets):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with xlsxwriter.Workbook(str(path)) as book:
            for title, rows in sheets.items():
                sheet = book.add_worksheet(title)
                for number, row in enumerate(rows):
                    for place, cell in enumerate(row):
                        if cell is not None:
                            sheet.write(number, place, cell) if not isinstance(cell, str) else sheet.write_string(
                                number, place, cell
                            )
        return path

    def read(self, as_of=AS_OF):
        self.result = ingest(self.folder, self.into, as_of)
        return self.result

    def table(self, name):
        return pl.read_parquet(self.read().tables[name])

    def findings(self):
        return dict(self.result.findings.select("reason", "statement").iter_rows())


@pytest.fixture
def exports(tmp_path):
    return Exports(tmp_path)
