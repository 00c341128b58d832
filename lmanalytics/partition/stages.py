"""The stages of a run whose estate is computed in parts."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics import engines
from lmanalytics.engines.means import Means
from lmanalytics.engines.storage_exchange import cleared, fetched, sent
from lmanalytics.kept import Kept
from lmanalytics.kept.parts import computed
from lmanalytics.partition.split import Parts, split
from lmanalytics.rules import reach
from lmanalytics.rules.demand import stage as demand
from lmanalytics.rules.parameters import Settings

Tables = dict[str, pl.LazyFrame]
Paths = dict[str, list[Path]]
_MACHINES = ("hosts", "oses", "ose_host_affinity")
_FACTS = ("facts_hosts", "facts_oses", "facts_host_rows")


class Parted:
    """An estate in parts: split once, then stage after stage, part after part.

    Args:
        settings: date and policies.
        kept: what earlier runs left; its folder is that of the parts. What an interrupted run left there is used.
        number: how many parts.
        means: where parts are computed, and what workers reach.
        progress: told of each part.

    """

    def __init__(
        self, settings: Settings, kept: Kept, number: int, means: Means, progress: Callable[[str], None]
    ) -> None:
        self.settings, self.kept, self.work, self.number = settings, kept, kept.into, number
        self.means, self.progress = means, progress
        run_id = self.work.stem.lstrip(".")
        self._place = None if means.storage is None else f"{means.storage.rstrip('/')}/{run_id}"
        self._parts = Parts(number, {}, {})
        self._facts: Paths = {}

    def estate(self, tables: Tables, chosen: Callable[[Tables, Settings], Tables], shared: Paths) -> Paths:
        """Split the estate and make its facts.

        Args:
            tables: canonical tables.
            chosen: leaves of installs only those to compute with.
            shared: the files of tables that each part is given whole, of which `providers` is read.

        Returns:
            The files of facts_hosts, facts_oses, facts_host_rows and, of the split itself, facts_installs.

        """
        made = self.kept.files("split", {"": tables}, self.settings, partial(self._split, chosen), given=self.number)
        self._parts = self._found(made.told)
        read = {
            name: self._parts.files[name] for name in (*_MACHINES, "elsewhere_of_oses") if name in self._parts.files
        }
        whole = {name: [path] for name, path in self._parts.shared.items()}
        whole |= {name: paths for name, paths in shared.items() if name == "providers"}
        self._facts = self._computed("estate", read, whole)
        own = {"facts_installs": self._parts.files["installs"]} if "installs" in self._parts.files else {}
        return self._facts | own

    def demand(self, shared: Paths) -> Paths:
        """Ask every part what its machines require.

        Args:
            shared: the files of tables and earlier answers by name; those that the topics read are given whole.

        Returns:
            The files of `rules.demand.stage.in_part`.

        """
        names = ("hosts", "oses", "installs", "elsewhere_of_installs")
        read = {name: self._parts.files[name] for name in names if name in self._parts.files}
        words = frozenset().union(*(reach.words(topic) for topic in demand.by_place()))
        whole = {name: paths for name, paths in shared.items() if name in words and name not in {*read, *_FACTS}}
        return self._computed("demand", self._facts | read, whole)

    def _split(self, chosen: Callable[[Tables, Settings], Tables], tables: Tables) -> tuple[list[Path], Any]:
        parts = split(chosen(tables, self.settings), self.settings.as_of, self.work / "split", self.number)
        told = [
            {n: [p.name for p in paths] for n, paths in parts.files.items()},
            {n: p.name for n, p in parts.shared.items()},
        ]
        return [*(path for paths in parts.files.values() for path in paths), *parts.shared.values()], told

    def _found(self, told: Any) -> Parts:
        folder = self.work / "split"
        files, shared = told
        parted = {name: [folder / name / path for path in paths] for name, paths in files.items()}
        return Parts(self.number, parted, {name: folder / path for name, path in shared.items()})

    def swept(self) -> None:
        """Remove the parts, which the finished run holds."""
        if self._place is not None:
            cleared(self._place)
        shutil.rmtree(self.work, ignore_errors=True)

    def _computed(self, work: str, parted: Paths, whole: Paths) -> Paths:
        as_of, policies = self.settings.as_of.isoformat(), dict(self.settings.policies)
        called = self._called(parted | whole)
        into = str(self.work / work) if self._place is None else f"{self._place}/{work}"
        tasks = []
        for part in range(self.number):
            inputs = {name: paths if name in whole else [paths[part]] for name, paths in called.items()}
            tasks.append(engines.Task(work, part, inputs, into, as_of, policies))
        with engines.engine(self.means.cluster, self.means.memory) as engine:
            results = computed(self.kept, tasks, engine, progress=self.progress)
        found = {name: [result.outputs[name].path for result in results] for name in results[0].outputs}
        return fetched(found, self.work / work)

    def _called(self, files: Paths) -> dict[str, list[str]]:
        """Return what workers call files, having sent those that are not where workers reach them."""
        if self._place is None:
            return {name: [str(path) for path in paths] for name, paths in files.items()}
        root = self.work.parent
        there = {n: [str(p) for p in paths] for n, paths in files.items() if not paths[0].is_relative_to(root)}
        return sent({n: paths for n, paths in files.items() if n not in there}, root, self._place) | there
