"""Compare hosts, OSEs and installs over their snapshots, and let one cause after the other into the estate."""

from datetime import date

import polars as pl

from lmanalytics.facts.snapshots import observed
from lmanalytics.schemas import CANONICAL, ENTITY
from lmanalytics.whatif.causes import COMES, GOES, GROUPS, MACHINES, Cause, Tables, content
from lmanalytics.whatif.causes_rows import CHANGES, STREAMING, THEN, Compared, differing, differs, joined, listed

_INVENTORY = {"hosts": "inventory_id", "oses": "inventory_id", "installs": "ose_id"}
"""What is observed as a whole, so that what it no longer holds is gone (see `facts/snapshots.py`)."""
_SIDES = ["_is_then", "_is_now"]


def machines(
    table: str,
    before: pl.LazyFrame,
    after: pl.LazyFrame,
    as_of: date,
    *,
    corrects: bool,
    oses: pl.DataFrame | None = None,
) -> Compared:
    """Tell corrections of snapshots that both versions have from changes of the estate.

    Args:
        table: one of `causes.MACHINES`.
        before: the table of the first run, its machines by the ids of the second.
        after: the table of the second run.
        as_of: the second run's day.
        corrects: whether another value in the same snapshot is a correction; in a scenario it is a change.
        oses: what became of OSEs (`CHANGES`), for installs: they come with a new machine and go with one that is gone.

    """
    mended, corrected = _mended(table, before, after) if corrects else (before, pl.DataFrame(schema=CHANGES))
    rows = _with_machines(table, _estate(table, mended, after, as_of), oses)
    groups = _groups(table)
    changes = [corrected, *_changes(table, rows, groups)]
    causes = {Cause.DATA_CORRECTED: corrected.height, Cause.OBSERVED_AGAIN: _days(table, mended, after)}
    if not (causes[Cause.OBSERVED_AGAIN] or rows.height):  # what no longer holds may differ by itself
        causes[Cause.OBSERVED_AGAIN] = joined(table, mended, after).height
    for part in changes[1:]:
        told = part.group_by("cause", maintain_order=True).len()
        causes |= {Cause[code.upper()]: n for code, n in told.rows()}

    def at(reached: Cause) -> pl.LazyFrame:
        if reached.step < Cause.DATA_CORRECTED.step:
            return before
        return mended if reached.step < Cause.OBSERVED_AGAIN.step else _let_in(table, rows, after, groups, reached)

    return Compared(table, {cause: n for cause, n in causes.items() if n}, at, pl.concat(changes))


def reidentified(before: Tables, after: Tables, as_of: date) -> dict[str, pl.DataFrame]:
    """Find machines that go by another id and still bear the same name.

    Returns:
        For `hosts` and `oses`: entity_id, name, id_then, id_now of machines that are in force in one run only, where
        exactly one of each run bears the name; nothing for a table that only one run has.

    """
    found = {}
    for table, name in (("hosts", "host_name"), ("oses", "name")):
        if table not in before or table not in after:
            continue
        key = MACHINES[table]
        then, now = (
            _current(table, side[table], as_of)
            .select(ENTITY, id=key, name=pl.col(name).str.to_lowercase())
            .unique([ENTITY, "id"], keep="first", maintain_order=True)
            for side in (before, after)
        )
        gone = then.join(now, on=[ENTITY, "id"], how="anti").drop_nulls("name")
        new = now.join(then, on=[ENTITY, "id"], how="anti").drop_nulls("name")
        pairs = (
            gone.unique([ENTITY, "name"], keep="none")
            .join(new.unique([ENTITY, "name"], keep="none"), on=[ENTITY, "name"], suffix="_now")
            .select(ENTITY, "name", id_then="id", id_now="id_now")
            .sort(ENTITY, "id_then")
            .collect(engine=STREAMING)
        )
        if pairs.height:
            found[table] = pairs
    return found


def renamed(tables: Tables, pairs: dict[str, pl.DataFrame]) -> Tables:
    """Put the ids of the second run in the place of those of the first, in every table that names machines."""
    done = dict(tables)
    for table, found in pairs.items():
        key = MACHINES[table]
        book = found.lazy().select(ENTITY, _id="id_then", _now="id_now")
        for name, frame in done.items():
            for column in (c for c in CANONICAL[name].schema if c == key or c.endswith(f"_{key}")):
                by = frame.join(
                    book, left_on=[ENTITY, column], right_on=[ENTITY, "_id"], how="left", maintain_order="left"
                )
                frame = by.with_columns(pl.coalesce("_now", column).alias(column)).drop("_now")  # noqa: PLW2901 (column by column)
            done[name] = frame
    return done


def _groups(table: str) -> dict[Cause, tuple[str, ...]]:
    """Give the column groups, those that no group names among the settings."""
    named = {c for columns in GROUPS[table].values() for c in columns}
    others = tuple(c for c in content(table) if c not in named and c != _INVENTORY[table])
    settings = GROUPS[table].get(Cause.SETTINGS_CHANGED, ())
    return {**GROUPS[table], Cause.SETTINGS_CHANGED: (*settings, *others)}


def _current(table: str, rows: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    if table == "installs":
        rows = rows.with_columns(inventory_id=pl.col("ose_id"))
    return observed(rows, MACHINES[table], as_of).filter(pl.col("state") == "current")


def _mended(table: str, before: pl.LazyFrame, after: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.DataFrame]:
    """Give the first run's snapshots as the second tells them, and the rows that were corrected by that."""
    key, day = [ENTITY, *CANONICAL[table].key], [ENTITY, "observed_on"]
    days = before.select(day).unique().join(after.select(day).unique(), on=day).collect(engine=STREAMING)
    if days.is_empty():
        return before, pl.DataFrame(schema=CHANGES)
    snapshot = [ENTITY, "observed_on", *(["inventory_id"] if table != "installs" else [])]
    told_then, told_now = before.select(snapshot).unique(), after.select(snapshot).unique()
    again = after.join(told_then, on=snapshot, how="semi", nulls_equal=True)
    same = after.join(told_then, on=snapshot, how="anti", nulls_equal=True).join(before, on=key, how="semi")
    only = before.join(told_now, on=snapshot, how="anti", nulls_equal=True).join(after, on=key, how="anti")
    first = after.select((pl.col("row_id").max().fill_null(0) + 1).alias("_from"))
    kept = only.join(first, how="cross").with_columns(pl.col("row_id") + pl.col("_from")).drop("_from")
    mended = pl.concat([again, same, kept]).sort("row_id")
    then, now = (frame.join(days.lazy(), on=day, how="semi") for frame in (before, mended))
    return mended, differing(table, then, now, Cause.DATA_CORRECTED)


def _days(table: str, mended: pl.LazyFrame, after: pl.LazyFrame) -> int:
    """Count the days of observation that only one version has."""
    day = [ENTITY, "observed_on", *(["inventory_id"] if table != "installs" else [])]
    then, now = (frame.select(day).unique() for frame in (mended, after))
    only = [then.join(now, on=day, how="anti", nulls_equal=True), now.join(then, on=day, how="anti", nulls_equal=True)]
    return sum(frame.select(pl.len()).collect(engine=STREAMING).item() for frame in only)


def _estate(table: str, mended: pl.LazyFrame, after: pl.LazyFrame, as_of: date) -> pl.DataFrame:
    """Set what is in force before beside what is in force after, and keep what differs or is on one side only.

    Returns:
        All columns as they are after, and with `_then` as they were; `_is_then`, `_is_now`; row_id that no row of
        `after` has where the machine is gone; observed_on so late that its inventory still holds it.

    """
    key, inventory = MACHINES[table], _INVENTORY[table]
    columns = [c for c in CANONICAL[table].schema if c not in {ENTITY, key}]
    then = _current(table, mended, as_of).select(
        ENTITY, key, *(pl.col(c).alias(c + THEN) for c in columns), _is_then=pl.lit(value=True)
    )
    now = _current(table, after, as_of).select(ENTITY, key, *columns, _is_now=pl.lit(value=True))
    compared = [differs(c, table) for group in _groups(table).values() for c in group]
    rows = (
        then.join(now, on=[ENTITY, key], how="full", coalesce=True)
        .with_columns(pl.col(_SIDES).fill_null(value=False))
        .filter(pl.any_horizontal(~pl.col("_is_then"), ~pl.col("_is_now"), *compared))
    )
    counted = after.filter(pl.col("observed_on") <= as_of)
    seen = counted.group_by(ENTITY, pl.col(inventory).alias(f"{inventory}{THEN}")).agg(
        _last=pl.col("observed_on").max()
    )
    first = after.select(_from=pl.col("row_id").max().fill_null(0) + 1)
    number = pl.col("_from") + pl.int_range(pl.len())
    gone = pl.when(~pl.col("_is_now"))
    return (
        rows.join(seen, on=[ENTITY, f"{inventory}{THEN}"], how="left")
        .join(first, how="cross")
        .sort(ENTITY, key)
        .with_columns(
            row_id=gone.then(number).otherwise("row_id"),
            observed_on=gone.then(pl.max_horizontal(f"observed_on{THEN}", "_last")).otherwise("observed_on"),
        )
        .drop("_last", "_from")
        .collect(engine=STREAMING)
    )


def _changes(table: str, rows: pl.DataFrame, groups: dict[Cause, tuple[str, ...]]) -> list[pl.DataFrame]:
    """Write the rows of `_estate` for people, a frame for each cause."""
    both = pl.col("_is_then") & pl.col("_is_now")
    parts = [
        listed(table, rows.filter(both & pl.any_horizontal(differs(c, table) for c in columns)), cause, [*columns])
        for cause, columns in groups.items()
    ]
    parts += [
        listed(table, rows.filter(~pl.col("_is_then")), _code("_comes", Cause.NEW, COMES[table]), []),
        listed(table, rows.filter(~pl.col("_is_now")), _code("_goes", Cause.RETIRED, GOES[table]), []),
    ]
    return parts


def _code(step: str, one: Cause, other: Cause) -> pl.Expr:
    return pl.when(pl.col(step) == one.step).then(one.lit).otherwise(other.lit)


def _with_machines(table: str, rows: pl.DataFrame, oses: pl.DataFrame | None) -> pl.DataFrame:
    """Add at which step a row comes and goes: an install with its machine, where that comes or goes."""
    rows = rows.with_columns(_comes=pl.lit(COMES[table].step), _goes=pl.lit(GOES[table].step))
    if table != "installs" or oses is None:
        return rows
    for step, cause, column in (("_comes", Cause.NEW, "ose_id"), ("_goes", Cause.RETIRED, f"ose_id{THEN}")):
        known = oses.filter(pl.col("cause") == cause.code).select(ENTITY, pl.col("ose_id").alias(column)).unique()
        found = rows.join(known.with_columns(_found=True), on=[ENTITY, column], how="left", maintain_order="left")
        moved = pl.when("_found").then(pl.lit(cause.step)).otherwise(step)
        rows = found.with_columns(moved.alias(step)).drop("_found")
    return rows


def _let_in(
    table: str, rows: pl.DataFrame, after: pl.LazyFrame, groups: dict[Cause, tuple[str, ...]], reached: Cause
) -> pl.LazyFrame:
    """Build the table when every cause up to `reached` has been let in, and none after it."""
    schema = CANONICAL[table].schema
    waiting = {c for cause, columns in groups.items() if cause.step > reached.step for c in columns}
    kept = rows.filter(
        pl.col("_is_then") | (pl.col("_comes") <= reached.step), pl.col("_is_now") | (pl.col("_goes") > reached.step)
    )
    values = [
        pl.when("_is_then" if name in waiting else ~pl.col("_is_now"))
        .then(pl.col(name + THEN) if name + THEN in rows.columns else pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in schema
        if name not in {"row_id", "observed_on"}
    ]
    built = kept.select("row_id", "observed_on", *values).select(list(schema)).lazy()
    others = after.join(rows.lazy().filter("_is_now").select("row_id"), on="row_id", how="anti")
    return pl.concat([others, built]).sort("row_id")
