"""The difference from an earlier run: computed once, before the notebooks that show it, and kept beside the runs."""

import json
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics.errors import RunError
from lmanalytics.evidence import manifest

KEPT = ".since"
"""The folder beside runs in which differences are kept. It may be deleted at any time."""
NONE = "none"
"""Stands for no earlier run: the comparison is left out."""
_NOTES = "difference.json"


@dataclass(frozen=True)
class Change:
    """The difference of two runs, as `whatif.diff` computes it, opened from its files."""

    before: str
    """Id of the earlier run."""
    before_as_of: str
    """Its position date, ISO."""
    notes: tuple[str, ...]
    """What a reader should know before comparing the two."""
    folder: Path

    def table(self, name: str) -> pl.LazyFrame:
        """Scan one of `whatif.diff.TABLES`: waterfall, causes, balances, subjects or changes."""
        return pl.scan_parquet(self.folder / f"{name}.parquet")


def earlier(run_dir: Path) -> Path | None:
    """Find the run to compare with: of the same entities, with the latest position date before this one.

    Args:
        run_dir: a finished run. Runs of scenarios, and folders that hold no run, are passed over.

    Returns:
        Its folder, beside `run_dir`; None where there is none. Of runs of one day it is the one written last.

    Raises:
        RunError: `run_dir` is not a finished run.

    """
    own = manifest.read(run_dir)
    found = []
    for path in sorted(run_dir.resolve().parent.glob("*/manifest.json")):
        other = _document(path.parent)
        if other and other["as_of"] < own["as_of"] and _entities(other) == _entities(own):
            found.append(((other["as_of"], path.stat().st_mtime_ns, path.parent.name), path.parent))
    return max(found)[1] if found else None


def difference(run_dir: Path, since: Path, into: Path | None = None) -> Path:
    """Compute what changed from one run to another, unless that is kept already.

    Args:
        run_dir: the later run.
        since: the earlier run.
        into: a folder, made where it is absent, that is given a copy as evidence.

    Returns:
        The folder of the tables, as CSV and Parquet, and of the waterfalls as SVG: `into`, or where they are kept.

    Raises:
        RunError: a folder is not a finished run, or its files are not as they were written.
        UsageError: the runs are of different companies, or `into` is a file.

    """
    place = _place(run_dir, manifest.read(since)["run_id"])
    if _read(place, run_dir, since) is None:
        _compute(run_dir, since, place)
    if into is None:
        return place
    shutil.copytree(place, into, dirs_exist_ok=True)
    return into


def opened(run_dir: Path, since: str = "") -> Change | None:
    """Open the difference from an earlier run; it is computed where it is not kept, which takes some minutes.

    Args:
        run_dir: the later run.
        since: folder or id of the earlier run; empty: `earlier`; `NONE`: no run.

    Returns:
        The difference, or None where there is nothing to compare with.

    Raises:
        RunError: there is no such run.

    """
    if since == NONE:
        return None
    given = Path(since) if (Path(since) / manifest.NAME).is_file() else run_dir.resolve().parent / since
    path = given if since else earlier(run_dir)
    if path is None:
        return None
    kept = _place(run_dir, path.name)
    is_elsewhere = not (path / manifest.NAME).is_file() and (kept / _NOTES).is_file()
    folder = kept if is_elsewhere else difference(run_dir, path)
    told = json.loads((folder / _NOTES).read_text(encoding="utf-8"))
    return Change(told["before"], told["before_as_of"], tuple(told["notes"]), folder)


def _place(run_dir: Path, before: str) -> Path:
    run = run_dir.resolve()
    return run.parent / KEPT / f"{before}--{run.name}"


def _read(place: Path, run_dir: Path, since: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((place / _NOTES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    from lmanalytics.compared import question  # noqa: PLC0415 (only a comparison needs the rules)

    return told if told.get("key") == question(since, run_dir) else None


def _compute(run_dir: Path, since: Path, place: Path) -> None:
    from lmanalytics.compared import compare, question  # noqa: PLC0415 (as above)

    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.parent / f".{uuid.uuid4().hex}"
    try:
        told = {**compare(since, run_dir, unfinished), "key": question(since, run_dir)}
        text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        (unfinished / _NOTES).write_text(text, encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        os.replace(unfinished, place)  # noqa: PTH105 (Path.replace says the same of a file)
    except OSError as error:
        if _read(place, run_dir, since) is not None:  # another process was faster
            return
        message = (
            f"The difference from {since.name} cannot be kept in {place.parent}: {error.strerror}."
            " Make the folder writable, or free space."
        )
        raise RunError(message) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _document(run: Path) -> dict[str, Any] | None:
    try:
        document = manifest.read(run)
    except RunError:
        return None
    return None if "scenario" in document or not isinstance(document.get("as_of"), str) else document


def _entities(document: dict[str, Any]) -> set[str]:
    return {str(name) for name in document.get("entities") or ()}
