"""What an expectation asks of a row, as Polars expressions. Pure: Great Expectations' machinery is in `engine.py`.

Names are those of Great Expectations' metrics; meanings are those of its pandas engine, which a test
compares with. Nulls are looked at by the not-null and null checks alone; a pair that is not ignored and
has a null fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

Given = Mapping[str, Any]
MISSING = {
    "both_values_are_missing": pl.all_horizontal,
    "either_value_is_missing": pl.any_horizontal,
    "all_values_are_missing": pl.all_horizontal,
    "any_value_is_missing": pl.any_horizontal,
}
NOTHING_IGNORED = "never", "neither"
ALL = pl.lit(value=True)
"""Every row. Compared by identity, because the sum of a literal is one, not the number of rows."""


@dataclass(frozen=True, eq=False)
class Condition:
    """The rows that a check looks at, those among them that fail, and what is shown of them. None is ever null."""

    looks_at: pl.Expr
    fails: pl.Expr
    value: pl.Expr


@dataclass(frozen=True, eq=False)
class Key:
    """Columns that together must not repeat among the rows looked at; nulls are equal to each other."""

    columns: tuple[str, ...]
    looks_at: pl.Expr

    @property
    def name(self) -> str:
        """Text that two equal keys share."""
        return f"{self.columns} where {self.looks_at}"

    @property
    def hash(self) -> pl.Expr:
        """64 bits that equal keys share; null where the check does not look."""
        return pl.when(self.looks_at).then(pl.struct(self.columns).hash())

    def suspects(self, candidates: pl.Series) -> pl.Expr:
        """Say which rows have one of some hashes."""
        return self.hash.is_in(candidates.implode()).fill_null(value=False)

    def repeats(self, frame: pl.LazyFrame, candidates: pl.Series) -> pl.LazyFrame:
        """Return the rows of `frame`, in order, whose key stands on another row too.

        Args:
            frame: has the key's columns.
            candidates: `repeated` of the frame's hashes. Only rows with such a hash are compared exactly.

        """
        return frame.filter(self.suspects(candidates)).filter(pl.len().over(self.columns) > 1)


def both(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Return the rows in both, leaving out `ALL`."""
    if first is ALL or second is ALL:
        return second if first is ALL else first
    return first & second


def rows(which: pl.Expr) -> pl.Expr:
    """Count the rows of a frame for which `which` holds."""
    return pl.len() if which is ALL else which.sum()


def repeated(hashes: pl.Series) -> pl.Series:
    """Return the hashes that occur more than once, ascending.

    They are sorted in place: 8 bytes a row beside the hashes themselves, where grouping takes several times that.
    """
    ordered = hashes.drop_nulls().to_numpy(writable=True)
    ordered.sort()
    return pl.Series(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]), dtype=hashes.dtype)


def _between(of: pl.Expr, dtype: pl.DataType, given: Given) -> pl.Expr:
    low, high = (typed(given.get(bound), dtype) for bound in ("min_value", "max_value"))
    holds = pl.lit(value=True)
    if low is not None:
        holds &= of > low if given.get("strict_min") else of >= low
    if high is not None:
        holds &= of < high if given.get("strict_max") else of <= high
    return holds


def _in_set(of: pl.Expr, dtype: pl.DataType, given: Given) -> pl.Expr:
    return of.is_in([typed(value, dtype) for value in given["value_set"]])


def _greater(first: pl.Expr, second: pl.Expr, given: Given) -> pl.Expr:
    return first >= second if given.get("or_equal") else first > second


ColumnTest = Callable[[pl.Expr, pl.DataType, Given], pl.Expr]
PairTest = Callable[[pl.Expr, pl.Expr, Given], pl.Expr]
COLUMN_TESTS: dict[str, ColumnTest] = {
    "column_values.nonnull": lambda c, _t, _g: c.is_not_null(),
    "column_values.null": lambda c, _t, _g: c.is_null(),
    "column_values.in_set": _in_set,
    "column_values.not_in_set": lambda c, t, g: ~_in_set(c, t, g),
    "column_values.between": _between,
    "column_values.match_regex": lambda c, _t, g: c.str.contains(g["regex"]),
    "column_values.not_match_regex": lambda c, _t, g: ~c.str.contains(g["regex"]),
    "column_values.value_length.between": lambda c, _t, g: _between(c.str.len_chars(), pl.Int64(), g),
    "column_values.value_length.equals": lambda c, _t, g: c.str.len_chars() == g["value"],
}
ABOUT_NULLS = {"column_values.nonnull", "column_values.null"}
PAIR_TESTS: dict[str, PairTest] = {
    "column_pair_values.a_greater_than_b": _greater,
    "column_pair_values.equal": lambda a, b, _g: a == b,
}
UNIQUE = "column_values.unique"
COMPOUND_UNIQUE = "compound_columns.unique"


def condition(metric: str, given: Given, schema: pl.Schema) -> Condition:
    """Build the condition of a row-level metric from an expectation's arguments.

    Raises:
        KeyError: a column that the table does not have.

    """
    where = row_filter(given.get("row_condition"), schema)
    if metric in PAIR_TESTS:
        names = [given["column_A"], given["column_B"]]
        first, second = (pl.col(name) for name in names)
        looks_at = both(where, _not_ignored(names, given))
        passes = PAIR_TESTS[metric](first, second, given).fill_null(value=False)
        return Condition(looks_at, both(looks_at, ~passes), pl.struct(names))
    column = pl.col(given["column"])
    passes = COLUMN_TESTS[metric](column, schema[given["column"]], given)
    if metric in ABOUT_NULLS:
        return Condition(where, both(where, ~passes), column)
    looks_at = both(where, column.is_not_null())
    return Condition(looks_at, both(looks_at, ~passes), column)


def key(metric: str, given: Given, schema: pl.Schema) -> Key:
    """Build the key of a uniqueness metric from an expectation's arguments, as `condition` does."""
    where = row_filter(given.get("row_condition"), schema)
    if metric == COMPOUND_UNIQUE:
        return Key(tuple(given["column_list"]), both(where, _not_ignored(given["column_list"], given)))
    return Key((given["column"],), both(where, pl.col(given["column"]).is_not_null()))


def row_filter(given: Any, schema: pl.Schema) -> pl.Expr:
    """Translate a row condition, or none, into an expression that is never null.

    A missing value equals nothing: `!=` and `not in` hold for it, every other comparison does not.
    """
    if given is None:
        return ALL
    if isinstance(given, str):
        message = f"the row condition {given!r} is text; write it with great_expectations' Column"
        raise TypeError(message)
    parts = given if isinstance(given, dict) else given.dict()
    kind = parts["type"]
    if kind in {"and", "or"}:
        join = pl.all_horizontal if kind == "and" else pl.any_horizontal
        return join([row_filter(part, schema) for part in parts["conditions"]])
    name = parts["column"]["name"]
    column, dtype = pl.col(name), schema[name]
    if kind == "nullity":
        return column.is_null() if parts["is_null"] else column.is_not_null()
    return _comparison(column, dtype, str(parts["operator"]), parts["parameter"])


def _comparison(column: pl.Expr, dtype: pl.DataType, operator: str, parameter: Any) -> pl.Expr:
    if operator in {"IN", "NOT_IN"}:
        is_in = column.is_in([typed(value, dtype) for value in parameter]).fill_null(value=False)
        return is_in if operator == "IN" else ~is_in
    value = typed(parameter, dtype)
    if operator == "!=":
        return column.ne_missing(value)
    compare = {"==": column.eq, "<": column.lt, "<=": column.le, ">": column.gt, ">=": column.ge}
    return compare[operator](value).fill_null(value=False)


def _not_ignored(names: list[str], given: Given) -> pl.Expr:
    when = given.get("ignore_row_if") or NOTHING_IGNORED[0]
    if when in NOTHING_IGNORED:
        return ALL
    return ~MISSING[when]([pl.col(name).is_null() for name in names])


def typed(value: Any, dtype: pl.DataType) -> Any:
    """Undo what Great Expectations does to literals: whole numbers became floats, dates became text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, str) or not dtype.is_temporal():
        return value
    read = datetime.fromisoformat(value)
    return read if isinstance(dtype, pl.Datetime) else read.date()
