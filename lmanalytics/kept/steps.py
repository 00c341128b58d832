"""Steps that are not computed again while all that they read, consulted and were given is as it was."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import polars as pl

from lmanalytics.evidence.digests import digest_of
from lmanalytics.kept.reads import Named, Noted, Reads, holds
from lmanalytics.kept.store import Entry, Store
from lmanalytics.rules import amendments, register
from lmanalytics.rules.parameters import Settings, consulted, consulting

Tables = dict[str, pl.LazyFrame]
Save = Callable[[Tables], Mapping[str, Iterable[Path]]]


@dataclass(frozen=True)
class Step:
    """What a step gave: its tables, the policies that it consulted, and whether it was kept from an earlier run."""

    tables: Tables
    policies: set[str] = field(default_factory=set)
    is_kept: bool = False


@dataclass(frozen=True)
class Made:
    """What a step told of the files that it wrote, the policies that it consulted, and whether they were kept."""

    told: Any
    policies: set[str]
    is_kept: bool = False


@dataclass(frozen=True)
class Question:
    """A step, the digest of what it is given beside tables, and the reading in force of every policy."""

    step: str
    base: str
    readings: dict[str, str]


class Kept:
    """What one run takes from the store, and leaves there for the next.

    `computed` and `taken` name the steps that were computed and those that were not.
    """

    def __init__(self, store: Store, program: str, into: Path, *, fresh: bool = False) -> None:
        """Serve the run whose folder is `into`.

        Args:
            store: what earlier runs left.
            program: digest of the program and of the engines that answers depend on.
            into: the folder of the run.
            fresh: compute every step, and put it in the place of what is kept.

        """
        self.computed: list[str] = []
        self.taken: list[str] = []
        self.store = store
        self._program, self.into, self._fresh = program, into, fresh
        self._tables: dict[int, tuple[pl.LazyFrame, str]] = {}

    def below(self, folder: Path) -> "Kept":
        """Serve the same run in another folder; what it computes and takes is told of here, too."""
        other = Kept(self.store, self._program, folder, fresh=self._fresh)
        other.computed, other.taken = self.computed, self.taken
        return other

    def scan(self, paths: Iterable[Path]) -> pl.LazyFrame:
        """Scan the files of a table, and know it from now on by what they hold."""
        files = list(paths)
        frame = pl.scan_parquet(files)
        self._tables[id(frame)] = (frame, digest_of([self.store.digest(path) for path in files]))
        return frame

    def digest(self, table: pl.LazyFrame | str) -> str | None:
        """Return the digest of a table that was scanned here, None of any other; a text is a digest already."""
        if isinstance(table, str):
            return table
        known = self._tables.get(id(table))
        return known and known[1]

    def step(
        self,
        name: str,
        tables: Tables | Mapping[str, Tables],
        settings: Settings,
        compute: Callable[..., Tables],
        save: Save,
        *,
        given: Any = None,
    ) -> Step:
        """Compute a step and save its tables, or take them from the store.

        Args:
            name: of the step; entries are looked for under it.
            tables: handed to `compute`, as a mapping that notes what is read; or several such by label.
            settings: date and policies.
            compute: gives the step's tables, lazily; it reads nothing that is neither handed to it nor in `given`.
            save: writes them below the run's folder and returns the files of each.
            given: what else decides the answer, as JSON.

        Returns:
            The saved tables, scanned, in the order in which `compute` gave them.

        """

        def write(*noted: Tables) -> tuple[list[Path], dict[str, list[str]]]:
            saved = {table: list(paths) for table, paths in save(compute(*noted)).items()}
            told = {table: [path.relative_to(self.into).as_posix() for path in paths] for table, paths in saved.items()}
            return [path for paths in saved.values() for path in paths], told

        made = self.files(name, _labeled(tables), settings, write, given=given)
        found = {table: self.scan(self.into / path for path in paths) for table, paths in made.told.items()}
        return Step(found, made.policies, is_kept=made.is_kept)

    def files(
        self,
        name: str,
        sources: Mapping[str, Named],
        settings: Settings,
        write: Callable[..., tuple[list[Path], Any]],
        *,
        given: Any = None,
    ) -> Made:
        """Let a step write its files below the run's folder, or take them from the store.

        Args:
            name: of the step; entries are looked for under it.
            sources: tables that were scanned here, or digests, by name; a mapping by label for each argument of
                `write`.
            settings: date and policies.
            write: returns the files that it wrote, and what else is to be told of them, as JSON. It reads nothing
                that is neither handed to it nor in `given`.
            given: what else decides the files, as JSON.

        """
        asked = self.question(name, settings, given)
        if found := self.recall(asked, sources):
            return Made(found.told, set(found.policies), is_kept=True)
        reads, names = Reads(self.digest), set[str]()
        with consulting(names):
            paths, told = write(*(Noted(one, reads, label) for label, one in sources.items()))
        reads.over()
        self.remember(asked, reads, names, paths, told)
        return Made(told, names)

    def question(self, name: str, settings: Settings, given: Any = None) -> Question:
        """Say what a step is asked, beside the tables that it will read."""
        base = digest_of([self._program, settings.as_of, [repr(one) for one in amendments.in_force()], given])
        readings = {one.name: settings.policies.get(one.name, one.default) for one in register.policies().values()}
        return Question(name, base, readings)  # `chosen` would note them all as consulted

    def recall(self, asked: Question, sources: Mapping[str, Named]) -> Entry | None:
        """Take the files of a step from the store; None, and it must be computed, where it has none that hold."""
        for entry in () if self._fresh else self.store.entries(asked.step):
            if (
                entry.base == asked.base
                and entry.policies.items() <= asked.readings.items()
                and holds(entry.reads, sources, self.digest)
                and self.store.restore(entry, self.into)
            ):
                self.taken.append(asked.step)
                consulted(set(entry.policies))
                return entry
        self.computed.append(asked.step)
        return None

    def remember(self, asked: Question, reads: Reads, policies: set[str], paths: list[Path], told: Any) -> None:
        """Keep what a step wrote, unless it read what has no digest."""
        if reads.is_known:
            readings = {policy: asked.readings[policy] for policy in sorted(policies)}
            self.store.keep(Entry(asked.step, asked.base, reads.found, readings, told=told), paths, self.into)


def _labeled(tables: Tables | Mapping[str, Tables]) -> Mapping[str, Tables]:
    if all(isinstance(one, pl.LazyFrame) for one in tables.values()):
        return {"": cast("Tables", tables)}
    return cast("Mapping[str, Tables]", tables)
