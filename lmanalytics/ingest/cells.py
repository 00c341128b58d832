"""Text into typed columns; what cannot be understood becomes null and says so in `issues`."""

from collections.abc import Collection, Iterable, Mapping

import polars as pl

from lmanalytics.ingest import days, numerals
from lmanalytics.ingest.adapter import ORIGIN
from lmanalytics.ingest.readings import (
    DAYS,
    INDEX,
    MOMENT,
    Seen,
    is_odd,
    is_sentinel,
    missing,
    read_moment,
    text_of,
    typed,
)
from lmanalytics.ingest.survey import Convention, odd_columns, settled
from lmanalytics.schemas import DEFAULT_ENTITY, ENTITY, Column, Table

__all__ = ["ASSUMED", "ODD", "PART_BITS", "ROW_BITS", "Convention", "cast_plainly", "cast_table"]
ASSUMED, ODD = "assumed:", "odd:"
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


def cast_table(
    table: Table,
    frame: pl.LazyFrame,
    conventions: Mapping[int, Convention] | None = None,
    entity: str = DEFAULT_ENTITY,
    tell_assumed: Iterable[str] = (),
    odd: Collection[str] | None = None,
) -> pl.LazyFrame:
    """Return `frame` with exactly the schema of `table`.

    Args:
        table: the canonical table.
        frame: text columns with canonical names, `ORIGIN`, and perhaps `part` and `issues`.
        conventions: by sheet index, what settles ambiguous dates and decimals. Whether a column writes the
            day first, or a decimal comma, is decided by all its rows in the sheet; this is asked where they are silent.
        entity: who a row belongs to that does not say it.
        tell_assumed: columns with a default; `assumed:<column>` is added to tell where it was filled in.
        odd: the columns with cells that are not plainly of their type, where that is known.
    """
    asked = _asked(table, frame)
    names = odd_columns(frame, asked) if odd is None else odd
    survey = settled(frame, [column for column in asked if column.name in names], conventions or {})
    return _cast(table, frame, survey, entity, tell_assumed)


def cast_plainly(
    table: Table, frame: pl.LazyFrame, entity: str = DEFAULT_ENTITY, tell_assumed: Iterable[str] = ()
) -> pl.LazyFrame:
    """Do what `cast_table` does for columns of plain cells alone, looking at `frame` only once.

    Args:
        table: the canonical table.
        frame: as `cast_table` takes it.
        entity: who a row belongs to that does not say it.
        tell_assumed: as `cast_table` takes it.

    Returns:
        The table and `odd:<column>`, true where a cell is not plainly of its type; then the rows are not to be used.
    """
    return _cast(
        table, frame, {}, entity, tell_assumed, {column.name: is_odd(column) for column in _asked(table, frame)}
    )


def _asked(table: Table, frame: pl.LazyFrame) -> list[Column]:
    schema = frame.collect_schema()
    have = [column for name, column in table.columns.items() if schema.get(name) == pl.String]
    return [column for column in have if column.type in _WHAT or column.values]


def _cast(
    table: Table,
    frame: pl.LazyFrame,
    survey: dict[str, Seen],
    entity: str,
    tell_assumed: Iterable[str],
    odd: Mapping[str, pl.Expr] | None = None,
) -> pl.LazyFrame:
    schema = frame.collect_schema()
    have = [column for name, column in table.columns.items() if schema.get(name) == pl.String]
    frame = frame.with_columns(read_moment(column, survey) for column in have if column.type in DAYS)
    values = {column.name: typed(column, text_of(column), survey) for column in have}
    faults = [_fault(column, values[column.name]) for column in have if column.name in survey]
    ready = {name: pl.col(name) for name in table.columns if name in schema and name not in values} | values
    empty = {column.name: text_of(column).is_null() for column in have}
    columns = [_filled(table, column, ready, empty).alias(column.name) for column in table.columns.values()]
    part = pl.col("part").cast(pl.Int64).fill_null(0) if "part" in schema else pl.lit(0, pl.Int64)
    row_id = pl.col(INDEX).cast(pl.Int64) * 2**ROW_BITS + pl.col("source_row") * 2**PART_BITS + part
    owner = missing(pl.col(ENTITY).str.strip_chars()) if ENTITY in schema else pl.lit(None, pl.String)
    told = [pl.col("issues").fill_null([])] if "issues" in schema else []
    issues = pl.concat_list([pl.concat_list(faults).list.drop_nulls(), *told]) if faults else None
    nothing = told[0] if told else pl.lit([], pl.List(pl.String))
    more = {ASSUMED + name: empty.get(name, pl.lit(value=True)) for name in tell_assumed}
    more |= {ODD + name: is_odd_cell for name, is_odd_cell in (odd or {}).items()}
    return frame.select(
        owner.fill_null(entity).alias(ENTITY),
        *columns,
        *(pl.col(name) for name in ORIGIN[1:]),
        row_id.alias("row_id"),
        (nothing if issues is None else issues).alias("issues"),
        **more,
    ).select(*(pl.col(name).cast(dtype) for name, dtype in table.schema.items()), *more)


def _fault(column: Column, value: pl.Expr) -> pl.Expr:
    text = text_of(column)
    what = pl.lit(f"is not one of {', '.join(column.values)}" if column.values else _WHAT[column.type])
    fails = text.is_not_null() & value.is_null()
    if column.type in DAYS:
        fails &= ~is_sentinel(pl.col(MOMENT + column.name)).fill_null(value=False)
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
    filled = default == "true" if column.type == "boolean" else default.cast(column.dtype)
    return pl.when(empty.get(column.name, value.is_null())).then(filled).otherwise(value)
