"""Find the columns with cells that are not plainly of their type, and settle how each sheet writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from lmanalytics.ingest import days, numerals
from lmanalytics.ingest.readings import DAYS, INDEX, Seen, is_odd, read_moment, text_of
from lmanalytics.schemas import Column


@dataclass(frozen=True)
class Convention:
    """How one sheet writes what is ambiguous, when its columns do not show it."""

    dates: str | None = None
    decimal: str | None = None


def odd_columns(frame: pl.LazyFrame, columns: list[Column]) -> list[str]:
    """Return the columns with cells that are not plainly of their type."""
    if not columns:
        return []
    moments = frame.with_columns(read_moment(column, {}) for column in columns if column.type in DAYS)
    counts = moments.select(is_odd(column).sum().alias(column.name) for column in columns).collect(engine="streaming")
    return [column.name for column in columns if counts[column.name].item()]


def settled(frame: pl.LazyFrame, odd: list[Column], conventions: Mapping[int, Convention]) -> dict[str, Seen]:
    """Settle how each sheet writes its odd columns: as their cells show it, else as estate.yaml tells."""
    known = [column for column in odd if column.type in {"integer", "money", "date", "timestamp"}]
    seen = {column.name: Seen({}) for column in odd}
    if known:
        evidence = frame.group_by(INDEX).agg(e for column in known for e in _evidence(column))
        rows = evidence.sort(INDEX).collect(engine="streaming").to_dicts()
        seen |= {column.name: Seen(_settle(column, known, rows, conventions)) for column in known}
    return seen


def _evidence(column: Column) -> list[pl.Expr]:
    text = text_of(column)
    if column.type in DAYS:
        yes, no = days.day_first_evidence(text), days.month_first_evidence(text)
    else:
        yes, no = numerals.comma_evidence(text), numerals.point_evidence(text)
    return [yes.sum().alias(f"{column.name} yes"), no.sum().alias(f"{column.name} no")]


def _settle(
    column: Column, known: list[Column], rows: list[dict[str, Any]], conventions: Mapping[int, Convention]
) -> dict[int, bool]:
    is_day = column.type in DAYS
    alike = [c.name for c in known if (c.type in DAYS) == is_day and c.type != "integer"]
    settled = {}
    for row in rows:
        convention = conventions.get(row[INDEX], Convention())
        yes, no = row[f"{column.name} yes"], row[f"{column.name} no"]
        if not yes and not no and is_day:  # a tool writes all its dates alike
            yes, no = sum(row[f"{name} yes"] for name in alike), sum(row[f"{name} no"] for name in alike)
        told = convention.dates == "day_first" if is_day else convention.decimal == "comma"
        if bool(yes) != bool(no):
            settled[row[INDEX]] = bool(yes)
        elif (convention.dates if is_day else convention.decimal) and column.type != "integer":
            settled[row[INDEX]] = told
    return settled
