"""Canonical tables that a person wrote by hand, as CSV, workbook or Parquet, recognized by their columns."""

from collections.abc import Sequence

import polars as pl

from lmanalytics.ingest.access_names import NAMED, named
from lmanalytics.ingest.adapter import ORIGIN, Context, Layout, Pieces, Sheet
from lmanalytics.schemas import CANONICAL, ENTITY, Table

FORMAT = "canonical"
_LEAST_SHARE = 0.5
_FILLED_IN = frozenset({"enrollment_id", "observed_on"})
_TELLING = frozenset({("purchases", "metric"), ("purchases", "purchase_type")})
"""Columns that may have empty cells, and without which the table is another format's."""


def _layout(table: Table) -> Layout:
    optional_keys = {name for name in table.key if table.columns[name].is_optional}
    required = [
        name
        for name, column in table.columns.items()
        if name not in _FILLED_IN | optional_keys
        and column.default is None
        and (column.is_required or name in table.key or (table.name, name) in _TELLING)
    ]
    every = [*table.columns, ENTITY]
    spelled: dict[str, tuple[str, ...]] = {name: (name,) for name in every}
    needed = {name: spelled.pop(name) for name in required}
    return Layout(table.name, needed, spelled, hints=(table.name,), least_share=_LEAST_SHARE)


SHEETS = tuple(_layout(table) for table in CANONICAL.values())


def read(sheets: Sequence[Sheet], context: Context) -> Pieces:
    """Return the rows of each sheet."""
    for sheet in sheets:
        _report(sheet, context)
        yield sheet.layout.name, _rows(sheet)


def _rows(sheet: Sheet) -> pl.LazyFrame:
    """Give a table of observations the day of its file where a row has none."""
    table, frame = sheet.layout.name, sheet.frame
    columns = [ENTITY, *CANONICAL[table].columns]
    if "observed_on" in columns and sheet.snapshot_on:
        frame = frame.with_columns(pl.col("observed_on").fill_null(str(sheet.snapshot_on)))
    if table in NAMED:
        return named(frame.select(*ORIGIN, *columns), table)
    filled = {"observed_on", *sheet.found}
    return frame.select(*ORIGIN, *(name for name in columns if name in filled))


def _report(sheet: Sheet, context: Context) -> None:
    if sheet.unmapped:
        names = ", ".join(sheet.unmapped)
        context.find(
            "info",
            "column_not_used",
            sheet.file,
            f"{sheet.file}: the table {sheet.layout.name} has no column {names}, so it was not read.",
            "Nothing, unless a name is misspelled.",
        )
