"""Text of corrections as values of a column."""

from collections.abc import Iterable

import polars as pl

from lmanalytics.corrections.file import PLACES, Correction, fail
from lmanalytics.errors import did_you_mean
from lmanalytics.schemas import CANONICAL, ENTITY, PROVENANCE, Column

_BOOLEAN = {"true": True, "yes": True, "false": False, "no": False}
_WHAT = {
    "integer": "a whole number such as 16",
    "money": "an amount such as 1250.00",
    "date": "a date such as 2026-06-30",
    "timestamp": "a date and time such as 2026-06-30 18:00:00",
    "boolean": "true or false",
}


def column_of(table: str, name: str) -> Column:
    """Return the column of a table that corrections may name, `PLACES` and the entity included."""
    if name in PLACES.values():
        kind = "integer" if PROVENANCE[name] == pl.Int64() else "text"
        return Column(name, kind, is_required=False, is_optional=True)
    if name == ENTITY:
        return Column(name, "text", is_required=True, is_optional=False)
    return CANONICAL[table].columns[name]


def values(texts: Iterable[str | None], column: Column) -> pl.Series:
    """Return texts as values of a column, null where one cannot be."""
    text = pl.Series(column.name, list(texts), pl.String)
    bare = text.str.strip_chars()
    match column.type:
        case "integer":
            found = bare.str.extract(r"^([+-]?\d{1,18})$").cast(pl.Int64)
        case "money":
            found = bare.str.extract(r"^([+-]?\d{1,30}(?:\.\d{1,4})?)$").cast(column.dtype)
        case "date":
            found = bare.str.to_date("%Y-%m-%d", strict=False)
        case "timestamp":
            found = bare.str.replace("T", " ", literal=True).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
        case "boolean":
            found = bare.str.to_lowercase().replace_strict(_BOOLEAN, default=None, return_dtype=pl.Boolean)
        case "list":
            found = text.str.split(";")
        case _:
            known = pl.Series(list(column.values), dtype=pl.String)
            found = text.set(~text.is_in(known.implode()), None) if column.values else text
    return found.cast(column.dtype).alias(column.name)


def certain(what: str, texts: list[str | None], column: Column, entries: list[Correction]) -> pl.Series:
    """Return texts as values of a column.

    Raises:
        CorrectionError: one cannot be a value of it; the message names its line.

    """
    found = values(texts, column)
    wrong = (found.is_null() & pl.Series(texts, dtype=pl.String).is_not_null()).arg_true()
    if len(wrong):
        place = wrong[0]
        text = str(texts[place])
        kind = f"one of {', '.join(column.values)}" if column.values else _WHAT[column.type]
        hint = did_you_mean(text, column.values)
        fail(entries[place].line, f"{what} of {column.name} is {kind}, not {text[:80]!r}.{hint}")
    return found
