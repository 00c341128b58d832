"""One rule module at a time, on copies of the inputs that its tests have recorded."""

import json
from pathlib import Path

import polars as pl

from benchmarks.rule_inputs import height, module_of, recorded, settings_of, tile
from lmanalytics.rules.engine import compute, evaluate

COPIES = 3


def check(work: Path, name: str) -> None:
    """Compare the answers of one copy with those of several.

    Raises:
        ValueError: nothing is answered, or copies act on each other; a rate at many copies would mean nothing.

    """
    for call, said in recorded(work, name).items():
        found = []
        for copies in (1, COPIES):
            folder = work / name / f"copies_{copies}"
            tile(work / name, call, said["frames"], folder, copies)
            found.append(answer(work, name, call, folder).select(pl.len()).collect().item())
        one, several = found
        if not one or (height(work / name, call, said["frames"]) and several != COPIES * one):
            message = f"{call}: one copy gives {one} rows, {COPIES} copies give {several}"
            raise ValueError(message)


def prepare(work: Path, name: str, rows: str) -> None:
    """Write the inputs of a module at so many rows or a few more, and how many they are."""
    most = 0
    for call, said in recorded(work, name).items():
        own = height(work / name, call, said["frames"])
        copies = -(-int(rows) // own) if own else 1
        tile(work / name, call, said["frames"], work / name / "tiled", copies)
        most = max(most, copies * own)
    (work / name / "rows.json").write_text(json.dumps(most), encoding="utf-8")


def before_run(work: Path, name: str) -> None:
    """Read the YAML and the tables of the terms, which a run reads once for all modules."""
    for call in recorded(work, name):
        answer(work, name, call, work / name).select(pl.all().null_count()).collect(engine="streaming")


def run(work: Path, name: str) -> None:
    """Compute every column of every rule; of each, only how many values are null is kept."""
    for call in recorded(work, name):
        answer(work, name, call, work / name / "tiled").select(pl.all().null_count()).collect(engine="streaming")


def answer(work: Path, name: str, call: str, folder: Path) -> pl.LazyFrame:
    """Give a call its frames: the new columns of an expression module, or what a frame rule returns."""
    module, said = module_of(name), recorded(work, name)[call]
    given = {frame: pl.scan_parquet(folder / f"{call}.{frame}.parquet") for frame in said["frames"]}
    if call != "facts":
        return compute(module, call, settings_of(said), **given)
    return evaluate(given["facts"], module, settings_of(said)).select(pl.col(f"^{name.partition('.')[2]}__.*$"))
