"""The two sides of a difference: what a run was made from, what it answered, and whether that can be compared."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics.errors import RunError, UsageError
from lmanalytics.evidence import manifest
from lmanalytics.evidence.digests import digest_of, program_digests, versions
from lmanalytics.evidence.verify import verify
from lmanalytics.rules import register
from lmanalytics.rules.amendments import Amendment, told_in
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL, ENTITY
from lmanalytics.whatif.causes import Tables

ANSWERED = ("plan", "position")
_FACTS = ("hosts", "oses")
_NAMED = 3


@dataclass(frozen=True)
class Side:
    """One run, or one state of affairs in memory: its tables, the question, and the answers where there are any."""

    name: str
    settings: Settings
    """The day, and the reading of every policy."""
    tables: Tables
    """The canonical tables that the gate accepted; an absent one was not given."""
    answers: Tables = field(default_factory=dict)
    """`plan`, `position`, `facts_hosts`, `facts_oses` as they were computed then; empty: not computed yet."""
    program: str = ""
    """Digest of the program and the engines that gave the answers; empty: today's."""
    is_scenario: bool = False
    """Whether it was made by changing the other, so that another value is a change and no correction."""
    amendments: tuple[Amendment, ...] = ()
    """Parameters of the rules that a scenario amends."""
    digests: dict[str, str] = field(default_factory=dict)
    """Of the tables' files, by table: equal ones need no comparison."""

    @property
    def is_todays(self) -> bool:
        """Whether today's program, with the same engines, gives these answers."""
        return not self.program or self.program == todays()

    def equals(self, other: "Side", table: str) -> bool:
        """Whether both sides have a table from the same bytes."""
        return table in self.digests and self.digests[table] == other.digests.get(table)


def todays() -> str:
    """Return the digest of today's program and engines, as in `Side.program`."""
    return digest_of([digest_of(program_digests()), versions()])


def side(run: Path) -> Side:
    """Open a finished run.

    Raises:
        RunError: the folder is not a finished run, or was changed since.

    """
    document = manifest.read(run)
    try:
        return _side(run, document)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{run / manifest.NAME} lacks something that every run writes ({error}). Run again from the exports."
        raise RunError(message) from error


def check(before: Side, after: Side) -> list[str]:
    """Say what a reader should know before comparing two sides.

    Raises:
        UsageError: they are of different companies.

    """
    then, now = (_entities(one) for one in (before, after))
    if then and now and not then & now:
        message = (
            f"{before.name} is of {_list(then)} and {after.name} of {_list(now)}: they have no company in common, so"
            f" there is nothing to compare. Choose two runs of the same company."
        )
        raise UsageError(message)
    notes = []
    if only := then - now:
        notes.append(f"Only the first run has {_list(only)}: all that it owns and requires counts as gone.")
    if only := now - then:
        notes.append(f"Only the second run has {_list(only)}: all that it owns and requires counts as new.")
    if after.settings.as_of < before.settings.as_of:
        notes.append("The second run is of an earlier day than the first: what passed is undone.")
    notes += [
        f"{one.name} was computed by another version of the program; its data is computed again by today's."
        for one in (before, after)
        if not one.is_todays
    ]
    for name in sorted(before.tables.keys() ^ after.tables.keys()):
        which = "first" if name in before.tables else "second"
        notes.append(f"Table {name} was given to the {which} run only: what it answers cannot be told by cause.")
    return notes


def _side(run: Path, document: dict[str, Any]) -> Side:
    _unchanged(run)
    given = sorted(p.stem for p in (run / "accepted").glob("*.parquet"))
    tables = {name: CANONICAL[name].conform(pl.scan_parquet(run / "accepted" / f"{name}.parquet")) for name in given}
    files = {f"facts_{name}": run / "facts" / f"{name}.parquet" for name in _FACTS}
    files |= {name: run / f"{name}.parquet" for name in ANSWERED}
    known = register.policies()
    readings = {name: r for name, r in document["policies"].items() if name in known and r in known[name].readings}
    digests = {entry["file"]: entry["sha256"] for entry in document["outputs"]}
    return Side(
        str(document["run_id"]),
        Settings(date.fromisoformat(document["as_of"]), register.in_force(Settings(date.max, readings))),
        tables,
        {name: pl.scan_parquet(path) for name, path in files.items() if path.exists()},
        program=digest_of([document["program"]["sha256"], document["versions"]]),
        is_scenario="scenario" in document,
        amendments=tuple(told_in(document)),
        digests={name: digests[f"accepted/{name}.parquet"] for name in given},
    )


def _unchanged(run: Path) -> None:
    """Refuse a run whose manifest or files are not as they were written; another program today is no change."""
    found = [d for d in verify(run) if d.part in {"manifest", "answers"}]
    if found:
        named = ", ".join(f"{d.file} {d.change}" for d in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        message = (
            f"{run} is not as it was written: {named}{more}. A difference to it would prove nothing."
            f" Run again from the exports; `lmanalytics verify` lists every file."
        )
        raise RunError(message)


def _entities(one: Side) -> set[str]:
    found = [frame.select(ENTITY).unique().collect().to_series() for frame in one.tables.values()]
    return {name for column in found for name in column.drop_nulls()}


def _list(names: set[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:_NAMED]) + (f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else "")
