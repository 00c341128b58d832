"""The text of a cell as a value of its column's type; what cannot be understood becomes null."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import yaml

from lmanalytics.ingest import days, numerals
from lmanalytics.schemas import MONEY, Column

if TYPE_CHECKING:
    from collections.abc import Callable

EXACT = frozenset({"name", "host_name"})
INDEX = "source_index"
MOMENT = "moment:"
DAYS = frozenset({"date", "timestamp"})
_TRUE, _FALSE = ("true", "True"), ("false", "False")


@cache
def words() -> dict[str, Any]:
    """Return the words of cells.yaml."""
    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("cells.yaml").read_text(encoding="utf-8"))
    document["months"] = {name: number for number, names in document["months"].items() for name in names}
    return document


@dataclass(frozen=True)
class Seen:
    """An odd column: by sheet, whether its day comes first (or its comma is decimal), as far as it is settled."""

    by_index: dict[int, bool]

    @property
    def settled(self) -> pl.Expr:
        """True or false by sheet, null where nothing settles it."""
        if not self.by_index:
            return pl.lit(None, pl.Boolean)
        if len(self.by_index) == 1:
            ((index, value),) = self.by_index.items()
            return pl.when(pl.col(INDEX) == index).then(pl.lit(value))
        return pl.col(INDEX).replace_strict(self.by_index, default=None, return_dtype=pl.Boolean)


def enum_text(text: pl.Expr) -> pl.Expr:
    """Return lower snake_case."""
    return text.str.to_lowercase().str.replace_all(r"[^\p{L}\d]+", "_").str.strip_chars("_")


def missing(text: pl.Expr, *, but: tuple[str, ...] = ()) -> pl.Expr:
    """Return null for the words by which tools say that there is nothing."""
    plain = [word for word in words()["missing"] if word not in but]
    spelled = sorted({"", *plain, *(form(word) for word in plain for form in (str.upper, str.capitalize, str.title))})
    return pl.when(~text.is_in(spelled)).then(text)


def text_of(column: Column) -> pl.Expr:
    """Return the text of a column without the blanks around it, null where it says nothing."""
    text = pl.col(column.name).str.strip_chars()
    if column.name in EXACT:
        return pl.when(text != "").then(text)
    return missing(text, but=column.values)


def typed(column: Column, text: pl.Expr, survey: dict[str, Seen]) -> pl.Expr:
    """Return the values of `text`, right for every plain cell, and for others of the columns that `survey` tells of."""
    if column.values and column.name not in survey:
        return text
    if column.values:
        allowed = {value: value for value in column.values}
        others = {word: value for word, value in words()["enum"].items() if value in allowed and word not in allowed}
        return enum_text(text).replace_strict(allowed | others, default=None, return_dtype=pl.String)
    settled = survey[column.name].settled if column.name in survey else None
    reads: dict[str, Callable[[], pl.Expr]] = {
        "text": lambda: text,
        "boolean": lambda: text.is_in(_TRUE) if column.name not in survey else _answer(text),
        "list": lambda: text.str.split(";").list.eval(pl.element().str.strip_chars()).list.filter(pl.element() != ""),
        "integer": lambda: numerals.plain_integer(text) if settled is None else numerals.integer(text, settled),
        "money": lambda: text.cast(MONEY, strict=False) if settled is None else numerals.money(text, settled),
        "date": lambda: moment(column).cast(pl.Date),
        "timestamp": lambda: moment(column),
    }
    return reads[column.type]()


def read_moment(column: Column, survey: dict[str, Seen]) -> pl.Expr:
    """Read a date column once, for its value and for its issue."""
    text = text_of(column)
    if column.name not in survey:
        return days.plain(text).alias(MOMENT + column.name)
    return days.moment(text, survey[column.name].settled, words()["months"]).alias(MOMENT + column.name)


def moment(column: Column) -> pl.Expr:
    """Return datetimes, null for those by which tools say that there is none."""
    moment = pl.col(MOMENT + column.name)
    return pl.when(~is_sentinel(moment)).then(moment)


def _answer(text: pl.Expr) -> pl.Expr:
    answers = dict.fromkeys(words()["true"], True) | dict.fromkeys(words()["false"], False)
    return text.str.to_lowercase().replace_strict(answers, default=None, return_dtype=pl.Boolean)


def is_sentinel(moment: pl.Expr) -> pl.Expr:
    """Tell the days by which tools say that there is none."""
    sentinels = pl.Series(words()["no_date"]).str.to_date("%Y-%m-%d", strict=False).drop_nulls()
    is_late: pl.Expr = moment.dt.year() >= words()["no_date_from_year"]
    return is_late | moment.dt.date().is_in(sentinels.implode())


def is_odd(column: Column) -> pl.Expr:
    """Tell the cells that are not plainly of their column's type; days were read with `read_moment`."""
    text = text_of(column)
    if column.values:
        return text.is_not_null() & ~text.is_in(column.values)
    if column.type == "boolean":
        return text.is_not_null() & ~text.is_in(_TRUE + _FALSE)
    if column.type == "money":
        return text.is_not_null() & ~numerals.is_plain_money(text)
    if column.type in DAYS:
        return text.is_not_null() & pl.col(MOMENT + column.name).is_null()
    return text.is_not_null() & typed(column, text, {}).is_null()
