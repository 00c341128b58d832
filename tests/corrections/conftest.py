"""Corrections of small tables, from the text of corrections.yaml to what became of it."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.corrections.applied import applied
from lmanalytics.corrections.file import load_corrections
from lmanalytics.ingest.readers import ingest, raw
from lmanalytics.kept.corrections import corrected_by
from lmanalytics.schemas import CANONICAL

APPROVED = "  reason: It was wrong.\n  evidence: CHG-1\n  approver: J. Roe\n  approved_on: 2026-06-12\n"


def entry(name, body, approved=APPROVED):
    """The text of an entry of oses."""
    lines = "".join(f"  {line}\n" for line in body.splitlines())
    return f"- id: {name}\n  table: oses\n{lines}{approved}"


def oses(rows):
    """A canonical table of these rows, in their order."""
    given = [{"entity_id": "main", "issues": [], **row, "row_id": place} for place, row in enumerate(rows)]
    have = {name: dtype for name, dtype in CANONICAL["oses"].schema.items() if any(name in row for row in given)}
    return CANONICAL["oses"].conform(pl.LazyFrame(given, schema=have))


class Corrected:
    """A table, its corrections, and what was made of them."""

    def __init__(self, folder, rows, text):
        path = folder / "corrections.yaml"
        path.write_text(text, encoding="utf-8")
        folder.joinpath("before").mkdir(exist_ok=True)
        corrected, before = folder / "oses.parquet", folder / "before" / "oses.parquet"
        entries = load_corrections(path)
        self.given = oses(rows).collect()
        self.outcomes = applied(self.given.lazy(), "oses", entries, corrected, before)
        self.codes = dict(zip([e.id for e in entries], self.outcomes["code"], strict=True))
        self.rows, self.before = pl.read_parquet(corrected), pl.read_parquet(before)


@pytest.fixture
def corrected(tmp_path):
    return lambda rows, *entries: Corrected(tmp_path, rows, "".join(entries))


class Exports:
    """A folder of exports, read and corrected."""

    def __init__(self, folder):
        self.folder, self.into = folder / "exports", folder / "into"
        self.folder.mkdir()

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def read(self, as_of=date(2026, 6, 30)):
        read = ingest(self.folder, self.into / "tables", as_of)

        def cells(file, sheet, rows):
            return raw(self.folder, file, sheet, rows)

        return corrected_by(None, self.folder, read, self.into, {}, cells, as_of)


@pytest.fixture
def exports(tmp_path):
    return Exports(tmp_path)
