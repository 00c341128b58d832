"""Patch canonical tables lazily: select rows, set, add and remove them, and count what each change did.

Nothing works row by row, so that a change of a million rows is a matter of seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from lmanalytics.errors import did_you_mean
from lmanalytics.facts.identities import REFERENCES, identified
from lmanalytics.ingest.cells import ROW_BITS
from lmanalytics.rules.amendments import Amendment
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL, ENTITY, Column
from lmanalytics.whatif.patches_values import column, columns_of, condition, literal, value
from lmanalytics.whatif.scenario_document import Entry

ROW, HIT = "row_id", "_is_selected"
EVERY = "all"
_FIRST_ROW = (2**22 - 1) * 2**ROW_BITS + 2 ** (ROW_BITS - 1)
"""Behind every row that an export can have."""
_MACHINES = {"host": ("hosts", "host_id"), "ose": ("oses", "ose_id")}
_MOST_WORDS = 50_000


@dataclass(frozen=True)
class Applied:
    """What one change did to one table: rows changed, added and removed."""

    scenario: str
    line: int
    verb: str
    table: str
    changed: int = 0
    added: int = 0
    removed: int = 0

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class Spent:
    """What a scenario orders itself: licenses, and what the price list asks for them; no cost where it has none."""

    product: str
    edition: str | None
    metric: str | None
    licenses: int
    cost: Decimal | None
    currency: str | None

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it, money as text."""
        return asdict(self) | {"cost": None if self.cost is None else str(self.cost)}


@dataclass
class Patched:
    """The tables of a run as a scenario has them so far, and what was done to them."""

    tables: dict[str, pl.LazyFrame]
    settings: Settings
    today: date
    """The day of the run from which the scenario starts."""
    file: str
    scenario: str = ""
    amendments: list[Amendment] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)

    def table(self, name: str, at: Entry) -> pl.LazyFrame:
        """Return a table that was given, or raise ScenarioError."""
        if name not in CANONICAL:
            at.fail(f"there is no table {name!r}.{did_you_mean(name, CANONICAL)} `lmanalytics tables` lists them.")
        if name not in self.tables:
            given = ", ".join(sorted(self.tables)) or "none"
            at.fail(f"the run has no table {name}, so there is nothing to select. It has: {given}. `add` makes one.")
        return self.tables[name]

    def set(self, name: str, rows: pl.LazyFrame, values: Mapping[str, pl.Expr], verb: str, at: Entry) -> int:
        """Give columns of the rows marked in `rows` these values; return how many rows differ from before."""
        differs = pl.any_horizontal(pl.col(c).ne_missing(v) for c, v in values.items())
        changed = int(rows.select((pl.col(HIT) & differs).sum()).collect(engine="streaming").item())
        given = {c: pl.when(HIT).then(v).otherwise(c) for c, v in values.items()}
        self.tables[name] = rows.with_columns(**given).drop(HIT)
        self._tell(verb, at, name, changed=changed)
        return changed

    def remove(self, name: str, rows: pl.LazyFrame, verb: str, at: Entry) -> int:
        """Leave out the rows marked in `rows`; return how many."""
        removed = count(rows)
        self.tables[name] = rows.filter(~pl.col(HIT)).drop(HIT)
        self._tell(verb, at, name, removed=removed)
        return removed

    def add(self, name: str, rows: pl.DataFrame, verb: str, at: Entry) -> int:
        """Append rows; their provenance is the scenario's line."""
        number = sum(one.added for one in self.applied)
        origin = {
            "source_file": pl.lit(at.file),
            "source_sheet": pl.lit(self.scenario),
            "source_row": pl.lit(at.line, pl.Int64),
            ROW: pl.int_range(pl.len(), dtype=pl.Int64) + _FIRST_ROW + number,
            "issues": pl.lit([], pl.List(pl.String)),
        }
        told = CANONICAL[name].conform(rows.lazy().with_columns(**origin))
        before = self.tables.get(name, CANONICAL[name].empty())
        self.tables[name] = pl.concat([before, told])
        self._tell(verb, at, name, added=rows.height)
        return rows.height

    def entity(self, at: Entry, told: Entry | None) -> str:
        """Return the entity that is told, or the only one there is."""
        if told is not None:
            return told.text(ENTITY)
        frames = [frame.select(ENTITY).unique() for frame in self.tables.values()]
        known = pl.concat(frames).unique().collect(engine="streaming")[ENTITY].sort() if frames else pl.Series([])
        if len(known) != 1:
            at.fail(f"say {ENTITY}: the run has {len(known)} entities ({', '.join(known.head(5))}).")
        return str(known[0])

    def _tell(self, verb: str, at: Entry, name: str, **counts: int) -> None:
        if any(counts.values()):
            self.applied.append(Applied(self.scenario, at.line, verb, name, **counts))


def selected(patched: Patched, name: str, where: Entry, *, may_be_empty: bool = False) -> pl.LazyFrame:
    """Mark the rows of a table that a `where` names in the column `HIT`.

    `host.<column>` and `ose.<column>` name rows by the machine that they belong to.

    Raises:
        ScenarioError: no row fits, unless that is allowed, which leaves a warning.

    """
    frame = patched.table(name, where)
    rows = marked(patched, name, frame, where)
    if where.value != EVERY and not count(rows):
        close = "".join(_near(frame, name, text, entry) for text, entry in where.fields("where").items())
        said = f"no row of {name} fits this `where`.{close}"
        if not may_be_empty:
            where.fail(f"{said} Correct it, or write `may_be_empty: true` beside it.")
        patched.warnings.append(f"{where.file}, line {where.line}: {said}")
    return rows


def marked(patched: Patched, name: str, frame: pl.LazyFrame, where: Entry) -> pl.LazyFrame:
    """Mark the rows that fit, however many."""
    if where.value == EVERY:
        return frame.with_columns(pl.lit(value=True).alias(HIT))
    columns = columns_of(name, provenance=True)
    tests, machines = [], dict[str, dict[str, Entry]]()
    for text, entry in where.fields("where").items():
        machine, dot, rest = text.partition(".")
        if dot:
            machines.setdefault(machine, {})[rest] = entry
        else:
            tests.append(condition(entry, column(entry, text, columns, name)))
    if not where.fields("where"):
        where.fail(f"`where` names no column; write `where: {EVERY}` for every row.")
    rows = frame.with_columns(pl.all_horizontal(tests).alias(HIT) if tests else pl.lit(value=True).alias(HIT))
    for machine, asked in machines.items():
        rows = _of_machine(patched, name, rows, machine, Entry(where.file, where.line, asked))
    return rows


def of_machines(patched: Patched, name: str, frame: pl.LazyFrame, key: str, machines: pl.LazyFrame) -> pl.LazyFrame:
    """Mark the rows that refer to machines (entity_id and `key`) in the column `key`, by id or by name."""
    known = frame
    if name in REFERENCES and key in REFERENCES[name]:
        books = [
            patched.tables.get(table, CANONICAL[table].empty()).select(ENTITY, identity, called)
            for table, identity, called in (("hosts", "host_id", "host_name"), ("oses", "ose_id", "name"))
        ]
        known = identified({name: frame}, *books)[name]
    hits = (
        known.select(ROW, ENTITY, key)
        .join(machines.select(ENTITY, key).drop_nulls().unique(), on=[ENTITY, key], how="semi")
        .select(ROW, **{HIT: pl.lit(value=True)})
    )
    return frame.join(hits, on=ROW, how="left", maintain_order="left").with_columns(pl.col(HIT).fill_null(value=False))


def values_of(of: Entry, name: str) -> dict[str, pl.Expr]:
    """Read `column: value` lines as expressions of the columns' types."""
    columns = columns_of(name)
    found: dict[str, tuple[Column, Any]] = {}
    for text, entry in of.fields("the new values").items():
        one = column(entry, text, columns, name)
        found[text] = one, value(entry, one)
    if not found:
        of.fail("say at least one column with its new value.")
    return {text: literal(one, read) for text, (one, read) in found.items()}


def count(rows: pl.LazyFrame) -> int:
    """Count the marked rows."""
    return int(rows.select(pl.col(HIT).sum()).collect(engine="streaming").item() or 0)


def hits(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return the marked rows alone."""
    return rows.filter(HIT).drop(HIT)


def _of_machine(patched: Patched, name: str, rows: pl.LazyFrame, machine: str, asked: Entry) -> pl.LazyFrame:
    if machine not in _MACHINES:
        asked.fail(f"there is no {machine!r} to look at.{did_you_mean(machine, _MACHINES)} Known: host, ose.")
    table, key = _MACHINES[machine]
    if key not in CANONICAL[name].columns or table == name:
        asked.fail(f"rows of {name} belong to no {machine}; `{machine}.` says nothing of them.")
    of = hits(marked(patched, table, patched.table(table, asked), asked))
    own = of_machines(patched, name, rows.drop(HIT), key, of).select(ROW, _own=HIT)
    joined = rows.join(own, on=ROW, how="left", maintain_order="left")
    return joined.with_columns(pl.col(HIT) & pl.col("_own")).drop("_own")


def _near(frame: pl.LazyFrame, name: str, text: str, entry: Entry) -> str:
    """Say which value of the column is close to one that no row has."""
    columns = columns_of(name, provenance=True)
    if text not in columns or columns[text].type != "text" or not isinstance(entry.value, str):
        return ""
    words: Iterable[str] = frame.select(pl.col(text).drop_nulls().unique()).head(_MOST_WORDS).collect()[text].sort()
    return "" if entry.value in (words := list(words)) else did_you_mean(entry.value, words)
