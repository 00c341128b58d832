"""Which runs and reports may go: all but the newest, never what one that stays refers to."""

import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from lmanalytics.errors import RunError
from lmanalytics.evidence import manifest
from lmanalytics.workspace import Workspace

_DIFFERENCES = ".since"


@dataclass(frozen=True)
class Pruned:
    """Ids of the runs that went and of those that stay, and every folder that went."""

    runs: list[str]
    left: list[str]
    paths: list[Path]


def prune(workspace: Workspace, keep: int, *, used: str = "", dry_run: bool = False) -> Pruned:
    """Delete the oldest runs with their reports and the differences computed from them.

    Kept are the `keep` newest runs, by when they were made; the run `used`; every run that the report of a kept run is
    compared with, and so on; the run that `latest` names. A scenario's run is not counted: it stays as long as the run
    that it starts from.

    Args:
        workspace: whose runs and reports.
        keep: how many runs stay, at least one.
        used: the id of a run that stays in any case.
        dry_run: say what would go, and delete nothing.

    Raises:
        RunError: a folder cannot be deleted.

    """
    made = [path.name for path in workspace.finished()]
    bases = {name: _base(workspace.runs / name) for name in made}
    counted = [name for name in made if bases[name] is None]
    wanted = {*counted[-max(keep, 1) :], *made[-1:], *({used} & set(made))}
    left = _with_references(workspace, wanted, bases)
    left |= {name for name, base in bases.items() if base in left}
    gone = [name for name in made if name not in left]
    paths = list(dict.fromkeys(path for name in gone for path in _folders(workspace, name)))
    if not dry_run:
        for path in paths:
            _delete(path)
    return Pruned(gone, [name for name in made if name in left], paths)


def _with_references(workspace: Workspace, wanted: set[str], bases: dict[str, str | None]) -> set[str]:
    left: set[str] = set()
    while wanted:
        name = wanted.pop()
        left.add(name)
        report = manifest.read_report(workspace.reports / name) or {}
        told = {bases.get(name), (report.get("asked") or {}).get("since")}
        wanted |= {other for other in told if other in bases} - left
    return left


def _base(run: Path) -> str | None:
    """Return the run that a scenario starts from; None of any other run, also of one whose manifest is damaged."""
    try:
        scenario = manifest.read(run).get("scenario") or {}
    except RunError:
        return None
    return scenario.get("base_run")


def _folders(workspace: Workspace, name: str) -> list[Path]:
    differences = workspace.runs / _DIFFERENCES
    found = [workspace.runs / name, workspace.reports / name, workspace.reports / "scenarios" / name]
    found += [path for path in sorted(differences.glob("*--*")) if name in path.name.split("--")]
    return [path for path in found if path.exists()]


def _delete(path: Path) -> None:
    """Rename a folder before it is emptied, so that what is half deleted is never taken for a run."""
    going = path.with_name(f".{uuid.uuid4().hex}.going")
    try:
        os.replace(path, going)  # noqa: PTH105 (Path.replace says the same of a file)
        shutil.rmtree(going)
    except OSError as error:
        message = f"{path} cannot be deleted: {error.strerror}. Close what has it open, and prune again."
        raise RunError(message) from error
