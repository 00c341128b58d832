"""The tables of a run folder: each is one Parquet file, or a folder of that name with a file for each partition."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

Tables = dict[str, pl.LazyFrame]
Paths = dict[str, list[Path]]
PARTS = ("demand_of_", "rights_demand_of_", "findings_of_", "installs_outcomes_")
"""Beginnings of the names of what single topics give to answers of several."""
_GROUP = 250_000


def place(folder: Path, name: str) -> Path:
    """Return where a run folder holds a table; facts and the parts of answers have folders of their own."""
    if name.startswith("facts_"):
        return folder / "facts" / f"{name.removeprefix('facts_')}.parquet"
    return folder / "parts" / f"{name}.parquet" if name.startswith(PARTS) else folder / f"{name}.parquet"


def saved(frames: Tables, folder: Path) -> Tables:
    """Stream each frame to a file of its own; return scans of them."""
    for name, frame in frames.items():
        path = place(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(beside := path.with_name(f".{path.name}"))
        frame.sink_parquet(beside, compression="zstd", row_group_size=_GROUP)
        _remove(path)  # an answer of all parts may rest on the parts that it takes the place of
        beside.replace(path)
    return {name: pl.scan_parquet(place(folder, name)) for name in frames}


def kept(files: Paths, folder: Path) -> Tables:
    """Take the files of partitions into the run folder, without copying where that can be; return scans of them."""
    found = {}
    for name, paths in files.items():
        into = place(folder, name)
        _remove(into)
        into.mkdir(parents=True)
        own = [into / path.name for path in paths]
        for path, target in zip(paths, own, strict=True):
            _linked(path, target)
        found[name] = pl.scan_parquet(own)
    return found


def files(folder: Path, names: Iterable[str], accepted: Mapping[str, Path]) -> Paths:
    """Return the files of tables: those of the run folder, or the accepted ones."""
    return {name: parts(_found(folder, name, accepted)) for name in names}


def parts(path: Path) -> list[Path]:
    """Return the files of a table, in the order of the partitions."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def _found(folder: Path, name: str, accepted: Mapping[str, Path]) -> Path:
    """Prefer machines called by id to the table as it was read."""
    by_id = place(folder, f"facts_{name}")
    if name in accepted:
        return by_id if name not in {"hosts", "oses"} and by_id.exists() else accepted[name]
    return place(folder, name)


def _linked(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
