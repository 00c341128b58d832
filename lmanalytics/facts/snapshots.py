"""Which rows of an inventory hold on which days.

An inventory (a vCenter, a file) is observed again and again. A row holds from the day it was observed until
the same machine is observed again anywhere, or its inventory is observed again without it.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from lmanalytics.schemas import ENTITY

STATES = ("current", "earlier", "duplicate", "later")


@dataclass(frozen=True)
class Beyond:
    """What the rest of the estate tells of the machines of one partition; in one piece there is no rest.

    `rows`: entity_id, the key, observed_on and row_id of rows of the same machines in other partitions, if any.
    `days`: entity_id, inventory_id, observed_on: on which days each inventory was observed at all.
    """

    rows: pl.LazyFrame | None
    days: pl.LazyFrame


def beyond(
    tables: dict[str, pl.LazyFrame], table: str, only: pl.Expr | None = None, days: pl.LazyFrame | None = None
) -> Beyond | None:
    """Return what a partition was given of the rest of the estate for one table (`partition.split`).

    Args:
        tables: of the partition.
        table: hosts, oses or installs.
        only: which rows are meant, where not all of the table are.
        days: rows with inventory_id whose whole inventories are in this partition.

    """
    known = tables.get(f"days_of_{table}") if days is None else days
    rows = tables.get(f"elsewhere_of_{table}")  # hosts have none: a host is in one partition
    if known is None or (rows is None and days is not None):
        return None
    return Beyond(rows if rows is None or only is None else rows.filter(only), known)


def observed(rows: pl.LazyFrame, key: str, as_of: date, rest: Beyond | None = None) -> pl.LazyFrame:
    """Add what each row is on `as_of` and until when it held.

    Args:
        rows: a canonical table with `key`, observed_on, inventory_id and row_id.
        key: the column that names a machine.
        as_of: the day of the position; what was observed later does not count.
        rest: what other partitions tell of the same machines and inventories.

    Returns:
        The rows with state (`current`: holds on `as_of`; `earlier`: something newer replaced it;
        `duplicate`: a second row of one machine and day; `later`: observed after `as_of`) and valid_until
        (the first day on which it no longer held; null while it holds, and for rows that do not count).

    """
    machine = [ENTITY, key]
    seen = rows.select(*machine, "observed_on", "row_id")
    days = (
        (
            seen
            if rest is None or rest.rows is None
            else pl.concat([seen, rest.rows.select(seen.collect_schema().names())])
        )
        .filter(pl.col("observed_on") <= as_of)
        .group_by(*machine, "observed_on")
        .agg(_first_row=pl.col("row_id").min())
        .sort(*machine, "observed_on")
        .with_columns(_again=_next_day(machine))
    )
    inventory = [ENTITY, "inventory_id"]
    snapshots = (
        inventory_days(rows if rest is None else rest.days)
        .filter(pl.col("observed_on") <= as_of)
        .sort(*inventory, "observed_on")
        .with_columns(_replaced=_next_day(inventory))
    )
    is_counted = pl.col("row_id") == pl.col("_first_row")
    until = pl.min_horizontal("_again", "_replaced")
    return (
        rows.join(days, on=[*machine, "observed_on"], how="left")
        .join(snapshots, on=[*inventory, "observed_on"], how="left")
        .with_columns(
            state=pl.when(pl.col("observed_on") > as_of)
            .then(pl.lit("later"))
            .when(~is_counted)
            .then(pl.lit("duplicate"))
            .when(until.is_null())
            .then(pl.lit("current"))
            .otherwise(pl.lit("earlier")),
            valid_until=pl.when(is_counted).then(until),
        )
        .drop("_first_row", "_again", "_replaced")
    )


def inventory_days(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return entity_id, inventory_id, observed_on: the days on which each inventory was observed."""
    return rows.filter(pl.col("inventory_id").is_not_null()).select(ENTITY, "inventory_id", "observed_on").unique()


def _next_day(key: list[str]) -> pl.Expr:
    """Give the next day of the same key; the frame is sorted by key and day."""
    same = pl.all_horizontal(pl.col(c) == pl.col(c).shift(-1) for c in key)
    return pl.when(same).then(pl.col("observed_on").shift(-1))
