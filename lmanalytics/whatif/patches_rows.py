"""The verbs that patch any table: `set`, `add` and `remove`."""

from typing import Any

import polars as pl

from lmanalytics.errors import did_you_mean
from lmanalytics.schemas import CANONICAL, ENTITY, TYPES, Column
from lmanalytics.whatif.patches import Patched, hits, selected, values_of
from lmanalytics.whatif.patches_values import column, columns_of, value
from lmanalytics.whatif.scenario_document import Entry
from lmanalytics.whatif.scenario_file import Change


def set_(patched: Patched, change: Change) -> None:
    """Give columns of the selected rows other values."""
    name = change.object.text("a table")
    rows = chosen(patched, name, change)
    patched.set(name, rows, values_of(change.keys["to"], name), change.verb, change.at)


def remove(patched: Patched, change: Change) -> None:
    """Leave out the selected rows."""
    name = change.object.text("a table")
    patched.remove(name, chosen(patched, name, change), change.verb, change.at)


def add(patched: Patched, change: Change) -> None:
    """Add rows, each perhaps like a row that is there."""
    name = change.object.text("a table")
    if name not in CANONICAL:
        hint = did_you_mean(name, CANONICAL)
        change.object.fail(f"there is no table {name!r}.{hint} `lmanalytics tables` lists them.")
    like = _like(patched, name, change.keys["like"]) if "like" in change.keys else {}
    rows = [_row(patched, name, entry, like) for entry in change.keys["rows"].items("rows")]
    if not rows:
        change.keys["rows"].fail("`rows` has none.")
    schema = {one: of.dtype for one, of in columns_of(name).items()}
    patched.add(name, pl.DataFrame(rows, schema=schema, orient="row"), change.verb, change.at)


def chosen(patched: Patched, name: str, change: Change) -> pl.LazyFrame:
    """Mark the rows that the change's `where` names; all where it has none."""
    where = change.keys.get("where", Entry(change.at.file, change.at.line, "all"))
    return selected(patched, name, where, may_be_empty=change.may_be_empty)


def default(of: Column) -> Any:
    """Return what a column holds where nothing is said."""
    if of.default is None:
        return None
    return value(Entry("", 0, of.default), of) if of.type in TYPES else of.default


def _like(patched: Patched, name: str, where: Entry) -> dict[str, Any]:
    found = hits(selected(patched, name, where)).select(list(columns_of(name))).head(2).collect()
    if found.height > 1:
        where.fail(f"`like` fits several rows of {name}; narrow it until it fits one.")
    return found.row(0, named=True)


def _row(patched: Patched, name: str, entry: Entry, like: dict[str, Any]) -> dict[str, Any]:
    columns = columns_of(name)
    fields = entry.fields(f"a row of {name}")
    row = {one: default(of) for one, of in columns.items()} | like
    row |= {one: value(told, column(told, one, columns, name)) for one, told in fields.items()}
    if row[ENTITY] is None:
        row[ENTITY] = patched.entity(entry, None)
    if "observed_on" in columns and row["observed_on"] is None:
        row["observed_on"] = _day(patched, name, row)
    if "enrollment_id" in columns and row["enrollment_id"] is None:
        row["enrollment_id"] = row.get("agreement_id")
    if absent := [one for one, of in columns.items() if of.is_required and row[one] is None]:
        entry.fail(f"a row of {name} needs {', '.join(absent)}.")
    return row


def _day(patched: Patched, name: str, row: dict[str, Any]) -> Any:
    """Date a row as the newest observation of its inventory, which a later day would replace as a whole."""
    today = min(patched.today, patched.settings.as_of)
    if row.get("inventory_id") is None or name not in patched.tables:
        return today
    mates = patched.tables[name].filter(
        (pl.col(ENTITY) == row[ENTITY])
        & (pl.col("inventory_id") == row["inventory_id"])
        & (pl.col("observed_on") <= patched.settings.as_of)
    )
    return mates.select(pl.col("observed_on").max()).collect().item() or today
