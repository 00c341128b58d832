"""Steps that are not computed again while everything that they read, consulted and were given is as it was."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import polars as pl

from lmanalytics.evidence.digests import digest_of
from lmanalytics.kept import Entry, Store
from lmanalytics.kept_reads import Noted, Reads, holds
from lmanalytics.rules import amendments, register
from lmanalytics.rules.parameters import Settings, consulting

Tables = dict[str, pl.LazyFrame]
Save = Callable[[Tables], Mapping[str, Iterable[Path]]]


@dataclass(frozen=True)
class Step:
    """What a step gave: its tables, the policies that it consulted, and whether it was kept from an earlier run."""

    tables: Tables
    policies: set[str] = field(default_factory=set)
    is_kept: bool = False


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
        self._program, self._into, self._fresh = program, into, fresh
        self._tables: dict[int, tuple[pl.LazyFrame, str]] = {}

    def scan(self, paths: Iterable[Path]) -> pl.LazyFrame:
        """Scan the files of a table, and know it from now on by what they hold."""
        files = list(paths)
        frame = pl.scan_parquet(files)
        self._tables[id(frame)] = (frame, digest_of([self.store.digest(path) for path in files]))
        return frame

    def digest(self, frame: pl.LazyFrame) -> str | None:
        """Return the digest of a table that was scanned here; None of any other."""
        known = self._tables.get(id(frame))
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
        labeled = _labeled(tables)
        base = digest_of([self._program, settings.as_of, [repr(one) for one in amendments.in_force()], given])
        readings = register.in_force(settings)
        if found := self._found(name, base, labeled, readings):
            self.taken.append(name)
            shapes: dict[str, list[str]] = found.told
            scanned = {table: self.scan(self._into / path for path in paths) for table, paths in shapes.items()}
            return Step(scanned, set(found.policies), is_kept=True)
        self.computed.append(name)
        reads, consulted = Reads(self.digest), set[str]()
        noted = [cast("Tables", Noted(one, reads, label)) for label, one in labeled.items()]
        with consulting(consulted):
            saved = {table: list(paths) for table, paths in save(compute(*noted)).items()}
        reads.over()
        told = {table: [path.relative_to(self._into).as_posix() for path in paths] for table, paths in saved.items()}
        if reads.is_known:
            entry = Entry(name, base, reads.found, {one: readings[one] for one in sorted(consulted)}, told=told)
            self.store.keep(entry, [path for paths in saved.values() for path in paths], self._into)
        return Step({table: self.scan(paths) for table, paths in saved.items()}, consulted)

    def _found(self, name: str, base: str, labeled: Mapping[str, Tables], readings: Mapping[str, str]) -> Entry | None:
        for entry in () if self._fresh else self.store.entries(name):
            if (
                entry.base == base
                and entry.policies.items() <= readings.items()
                and holds(entry.reads, labeled, self.digest)
                and self.store.restore(entry, self._into)
            ):
                return entry
        return None


def _labeled(tables: Tables | Mapping[str, Tables]) -> Mapping[str, Tables]:
    if all(isinstance(one, pl.LazyFrame) for one in tables.values()):
        return {"": cast("Tables", tables)}
    return cast("Mapping[str, Tables]", tables)
