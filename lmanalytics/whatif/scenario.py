"""Answer the scenarios of a file and set them side by side: for the command line and for notebooks.

from lmanalytics.whatif.scenario import compare
found = compare("scenarios.yaml", "latest", workspace=lm.Workspace(Path()))
found.table, found.chart
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics import answers, pipeline
from lmanalytics.errors import UsageError, did_you_mean
from lmanalytics.evidence import manifest
from lmanalytics.rules.amendments import amended
from lmanalytics.rules.parameters import Settings
from lmanalytics.whatif import scenario_gate, scenario_run
from lmanalytics.whatif.compare import Side, side, side_by_side
from lmanalytics.whatif.scenario_file import Chain, load
from lmanalytics.workspace import Workspace

if TYPE_CHECKING:
    from lmanalytics.report.charts.marks import Chart

BASE = "base"


@dataclass(frozen=True)
class Compared:
    """Scenarios side by side.

    `table`: as `compare.SCHEMA`, the base first. `runs`: the run folder of the base and of each scenario by its
    name; the base alone where positions were computed in memory. `warnings`: sentences.
    """

    table: pl.DataFrame
    base: Path
    runs: dict[str, Path]
    warnings: tuple[str, ...]

    @property
    def chart(self) -> "Chart":
        """Licenses short and cost to order of each scenario, as an Altair chart."""
        from lmanalytics.report.charts.scenarios import scenarios_chart  # noqa: PLC0415 (help needs no charts)

        return scenarios_chart(self.table)


def compare(
    file: Path | str,
    path: Path | str = "latest",
    *,
    workspace: Workspace | None = None,
    as_of: date | None = None,
    only: Sequence[str] = (),
    quick: bool = False,
    fresh: bool = False,
    progress: pipeline.Progress = lambda _: None,
) -> Compared:
    """Answer each scenario of a file and compare it with the run it starts from.

    Args:
        file: the scenario file.
        path: a run (its folder, its id or the start of it, `latest`) or a folder of exports, which is run first.
        workspace: where runs are; default: here.
        as_of: the position date, needed with a folder of exports.
        only: names of scenarios; default: all of the file. Those that they build on are applied, not compared.
        quick: compute positions in memory and leave no run folders.
        fresh: compute again what is there.
        progress: told of each stage.

    Returns:
        The comparison; each scenario has a run folder of its own, which `explain`, `verify` and `report` take.

    Raises:
        ScenarioError: the file cannot be applied to the run.
        UsageError: there is no such file, folder or scenario.
        RunError: there is no such run.

    """
    workspace = workspace or Workspace(Path())
    chains = _chosen(load(Path(file)), only)
    base = _base(path, workspace, as_of, fresh=fresh, progress=progress)
    document = manifest.read(base)
    settings = [scenario_run.settings_of(chain, document) for chain in chains]
    for chain in chains:
        scenario_run.patched(chain, base, document)  # every mistake is found before the first long computation
    sides, runs = [_of_run(BASE, f"{document['run_id']}, as it is", base)], {BASE: base}
    warnings = list(_of_another_program(document))
    for chain, one in zip(chains, settings, strict=True):
        name = chain.last.name
        progress(f"scenario {name}")
        if quick:
            found, said = _in_memory(chain, base, document, one)
            sides.append(found)
        else:
            done = scenario_run.run(chain, base, workspace, fresh=fresh, progress=progress)
            runs[name], said = done.path, done.warnings
            sides.append(_of_run(name, chain.last.title, done.path))
        warnings += said
    return Compared(side_by_side(_told_apart(sides)), base, runs, tuple(dict.fromkeys(warnings)))


def _chosen(chains: list[Chain], only: Sequence[str]) -> list[Chain]:
    known = [chain.last.name for chain in chains]
    if wrong := [name for name in only if name not in known]:
        hint = did_you_mean(wrong[0], known)
        message = f"The file has no scenario {wrong[0]!r}.{hint} It has: {', '.join(known)}."
        raise UsageError(message)
    return [chain for chain in chains if not only or chain.last.name in only]


def _base(
    path: Path | str, workspace: Workspace, as_of: date | None, *, fresh: bool, progress: pipeline.Progress
) -> Path:
    folder = Path(path)
    if not folder.is_dir() or (folder / manifest.NAME).is_file():
        found = workspace.run(path if folder.is_dir() else str(path))
        stated = manifest.read(found)["as_of"]
        if as_of is not None and as_of.isoformat() != stated:
            message = (
                f"{found.name} is of {stated}, not of {as_of}. Leave --as-of out, give the exports instead of the run, "
                f"or let the scenario say it: `as_of: {as_of}`."
            )
            raise UsageError(message)
        return found
    if as_of is None:
        message = f"{folder} is a folder of exports: give the position date, --as-of YYYY-MM-DD."
        raise UsageError(message)
    return pipeline.run(folder, workspace, as_of=as_of, fresh=fresh, progress=progress).path


def _of_run(name: str, title: str, folder: Path) -> Side:
    found = {a: pl.scan_parquet(folder / f"{a}.parquet") for a in ("position", "true_up")}
    document = manifest.read(folder)
    return side(name, title, document["run_id"], found, document.get("scenario", {}).get("spent", ()))


def _in_memory(chain: Chain, base: Path, document: dict[str, Any], settings: Settings) -> tuple[Side, tuple[str, ...]]:
    scenario_run.check(base, document)
    found = scenario_run.patched(chain, base, document)
    with TemporaryDirectory() as folder:
        passed = scenario_gate.pass_gate(found, Path(folder)) if found.applied else {}
        tables = found.tables | {table: pl.scan_parquet(path) for table, path in passed.items()}
        with amended(found.amendments):
            given = answers.position(tables, settings)
        given = {name: given[name].collect().lazy() for name in ("position", "true_up")}
    spent = [one.told() for one in found.spent]
    return side(chain.last.name, chain.last.title, "", given, spent), tuple(found.warnings)


def _of_another_program(document: dict[str, Any]) -> list[str]:
    from lmanalytics.evidence.digests import digest_of, program_digests  # noqa: PLC0415 (reads every file)

    if document["program"]["sha256"] == digest_of(program_digests()):
        return []
    said = (
        f"Run {document['run_id']} was computed by another version of the program, which may be why some numbers differ"
    )
    return [f"{said}. Run the exports again to compare scenarios alone."]


def _told_apart(sides: list[Side]) -> list[Side]:
    """Add its name to a title that several scenarios bear."""
    titles = [one.title for one in sides]
    return [replace(one, title=f"{one.title} ({one.name})") if titles.count(one.title) > 1 else one for one in sides]
