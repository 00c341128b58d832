"""Who runs what: each contestant on one estate, measured stage by stage, each result kept as soon as it is there."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Limits, Measurement, StageError, laps, run

STAGES = ("ingest", "quality", "facts", "rules", "position")
END_TO_END = "end_to_end"
PEERS = {"duckdb": "duckdb_sql", "pandas": "pandas_peer"}
"""Peers, and the module of each."""

CONTESTANTS = {
    "ours": "this program, on all files of the exports",
    "same_tables": "this program, given no other tables than the peers read",
    "limit": "every CSV scanned to Parquet, and nothing else",
    "duckdb": "the same rules in DuckDB SQL",
    "pandas": "the same rules in pandas",
}
Kept = Callable[[list[Measurement]], None]


@dataclass(frozen=True)
class Order:
    """What is asked of one estate: the contestants, the stages, how a peer is limited, and `--memory` of ours."""

    contestants: tuple[str, ...] = tuple(CONTESTANTS)
    stages: tuple[str, ...] = (*STAGES, END_TO_END)
    limits: Limits = field(default_factory=Limits)
    memory: str | None = None
    engine: str | None = None
    repeat: int = 1


def contest(work: Path, order: Order, keep: Kept) -> None:
    """Run the contestants on the exports in `work`, one after the other.

    Peers need what follows from purchases, so ours runs first unless its run is there.

    Args:
        work: the folder with `exports`; each contestant leaves its tables in a folder of its own name.
        order: what is asked.
        keep: given what one contestant took, or one of its stages.

    """
    if "ours" in order.contestants or (not (work / "given").exists() and set(PEERS) & set(order.contestants)):
        found = _repeated(work, END_TO_END, "ours", "ours", order)
        keep(_asked(found, order))
        if not found[-1].failed:
            _unmeasured(work, "give")
    if order.memory and "ours" in order.contestants:
        keep([limited(work, order.memory, order.engine)])
    if "same_tables" in order.contestants:
        _unmeasured(work, "choose")
        keep(_asked(_repeated(work, "same_tables", "ours", "same_tables", order), order))
    if "limit" in order.contestants:
        keep(_asked(_repeated(work, END_TO_END, "limit", "limit", order), order))
    for name in PEERS:
        if name in order.contestants:
            _peer(work, name, order, keep)


def _peer(work: Path, name: str, order: Order, keep: Kept) -> None:
    """Run a peer's stages in a process each, up to the last that is asked for; one that fails ends them."""
    shutil.rmtree(work / name, ignore_errors=True)
    is_whole = END_TO_END in order.stages
    last = len(STAGES) if is_whole else 1 + max(STAGES.index(stage) for stage in order.stages)
    taken: list[Measurement] = []
    for stage in STAGES[:last]:
        (found,) = _repeated(work, stage, PEERS[name], name, order)[-1:]
        taken.append(found)
        if stage in order.stages or found.failed:
            keep([found])
        if found.failed:
            break
    if is_whole:
        keep([whole(taken)])


def whole(taken: list[Measurement]) -> Measurement:
    """Add up stages: seconds are summed, of memory the most counts, and a failure is one of the whole."""
    failed = next((f"{m.failed} in {m.stage}" for m in taken if m.failed), None)
    seconds, cpu = sum(m.seconds for m in taken), sum(m.cpu_seconds for m in taken)
    return Measurement(
        END_TO_END, taken[0].engine, round(seconds, 3), round(cpu, 3), max(m.peak_mib for m in taken), failed
    )


def by_stage(found: list[Measurement]) -> list[Measurement]:
    """Put together the laps of each stage, in the order of the stages, and the whole after them."""
    parts = [
        Measurement(stage, own[0].engine, *_sums(own), max(m.peak_mib for m in own), own[-1].failed)
        for stage in STAGES
        if (own := [m for m in found if m.stage == stage])
    ]
    return [*parts, whole(found)]


def limited(work: Path, memory: str, engine: str | None) -> Measurement:
    """Run the command line with `--memory` (and `--cluster`), as a user would, start-up included.

    Raises:
        StageError: it failed.

    """
    name = f"ours --memory {memory}" + (f" --cluster {engine}" if engine else "")
    _say(f"  end to end ({name})")
    space = work / "limited"
    shutil.rmtree(space, ignore_errors=True)
    space.mkdir()
    command = [sys.executable, "-m", "lmanalytics", "--workspace", str(space), "run", str(work / "exports"),
               "--as-of", "2026-06-30", "--memory", memory, *(["--cluster", engine] if engine else [])]  # fmt: skip
    done = run(command, Limits())
    if done.code:
        message = f"end_to_end ({name}) failed:\n{done.errors[-2000:]}"
        raise StageError(message)
    shutil.rmtree(space)
    peak = max((mib for _, mib in done.held), default=0)
    return Measurement(END_TO_END, name, round(done.seconds, 3), round(done.cpu_seconds, 3), peak)


def _sums(own: list[Measurement]) -> tuple[float, float]:
    return round(sum(m.seconds for m in own), 3), round(sum(m.cpu_seconds for m in own), 3)


def _repeated(work: Path, stage: str, module: str, name: str, order: Order) -> list[Measurement]:
    """Run as often as is asked; the fastest run counts. The result is named after the contestant."""
    runs = []
    for _ in range(order.repeat):
        _say(f"  {stage} ({name})")
        limits = order.limits if name in PEERS else Limits()
        runs.append([_named(m, name) for m in laps(stage, module, work, limits=limits)])
        taken = whole(runs[-1])
        _say(f"    {taken.seconds:.1f} s, {taken.peak_mib:,} MiB{f', {taken.failed}' if taken.failed else ''}")
    fastest = min(runs, key=lambda found: (found[-1].failed is not None, sum(m.seconds for m in found)))
    if name in PEERS:
        return fastest
    return [whole(fastest)] if name == "limit" else by_stage(fastest)


def _named(found: Measurement, name: str) -> Measurement:
    return Measurement(found.stage, name, found.seconds, found.cpu_seconds, found.peak_mib, found.failed)


def _asked(found: list[Measurement], order: Order) -> list[Measurement]:
    return [m for m in found if m.stage in order.stages or m.failed]


def _unmeasured(work: Path, what: str) -> None:
    laps(what, "ours", work)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
