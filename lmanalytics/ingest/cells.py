"""Text into typed columns; what cannot be understood becomes null and says so in `issues`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from lmanalytics.ingest import days, numerals
from lmanalytics.ingest.adapter import ORIGIN
from lmanalytics.schemas import DEFAULT_ENTITY, ENTITY, MONEY, Column, Table

ASSUMED = "assumed:"
EXACT = frozenset({"name", "host_name"})
_INDEX = "source_index"
_MOMENT = "moment:"
_DAYS = frozenset({"date", "timestamp"})
ROW_BITS, PART_BITS = 40, 4
_SHOWN = 60
_WHAT = {
    "integer": "is not a whole number",
    "money": "is not an amount that can be read with certainty",
    "date": "is not a date",
    "timestamp": "is not a date and time",
    "boolean": "is neither yes nor no",
}
_DECIMAL = "may be a thousand or a fraction; say `decimal: comma` or `decimal: point` in estate.yaml"
_UNSETTLED = "may be day/month or month/day; say `dates: day_first` or `dates: month_first` in estate.yaml"


@dataclass(frozen=True)
class Convention:
    """How one sheet writes what is ambiguous, when its columns do not show it."""

    dates: str | None = None
    decimal: str | None = None


@cache
def words() -> dict[str, Any]:
    """Return the words of cells.yaml."""
    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    document["months"] = {name: number for number, names in document["months"].items() for name in names}
    return document


def cast_table(
    table: Table,
    frame: pl.LazyFrame,
    conventions: Mapping[int, Convention] | None = None,
    entity: str = DEFAULT_ENTITY,
    tell_assumed: Iterable[str] = (),
) -> pl.LazyFrame:
    """Return `frame` with exactly the schema of `table`.

    Args:
        table: the canonical table.
        frame: text columns with canonical names, `ORIGIN`, and perhaps `part` and `issues`.
        conventions: by sheet index, what settles ambiguous dates and decimals. Whether a column writes the
            day first, or a decimal comma, is decided by all its rows in the sheet; this is asked where they are silent.
        entity: who a row belongs to that does not say it.
        tell_assumed: columns with a default; `assumed:<column>` is added to tell where it was filled in.
    """
    schema = frame.collect_schema()
    have = [column for name, column in table.columns.items() if name in schema and schema[name] == pl.String]
    survey = _survey(frame, [c for c in have if c.type in _WHAT or c.values], conventions or {})
    frame = frame.with_columns(_read_moment(column, survey) for column in have if column.type in _DAYS)
    typed = {column.name: _typed(column, _text(column), survey) for column in have}
    faults = [_fault(column, typed[column.name]) for column in have if column.name in survey]
    ready = {name: pl.col(name) for name in table.columns if name in schema and name not in typed} | typed
    empty = {column.name: _text(column).is_null() for column in have}
    columns = [_filled(table, column, ready, empty).alias(column.name) for column in table.columns.values()]
    part = pl.col("part").cast(pl.Int64).fill_null(0) if "part" in schema else pl.lit(0, pl.Int64)
    row_id = pl.col(_INDEX).cast(pl.Int64) * 2**ROW_BITS + pl.col("source_row") * 2**PART_BITS + part
    owner = _missing(pl.col(ENTITY).str.strip_chars()) if ENTITY in schema else pl.lit(None, pl.String)
    told = [pl.col("issues").fill_null([])] if "issues" in schema else []
    issues = pl.concat_list([pl.concat_list(faults).list.drop_nulls(), *told]) if faults else None
    nothing = told[0] if told else pl.lit([], pl.List(pl.String))
    assumed = {ASSUMED + name: empty.get(name, pl.lit(value=True)) for name in tell_assumed}
    return frame.select(
        owner.fill_null(entity).alias(ENTITY),
        *columns,
        *(pl.col(name) for name in ORIGIN[1:]),
        row_id.alias("row_id"),
        (nothing if issues is None else issues).alias("issues"),
        **assumed,
    ).select(*(pl.col(name).cast(dtype) for name, dtype in table.schema.items()), *assumed)


def enum_text(text: pl.Expr) -> pl.Expr:
    """Return lower snake_case."""
    return text.str.to_lowercase().str.replace_all(r"[^\p{L}\d]+", "_").str.strip_chars("_")


def _missing(text: pl.Expr, *, but: tuple[str, ...] = ()) -> pl.Expr:
    plain = [word for word in words()["missing"] if word not in but]
    spelled = sorted({"", *plain, *(form(word) for word in plain for form in (str.upper, str.capitalize, str.title))})
    return pl.when(~text.is_in(spelled)).then(text)


def _text(column: Column) -> pl.Expr:
    text = pl.col(column.name).str.strip_chars()
    if column.name in EXACT:
        return pl.when(text != "").then(text)
    return _missing(text, but=column.values)


def _typed(column: Column, text: pl.Expr, survey: "dict[str, _Seen]") -> pl.Expr:
    if column.values:
        allowed = {value: value for value in column.values}
        others = {word: value for word, value in words()["enum"].items() if value in allowed and word not in allowed}
        return enum_text(text).replace_strict(allowed | others, default=None, return_dtype=pl.String)
    settled = survey[column.name].settled if column.name in survey else None
    reads: dict[str, Callable[[], pl.Expr]] = {
        "text": lambda: text,
        "boolean": lambda: text.str.to_lowercase().replace_strict(_answers(), default=None, return_dtype=pl.Boolean),
        "list": lambda: text.str.split(";").list.eval(pl.element().str.strip_chars()).list.filter(pl.element() != ""),
        "integer": lambda: numerals.plain_integer(text) if settled is None else numerals.integer(text, settled),
        "money": lambda: text.cast(MONEY, strict=False) if settled is None else numerals.money(text, settled),
        "date": lambda: _moment(column).cast(pl.Date),
        "timestamp": lambda: _moment(column),
    }
    return reads[column.type]()


def _read_moment(column: Column, survey: "dict[str, _Seen]") -> pl.Expr:
    """Read a date column once, for its value and for its issue."""
    text = _text(column)
    if column.name not in survey:
        return days.plain(text).alias(_MOMENT + column.name)
    return days.moment(text, survey[column.name].settled, words()["months"]).alias(_MOMENT + column.name)


def _moment(column: Column) -> pl.Expr:
    """Return datetimes, null for those by which tools say that there is none."""
    moment = pl.col(_MOMENT + column.name)
    return pl.when(~_is_sentinel(moment)).then(moment)


def _answers() -> dict[str, bool]:
    return dict.fromkeys(words()["true"], True) | dict.fromkeys(words()["false"], False)


def _is_sentinel(moment: pl.Expr) -> pl.Expr:
    sentinels = pl.Series(words()["no_date"]).str.to_date("%Y-%m-%d", strict=False).drop_nulls()
    is_late: pl.Expr = moment.dt.year() >= words()["no_date_from_year"]
    return is_late | moment.dt.date().is_in(sentinels.implode())


@dataclass(frozen=True)
class _Seen:
    """An odd column: by sheet, whether its day comes first (or its comma is decimal), as far as it is settled."""

    by_index: dict[int, bool]

    @property
    def settled(self) -> pl.Expr:
        """True or false by sheet, null where nothing settles it."""
        if not self.by_index:
            return pl.lit(None, pl.Boolean)
        if len(self.by_index) == 1:
            ((index, value),) = self.by_index.items()
            return pl.when(pl.col(_INDEX) == index).then(pl.lit(value))
        return pl.col(_INDEX).replace_strict(self.by_index, default=None, return_dtype=pl.Boolean)


def _survey(frame: pl.LazyFrame, columns: list[Column], conventions: Mapping[int, Convention]) -> dict[str, _Seen]:
    """Find the columns with cells that are not plainly of their type, and settle how each sheet writes them."""
    if not columns:
        return {}
    counts = frame.select(_is_odd(column).sum().alias(column.name) for column in columns).collect(engine="streaming")
    odd = [column for column in columns if counts[column.name].item()]
    known = [c for c in odd if c.type in {"integer", "money", "date", "timestamp"}]
    seen = {column.name: _Seen({}) for column in odd}
    if known:
        evidence = frame.group_by(_INDEX).agg(e for column in known for e in _evidence(column))
        rows = evidence.sort(_INDEX).collect(engine="streaming").to_dicts()
        seen |= {column.name: _Seen(_settle(column, known, rows, conventions)) for column in known}
    return seen


def _is_odd(column: Column) -> pl.Expr:
    text = _text(column)
    if column.type == "money":
        return text.is_not_null() & ~numerals.is_plain_money(text)
    if column.type in _DAYS and not column.values:
        return text.is_not_null() & days.plain(text).is_null()
    return text.is_not_null() & _typed(column, text, {}).is_null()


def _evidence(column: Column) -> list[pl.Expr]:
    text = _text(column)
    if column.type in _DAYS:
        yes, no = days.day_first_evidence(text), days.month_first_evidence(text)
    else:
        yes, no = numerals.comma_evidence(text), numerals.point_evidence(text)
    return [yes.sum().alias(f"{column.name} yes"), no.sum().alias(f"{column.name} no")]


def _settle(
    column: Column, known: list[Column], rows: list[dict[str, Any]], conventions: Mapping[int, Convention]
) -> dict[int, bool]:
    is_day = column.type in _DAYS
    alike = [c.name for c in known if (c.type in _DAYS) == is_day and c.type != "integer"]
    settled = {}
    for row in rows:
        convention = conventions.get(row[_INDEX], Convention())
        yes, no = row[f"{column.name} yes"], row[f"{column.name} no"]
        if not yes and not no and is_day:  # a tool writes all its dates alike
            yes, no = sum(row[f"{name} yes"] for name in alike), sum(row[f"{name} no"] for name in alike)
        told = convention.dates == "day_first" if is_day else convention.decimal == "comma"
        if bool(yes) != bool(no):
            settled[row[_INDEX]] = bool(yes)
        elif (convention.dates if is_day else convention.decimal) and column.type != "integer":
            settled[row[_INDEX]] = told
    return settled


def _fault(column: Column, typed: pl.Expr) -> pl.Expr:
    text = _text(column)
    what = pl.lit(f"is not one of {', '.join(column.values)}" if column.values else _WHAT[column.type])
    fails = text.is_not_null() & typed.is_null()
    if column.type in _DAYS:
        fails &= ~_is_sentinel(pl.col(_MOMENT + column.name)).fill_null(value=False)
        unsettled = days.is_ambiguous(text).fill_null(value=False)
        what = pl.when(unsettled).then(pl.lit(_UNSETTLED)).otherwise(what)
    if column.type == "money":
        what = pl.when(numerals.is_ambiguous(text)).then(pl.lit(_DECIMAL)).otherwise(what)
    shown = text.str.slice(0, _SHOWN)
    return pl.when(fails).then(pl.format("{}: '{}' {}", pl.lit(column.name), shown, what))


def _filled(table: Table, column: Column, ready: dict[str, pl.Expr], empty: dict[str, pl.Expr]) -> pl.Expr:
    """Fill an empty cell with the column's default; one that was not understood stays null."""
    value = ready.get(column.name, pl.lit(None, column.dtype))
    if column.name == "enrollment_id" and "agreement_id" in table.columns:
        return pl.coalesce(value, ready.get("agreement_id", pl.lit(None, pl.String)))
    if column.default is None:
        return value
    default = pl.lit(column.default, pl.String)
    typed = default == "true" if column.type == "boolean" else default.cast(column.dtype)
    return pl.when(empty.get(column.name, value.is_null())).then(typed).otherwise(value)
