"""Compare two versions of a canonical table row by row: what came, what went, and which columns changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import polars as pl

from lmanalytics.schemas import CANONICAL, ENTITY
from lmanalytics.whatif.causes import WHOLE, Cause, content, plain, told

STREAMING: Final = "streaming"
THEN = "_then"
CHANGES = pl.Schema(
    {
        ENTITY: pl.String(),
        "table": pl.String(),
        "row": pl.String(),
        "cause": pl.String(),
        "before": pl.String(),
        "after": pl.String(),
        "host_id": pl.String(),
        "ose_id": pl.String(),
    }
)
"""A row per row of a table and cause: its key, what changed before and after, and the machine that it is of."""


@dataclass(frozen=True)
class Compared:
    """How one canonical table came from one version to the other."""

    table: str
    causes: dict[Cause, int]
    """How many rows each cause touches; only those that occur."""
    at: Callable[[Cause], pl.LazyFrame]
    """The table when every cause up to this one has been let in."""
    changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CHANGES))


def compared(table: str, before: pl.LazyFrame, after: pl.LazyFrame) -> Compared:
    """Compare a table that is replaced as a whole (`causes.WHOLE`)."""
    cause = WHOLE[table]
    changes = differing(table, before, after, cause)
    at = _replaced(before, after, cause)
    return Compared(table, {cause: changes.height} if changes.height else {}, at, changes)


def differing(table: str, before: pl.LazyFrame, after: pl.LazyFrame, cause: Cause) -> pl.DataFrame:
    """List the rows that are in one version only, or in both with other values (`CHANGES`)."""
    return listed(table, joined(table, before, after), cause)


def joined(table: str, before: pl.LazyFrame, after: pl.LazyFrame) -> pl.DataFrame:
    """Join two versions by key, and keep what differs.

    Returns:
        The columns of the table as they are after, and with `_then` as they were before; `_is_then` and `_is_now`
        say on which sides the row is.

    """
    key = [ENTITY, *CANONICAL[table].key]
    own = content(table)
    # The gate lets no key pass twice, but where parts of it may be empty: those rows are told apart by their number.
    is_whole = all(CANONICAL[table].columns[c].is_required for c in CANONICAL[table].key)
    numbered = partial(_numbered, key=[] if is_whole else key)
    then = numbered(before).select(
        *key, "_n", *(pl.col(c).alias(c + THEN) for c in (*own, "row_id")), _is_then=pl.lit(value=True)
    )
    now = numbered(after).select(*key, "_n", *own, "row_id", _is_now=pl.lit(value=True))
    both = then.join(now, on=[*key, "_n"], how="full", coalesce=True, nulls_equal=True)
    changed = [differs(c, table) for c in own]
    return (
        both.with_columns(pl.col("_is_then", "_is_now").fill_null(value=False))
        .filter(pl.any_horizontal(~pl.col("_is_then"), ~pl.col("_is_now"), *changed))
        .drop("_n")
        .collect(engine=STREAMING)
        .sort(*key, "row_id", "row_id" + THEN, nulls_last=True)
    )


def differs(column: str, table: str) -> pl.Expr:
    """Whether a column of `joined` has another value; empty equals empty."""
    kind = CANONICAL[table].schema[column]
    then = pl.col(column + THEN).list.join(";", ignore_nulls=False) if kind == pl.List else pl.col(column + THEN)
    return plain(column, table).ne_missing(then)


def listed(table: str, rows: pl.DataFrame, cause: Cause | pl.Expr, columns: list[str] | None = None) -> pl.DataFrame:
    """Write rows of `joined` for people: `CHANGES`."""
    whole = CANONICAL[table]
    own = content(table) if columns is None else columns
    both = pl.col("_is_then") & pl.col("_is_now")
    changed = {c: both & differs(c, table) for c in own}
    name = pl.concat_str([pl.col(c).cast(pl.String) for c in whole.key], separator=", ", ignore_nulls=True)
    code = cause.lit if isinstance(cause, Cause) else cause
    absent, there = pl.lit("absent"), pl.lit("there")
    return rows.select(
        ENTITY,
        table=pl.lit(table),
        row=name,
        cause=code,
        before=pl.when(both).then(told(changed, THEN, table)).when("_is_then").then(there).otherwise(absent),
        after=pl.when(both).then(told(changed, "", table)).when("_is_now").then(there).otherwise(absent),
        host_id=_machine("host_id", rows),
        ose_id=_machine("ose_id", rows),
    ).cast(CHANGES)


def _machine(column: str, rows: pl.DataFrame) -> pl.Expr:
    known = [pl.col(c) for c in (column, column + THEN) if c in rows.columns]
    return pl.coalesce(known) if known else pl.lit(None, pl.String)


def _numbered(frame: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    return frame.with_columns(_n=pl.int_range(pl.len()).over(key) if key else pl.lit(0, pl.Int64))


def _replaced(before: pl.LazyFrame, after: pl.LazyFrame, cause: Cause) -> Callable[[Cause], pl.LazyFrame]:
    def at(reached: Cause) -> pl.LazyFrame:
        return after if reached.step >= cause.step else before

    return at
