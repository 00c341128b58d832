"""Turn texts of a scenario file into values of the canonical columns, and into conditions on them."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from lmanalytics.errors import did_you_mean
from lmanalytics.schemas import CANONICAL, ENTITY, PROVENANCE, TYPES, Column
from lmanalytics.whatif.scenario_document import Entry

ANY = "*"
_OPERATORS: dict[str, Callable[[pl.Expr, Any], pl.Expr]] = {
    ">=": lambda column, value: column >= value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    "<": lambda column, value: column < value,
}
_ORDERED = ("integer", "money", "date", "timestamp")
_COMPARED = re.compile(r"^(>=|<=|!=|>|<|=)\s*(.*)$", re.DOTALL)
_RANGE = re.compile(r"^([^.]+(?:\.\d+)?)\s*\.\.\s*([^.]+(?:\.\d+)?)$")
_WHOLE, _AMOUNT = re.compile(r"^[+-]?\d{1,18}$"), re.compile(r"^[+-]?\d{1,18}(\.\d{1,4})?$")
_YES = {"true": True, "yes": True, "false": False, "no": False}
_SAID = {
    "integer": "a whole number",
    "money": "an amount with at most four decimals, such as 140.00",
    "date": "a date such as 2026-06-30",
    "timestamp": "a time such as 2026-06-30T14:00:00",
    "boolean": "true or false",
    "list": "a list, or texts separated by `;`",
    "text": "a text",
}


def columns_of(table: str, *, provenance: bool = False) -> dict[str, Column]:
    """Return the columns of a canonical table with entity_id, and where a row comes from if asked."""
    own = {ENTITY: Column(ENTITY, "text", is_required=True, is_optional=False)} | CANONICAL[table].columns
    kinds = {dtype: kind for kind, dtype in TYPES.items()}
    told = {name: Column(name, kinds[dtype], is_required=False, is_optional=True) for name, dtype in PROVENANCE.items()}
    return own | told if provenance else own


def column(entry: Entry, name: str, columns: dict[str, Column], what: str) -> Column:
    """Find a column, or raise ScenarioError with those that there are."""
    if name not in columns:
        entry.fail(f"{what} has no column {name!r}.{did_you_mean(name, columns)} Its columns: {', '.join(columns)}.")
    return columns[name]


def value(entry: Entry, of: Column) -> Any:
    """Return what a column holds for this text; None for an empty one.

    Raises:
        ScenarioError: the column must be filled, or does not hold this kind of value.

    """
    if of.type == "list" and entry.is_list:
        return [item.text(f"an item of {of.name}") for item in entry.items(of.name)]
    if entry.value is None:
        if of.is_required:
            entry.fail(f"{of.name} must be filled; it cannot be empty.")
        return None
    if entry.is_list or entry.is_mapping:
        entry.fail(f"{of.name} is {_SAID[of.type]}, not {entry.kind}.")
    return _read(entry, str(entry.value), of)


def condition(entry: Entry, of: Column, name: str = "") -> pl.Expr:
    """Return an expression that tells the rows which fit; a row of which it is unknown does not.

    A list fits where any of its items does. `*` and `?` stand for any characters in texts, `a..b` for a range with
    both its ends, `>=`, `<=`, `>`, `<` compare, `!=` says what it must not be, `=` takes the rest as it stands, an
    empty value fits empty cells, `*` alone filled ones.
    """
    here = pl.col(name or of.name)
    if entry.is_list:
        parts = [condition(item, of, name) for item in entry.items(of.name)]
        return pl.any_horizontal(parts) if parts else pl.lit(value=False)
    if entry.value is None:
        return here.is_null()
    if entry.is_mapping:
        entry.fail(f"{of.name}: write a value, a list of values, or a comparison such as '>= 16'.")
    return _single(entry, str(entry.value).strip(), of, here).fill_null(value=False)


def literal(of: Column, read: Any) -> pl.Expr:
    """Return a value as an expression of the column's type."""
    return pl.lit(None if read is None else pl.Series([read], dtype=of.dtype, strict=False).first()).cast(of.dtype)


def _single(entry: Entry, text: str, of: Column, here: pl.Expr) -> pl.Expr:
    if text == ANY:
        return here.is_not_null()
    if (compared := _COMPARED.match(text)) is not None:
        return _comparison(entry, compared, of, here)
    if of.type in _ORDERED and (between := _RANGE.match(text)) is not None:
        low, high = (literal(of, _read(entry, part.strip(), of)) for part in between.groups())
        return here.is_between(low, high)
    if of.type == "text" and (ANY in text or "?" in text):
        pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text)
        return here.str.contains(f"(?s)^{pattern}$")
    return _equal(here, of, _read(entry, text, of))


def _comparison(entry: Entry, said: re.Match[str], of: Column, here: pl.Expr) -> pl.Expr:
    sign, text = said.groups()
    if sign == "=":
        return _equal(here, of, _read(entry, text, of))
    if sign == "!=":
        return ~_single(entry, text, of, here).fill_null(value=False)
    if of.type not in _ORDERED:
        entry.fail(f"{of.name} is {_SAID[of.type]} and has no order; compare it with a value, a list or `!=`.")
    return _OPERATORS[sign](here, literal(of, _read(entry, text, of)))


def _equal(here: pl.Expr, of: Column, read: Any) -> pl.Expr:
    if of.type == "list":
        return pl.all_horizontal([here.list.contains(item) for item in read])
    return here == literal(of, read)


def _read(entry: Entry, text: str, of: Column) -> Any:
    if of.values:
        if text not in of.values:
            hint = did_you_mean(text, of.values)
            entry.fail(f"{of.name} has no value {text!r}.{hint} Its values: {', '.join(of.values)}.")
        return text
    try:
        return _READERS[of.type](text)
    except (ValueError, KeyError, InvalidOperation):
        return entry.fail(f"{of.name} is {_SAID[of.type]}, which {text!r} is not.")


def _whole(text: str) -> int:
    if not _WHOLE.match(text):
        raise ValueError(text)
    return int(text)


def _amount(text: str) -> Decimal:
    if not _AMOUNT.match(text):
        raise ValueError(text)
    return Decimal(text)


def _moment(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    if read.tzinfo is not None:
        raise ValueError(text)
    return read


_READERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "integer": _whole,
    "money": _amount,
    "date": date.fromisoformat,
    "timestamp": _moment,
    "boolean": lambda text: _YES[text.lower()],
    "list": lambda text: [part.strip() for part in text.split(";") if part.strip()],
}
