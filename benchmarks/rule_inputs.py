"""Inputs of rule modules at any size: what a module's own tests give it, copied until there are rows enough."""

import json
import subprocess
import sys
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from benchmarks.measure import ROOT
from lmanalytics.rules.engine import rules_in_force, rules_of
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.register import modules

TERMS = ("license_grants", "listed", "offered")
"""Frames that hold terms rather than an estate: as many rows as the terms have, at any size."""

TESTS = ROOT / "tests" / "rules"
COPY = "_copy"
IDS = ("_id", "_number")
"""How the columns end by which rules join rows and tell groups apart."""


def by_name() -> dict[str, ModuleType]:
    """Return every rule module by the name it has here, `<package>.<module>`."""
    return {".".join(module.__name__.split(".")[-2:]): module for module in modules()}


def module_of(name: str) -> ModuleType:
    """Import one rule module."""
    return import_module(f"lmanalytics.rules.{name}")


def calls_of(module: ModuleType) -> set[str]:
    """Name what a module must be given: `facts` for its expressions, and each of its frame rules."""
    return {r.name if r.is_frame else "facts" for r in rules_of(module)}


def record(names: list[str], folder: Path) -> None:
    """Run the modules' own tests, then those of their package's topics while a rule was not met; keep the inputs."""
    own = {name: TESTS / name.partition(".")[0] / f"test_{name.partition('.')[2]}.py" for name in by_name()}
    _run([own[name] for name in names if own[name].is_file()], folder)
    lacking = {
        f"{name}/{call}" for name in names for call in calls_of(module_of(name)) - _recorded(folder, name).keys()
    }
    for package in sorted({name.partition(".")[0] for name in lacking}):
        topics = set((TESTS / package).glob("test_*.py")) - set(own.values())
        _run(sorted(topics), folder, *sorted(name for name in lacking if name.startswith(f"{package}.")))


def recorded(folder: Path, name: str) -> dict[str, Any]:
    """Return the calls of one module that were recorded: name -> as_of, policies, frames.

    Raises:
        LookupError: a rule in force was not met.

    """
    found = _recorded(folder, name)
    if missing := calls_of(module_of(name)) - found.keys():
        message = f"no test of its package gives it {', '.join(sorted(missing))}"
        raise LookupError(message)
    return found


def settings_of(call: dict[str, Any]) -> Settings:
    """Return the settings with which a call was recorded."""
    return Settings(date.fromisoformat(call["as_of"]), call["policies"])


def rules_used(module: ModuleType, calls: dict[str, Any]) -> int:
    """Count the rules in force on the days of the calls."""
    return sum(
        (r.name if r.is_frame else "facts") == name
        for name, call in calls.items()
        for r in rules_in_force(module, settings_of(call).as_of)
    )


def height(folder: Path, call: str, names: list[str]) -> int:
    """Count the rows of the largest frame of a call that holds an estate; none where it reads terms alone."""
    return max((_frame(folder, call, name).height for name in names if name not in TERMS), default=0)


def tile(folder: Path, call: str, names: list[str], target: Path, copies: int) -> None:
    """Write a call's frames, so many copies of each row of the estate.

    Every id takes the number of its copy, so no copy joins or shares a window with another.
    """
    target.mkdir(parents=True, exist_ok=True)
    numbers = pl.LazyFrame({COPY: pl.int_range(copies, eager=True)})
    for name in names:
        frame = _frame(folder, call, name)
        tiled = frame.lazy() if name in TERMS else _numbered(numbers, frame)
        tiled.sink_parquet(target / f"{call}.{name}.parquet", compression="lz4", row_group_size=250_000)


def _frame(folder: Path, call: str, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{call}.{name}.parquet")


def _numbered(numbers: pl.LazyFrame, frame: pl.DataFrame) -> pl.LazyFrame:
    """Copy a frame once for each number; text ids end in it, whole ones are moved up by it."""
    ids = [name for name in frame.columns if name.endswith(IDS)]
    texts = [pl.format("{}~{}", name, COPY).alias(name) for name in ids if frame.schema[name] == pl.String]
    wholes = [
        pl.col(name) + pl.col(COPY) * (int(frame[name].max() or 0) + 1)
        for name in ids
        if frame.schema[name].is_integer()
    ]
    return numbers.join(frame.lazy(), how="cross").with_columns(*texts, *wholes).drop(COPY)


def _recorded(folder: Path, name: str) -> dict[str, Any]:
    index = folder / name / "calls.json"
    return json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}


def _run(tests: list[Path], folder: Path, *wanted: str) -> None:
    """Run tests in a process of its own; a test that fails has recorded what it was given all the same."""
    if tests:
        plugin = ["-p", "benchmarks.recorder", "--recorded", str(folder), f"--wanted={','.join(wanted)}"]
        command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *plugin]
        subprocess.run([*command, *map(str, tests)], cwd=ROOT, capture_output=True, check=False)  # noqa: S603 (our own tests)
