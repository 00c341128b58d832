"""From one side to the other, one cause after the other: the states in between, each differing by one cause."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from lmanalytics import answers
from lmanalytics.rules.amendments import Amendment, amended
from lmanalytics.rules.parameters import Settings
from lmanalytics.whatif.causes import MACHINES, WHOLE, Cause, Tables
from lmanalytics.whatif.causes_machines import machines, reidentified, renamed
from lmanalytics.whatif.causes_purchases import ended, ending, purchases
from lmanalytics.whatif.causes_rows import CHANGES, Compared, compared
from lmanalytics.whatif.diff_sides import Side

Position = Callable[[Tables, Settings], Tables]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class State:
    """What the position was computed from after one more cause was let in, and the position."""

    cause: Cause
    detail: str
    """The policy, the tables or the ids that changed; empty where the cause says it all."""
    rows: int
    """How many rows of tables the cause touches; 0 where it touches none."""
    tables: Tables
    settings: Settings
    position: pl.DataFrame


@dataclass(frozen=True)
class Replay:
    """The states in order, the first without a cause, and what is known of single rows."""

    first: pl.DataFrame
    states: list[State]
    changes: pl.DataFrame
    """`causes_rows.CHANGES`."""
    pairs: dict[str, pl.DataFrame]
    """Machines with another id (`causes_machines.reidentified`)."""


@dataclass(frozen=True)
class _Step:
    cause: Cause
    tables: Tables
    settings: Settings
    amendments: tuple[Amendment, ...]
    detail: str = ""
    rows: int = 0


def replay(
    before: Side, after: Side, position: Position = answers.position, progress: Progress = lambda _: None
) -> Replay:
    """Compute the position after each cause.

    What today's program answered already is not computed again: sides that differ by one cause cost nothing, others
    one computation for each further cause.

    Args:
        before: the first side.
        after: the second side.
        position: computes the position of tables (`answers.position`).
        progress: told of each computation.

    """
    parts, pairs = compare(before, after)
    steps = _steps(before, after, parts, pairs)
    changes = pl.concat([pl.DataFrame(schema=CHANGES), *(part.changes for part in parts.values()), _renames(pairs)])

    def computed(one: Side | _Step, words: str) -> pl.DataFrame:
        progress(words)
        with amended(one.amendments):
            return position(one.tables, one.settings)["position"].collect()

    then, now = (one.answers["position"].collect() if "position" in one.answers else None for one in (before, after))
    first = computed(before, before.name) if then is None else then
    states: list[State] = []
    if not steps and before.program == after.program:
        return Replay(first, states, changes, pairs)
    if not before.is_todays and then is not None:
        again = computed(before, Cause.PROGRAM_BEFORE.code)
        states.append(State(Cause.PROGRAM_BEFORE, "", 0, before.tables, before.settings, again))
    for number, step in enumerate(steps, start=1):
        known = now if number == len(steps) and after.is_todays else None
        found = computed(step, step.cause.code) if known is None else known
        states.append(State(step.cause, step.detail, step.rows, step.tables, step.settings, found))
    if not after.is_todays and now is not None:
        states.append(State(Cause.PROGRAM_AFTER, "", 0, after.tables, after.settings, now))
    return Replay(first, states, changes, pairs)


def compare(before: Side, after: Side) -> tuple[dict[str, Compared], dict[str, pl.DataFrame]]:
    """Compare every table that both sides have, the machines that bear other ids by their names.

    Returns:
        How each table that differs changed, and the machines with other ids.

    """
    common = [name for name in sorted(before.tables.keys() & after.tables.keys()) if not before.equals(after, name)]
    as_of = after.settings.as_of
    then, now = ({name: one.tables[name] for name in common} for one in (before, after))
    pairs = reidentified(then, now, as_of)
    then = renamed(then, pairs)
    corrects = not (before.is_scenario or after.is_scenario)
    found: dict[str, Compared] = {}
    for name in sorted(common, key=lambda n: ([*MACHINES].index(n) if n in MACHINES else len(MACHINES), n)):
        if name in MACHINES:
            oses = found["oses"].changes if name == "installs" and "oses" in found else None
            found[name] = machines(name, then[name], now[name], as_of, corrects=corrects, oses=oses)
        elif name == "purchases":
            found[name] = purchases(then[name], now[name], before.settings.as_of, corrects=corrects)
        elif name in WHOLE:
            found[name] = compared(name, then[name], now[name])
    return {name: part for name, part in found.items() if part.causes}, pairs


def _steps(before: Side, after: Side, parts: dict[str, Compared], pairs: dict[str, pl.DataFrame]) -> list[_Step]:
    """List the states to compute, in the order of `Cause`; a cause that changes nothing has none."""
    walk = _Walk(before, after, pairs)
    special: dict[Cause, Callable[[], None]] = {
        Cause.DATE_PASSED: walk.date,
        Cause.REIDENTIFIED: walk.ids,
        Cause.RULE_CHANGED: walk.rules,
        Cause.POLICY_CHANGED: walk.policies,
        Cause.TABLES_GIVEN: walk.given,
        Cause.SA_LAPSED: partial(walk.end, Cause.SA_LAPSED),
        Cause.EXPIRED: partial(walk.end, Cause.EXPIRED),
    }
    for cause in Cause:
        touched = {name: part for name, part in parts.items() if cause in part.causes}
        if cause in special:
            special[cause]()
        elif touched:
            walk.tables |= {name: part.at(cause) for name, part in touched.items()}
            walk.step(cause, ", ".join(touched), sum(part.causes[cause] for part in touched.values()))
    # With every cause let in, the tables are those of the second side; they stand in its order, too.
    return [*walk.steps[:-1], *(replace(last, tables=after.tables) for last in walk.steps[-1:])]


class _Walk:
    """The tables and settings on their way from one side to the other."""

    def __init__(self, before: Side, after: Side, pairs: dict[str, pl.DataFrame]) -> None:
        self.before, self.after, self.pairs = before, after, pairs
        self.days = before.settings.as_of, after.settings.as_of
        self.tables, self.settings = dict(before.tables), before.settings
        self.amendments = before.amendments
        self.held: tuple[Cause, ...] = ()
        self.steps: list[_Step] = []

    def step(self, cause: Cause, detail: str = "", rows: int = 0) -> None:
        tables = dict(self.tables)
        if self.held:
            lines = ended(tables["purchases"], tables.get("agreements"), *self.days, self.held)
            tables["purchases"] = lines
        self.steps.append(_Step(cause, tables, self.settings, self.amendments, detail, rows))

    def date(self) -> None:
        first, second = self.days
        if first == second:
            return
        self.settings = replace(self.settings, as_of=second)
        if "purchases" in self.before.tables.keys() & self.after.tables.keys():
            self.held = (Cause.SA_LAPSED, Cause.EXPIRED)
        self.step(Cause.DATE_PASSED, f"{first} to {second}")

    def ids(self) -> None:
        if self.pairs:
            alike = [n for n in self.tables if n not in self.after.tables or self.before.equals(self.after, n)]
            self.tables |= renamed({n: f for n, f in self.tables.items() if n not in alike}, self.pairs)
            self.step(Cause.REIDENTIFIED, ", ".join(self.pairs), sum(found.height for found in self.pairs.values()))

    def rules(self) -> None:
        then, now = self.before.amendments, self.after.amendments
        if then != now:
            self.amendments = now
            names = {f"{a.module}.{a.parameter}" for a in {*then} ^ {*now}} or {
                f"{a.module}.{a.parameter}" for a in now
            }
            self.step(Cause.RULE_CHANGED, ", ".join(sorted(names)))

    def policies(self) -> None:
        for name, reading in sorted(self.after.settings.policies.items()):
            if (then := self.settings.policies.get(name)) != reading:
                self.settings = replace(self.settings, policies=self.settings.policies | {name: reading})
                self.step(Cause.POLICY_CHANGED, f"{name}: {then or 'default'} to {reading}")

    def given(self) -> None:
        then, now = self.before.tables, self.after.tables
        if then.keys() != now.keys():
            kept = {name: frame for name, frame in self.tables.items() if name in now}
            self.tables = kept | {name: frame for name, frame in now.items() if name not in then}
            self.step(Cause.TABLES_GIVEN, ", ".join(sorted(then.keys() ^ now.keys())))

    def end(self, cause: Cause) -> None:
        if cause not in self.held:
            return
        lines = ending(self.tables["purchases"], self.tables.get("agreements"), *self.days).get(cause, 0)
        self.held = tuple(c for c in self.held if c != cause)
        if lines:
            self.step(cause, "", lines)


def _renames(pairs: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Write machines with other ids for people (`CHANGES`)."""
    parts = [
        found.select(
            "entity_id",
            table=pl.lit(table),
            row="id_now",
            cause=Cause.REIDENTIFIED.lit,
            before=pl.format("{} {}", pl.lit(MACHINES[table]), "id_then"),
            after=pl.format("{} {}", pl.lit(MACHINES[table]), "id_now"),
            host_id=pl.col("id_now") if table == "hosts" else pl.lit(None, pl.String),
            ose_id=pl.col("id_now") if table == "oses" else pl.lit(None, pl.String),
        )
        for table, found in pairs.items()
    ]
    return pl.concat([pl.DataFrame(schema=CHANGES), *parts])
