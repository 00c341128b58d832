"""A pytest plugin that keeps, of every rule module, the largest input that its tests give it.

`python -m pytest -p benchmarks.recorder --recorded FOLDER tests/…` writes for each module `FOLDER/<package>.<module>/`:
`calls.json`, and one Parquet file for each frame of each call. A call is `facts` (what `evaluate` got, the columns
that the rules read) or the name of a frame rule (what `compute` got).
"""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import polars as pl
import pytest

from lmanalytics.rules import engine
from lmanalytics.rules.parameters import Settings

EXAMPLES = 10
"""Of a property, this many examples are enough to find a large one."""

_plain = engine.evaluate, engine.compute
_types: dict[tuple[str, str, str, str], pl.DataType] = {}
_kept: dict[tuple[str, str], tuple[tuple[Any, ...], Settings, dict[str, pl.DataFrame]]] = {}


def evaluate(facts: pl.LazyFrame, module: ModuleType, settings: Settings) -> pl.LazyFrame:
    """Evaluate, and keep the facts."""
    result = _plain[0](facts, module, settings)
    rules = [r for r in engine.rules_in_force(module, settings.as_of) if not r.is_frame]
    read = {c for r in rules for c in (*r.inputs, r.dated_by)} - {r.name for r in rules}
    given = {"facts": facts.select(c for c in facts.collect_schema() if c in read)}
    _keep(module, "facts", settings, given, result)
    return result


def compute(module: ModuleType, name: str, settings: Settings, **frames: pl.LazyFrame) -> pl.LazyFrame:
    """Compute, and keep the frames."""
    result = _plain[1](module, name, settings, **frames)
    _keep(module, name, settings, frames, result)
    return result


def _keep(
    module: ModuleType, call: str, settings: Settings, frames: dict[str, pl.LazyFrame], result: pl.LazyFrame
) -> None:
    try:
        given = {name: frame.lazy().collect() for name, frame in frames.items()}
        is_answered = result.select(pl.len()).collect().item() > 0
    except pl.exceptions.PolarsError:
        return  # the test means to fail
    height = max((frame.height for frame in given.values()), default=0)
    untyped = sum(dtype == pl.Null for frame in given.values() for dtype in frame.dtypes)
    own = ".".join(module.__name__.split(".")[-2:])
    schemas = [(name, *column) for name, frame in given.items() for column in frame.schema.items()]
    _types.update({(own, call, name, column): dtype for name, column, dtype in schemas if dtype != pl.Null})
    filled = sum(frame.height > 0 for frame in given.values())
    width = given["facts"].width if call == "facts" else 0  # an optional column that is absent spares work
    rank = filled, width, height, -untyped, settings.as_of
    key = own, call
    if is_answered and (height or not given) and (key not in _kept or rank > _kept[key][0]):
        _kept[key] = rank, settings, given


def save(folder: Path) -> None:
    """Write what was kept, beside what an earlier run of other tests wrote."""
    for (module, call), (_, settings, frames) in sorted(_kept.items()):
        index = folder / module / "calls.json"
        calls = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
        if call in calls:
            continue
        index.parent.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            untyped = [c for c, dtype in frame.schema.items() if dtype == pl.Null]
            known = {c: _types[module, call, name, c] for c in untyped if (module, call, name, c) in _types}
            frame.cast(known).write_parquet(index.with_name(f"{call}.{name}.parquet"))
        said = {"as_of": settings.as_of.isoformat(), "policies": settings.policies, "frames": sorted(frames)}
        index.write_text(json.dumps(calls | {call: said}), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Ask where to write."""
    parser.addoption("--recorded", type=Path, required=True, help="folder of the recorded inputs")
    parser.addoption("--wanted", default="", help="stop when these calls were met: right.license_coverage/coverage,…")


def pytest_collection_modifyitems() -> None:
    """Draw few examples, the same ones every time; only now, since the tests choose their own profile on import."""
    hypothesis.settings.register_profile(
        "recorder", deadline=None, max_examples=EXAMPLES, derandomize=True, database=None
    )
    hypothesis.settings.load_profile("recorder")


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Stop when nothing more is wanted."""
    wanted = item.config.getoption("--wanted")
    if wanted and {"/".join(key) for key in _kept} >= set(wanted.split(",")):
        item.session.shouldstop = "every call that was wanted is recorded"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write, whatever became of the tests."""
    save(session.config.getoption("--recorded"))


engine.evaluate, engine.compute = evaluate, compute  # before any test imports them by name
