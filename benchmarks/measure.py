"""Run stages in a process of their own, and measure them there: memory that one leaves counts for no other."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

import psutil

ROOT = Path(__file__).parents[1]
_LOOK_EVERY = 0.1
_NO_MEMORY = ("MemoryError", "OutOfMemory", "Out of Memory", "out of memory", "Cannot allocate")


@dataclass(frozen=True)
class Measurement:
    """What one stage took: seconds by the clock and of all cores, without imports, and the most memory held.

    Memory is that of the whole tree of processes. `failed` says why a stage has no result; its seconds are then
    those until it was stopped.
    """

    stage: str
    engine: str
    seconds: float
    cpu_seconds: float
    peak_mib: int
    failed: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the fields, for JSON."""
        return {name: value for name, value in asdict(self).items() if name != "failed" or value}


@dataclass(frozen=True)
class Limits:
    """How much one process tree may hold and how long it may take; None: as much as there is."""

    memory_mib: int | None = None
    seconds: float | None = None


class StageError(Exception):
    """A stage failed; the message is the end of what it said."""


def measure(
    stage: str,
    engine: str,
    work: Path,
    *,
    repeat: int = 1,
    given: Sequence[str] = (),
    at_most: float | None = None,
) -> Measurement:
    """Run `engine`'s way of doing `stage` on `work`; of several runs the fastest counts, with the largest memory.

    Raises:
        StageError: it failed, or took more than `at_most` seconds.

    """
    runs = [laps(stage, engine, work, given=given, limits=Limits(seconds=at_most))[-1] for _ in range(repeat)]
    for run in runs:
        if run.failed:
            message = f"{stage} ({engine}) {run.failed}"
            raise StageError(message)
    fastest = min(runs, key=lambda r: r.seconds)
    peak = max(r.peak_mib for r in runs)
    return Measurement(stage, engine, fastest.seconds, fastest.cpu_seconds, peak)


def laps(
    stage: str, engine: str, work: Path, *, given: Sequence[str] = (), limits: Limits | None = None
) -> list[Measurement]:
    """Run a stage and return its laps, one for each stage that the engine says it began.

    A process that goes beyond its limits is ended; the last lap then says so.

    Raises:
        StageError: it failed in another way.

    """
    command = [sys.executable, "-m", "benchmarks.child", stage, engine, str(work), *given]
    done = run(command, limits or Limits())
    found = [
        Measurement(
            lap["stage"],
            engine,
            round(lap["seconds"], 3),
            round(lap["cpu_seconds"], 3),
            max([int(lap["peak_mib"]), *(m for t, m in done.held if lap["from"] <= t <= lap["until"])]),
        )
        for lap in (json.loads(line) for line in done.said.splitlines() if line.startswith('{"stage"'))
    ]
    if done.failed:
        seconds = done.seconds - sum(lap.seconds for lap in found)
        cpu = max(done.cpu_seconds - sum(lap.cpu_seconds for lap in found), 0.0)
        peak = max((m for _, m in done.held), default=0)
        return [*found, Measurement(stage, engine, round(seconds, 3), round(cpu, 3), peak, done.failed)]
    if done.code:
        message = f"{stage} ({engine}) failed:\n{done.errors[-2000:]}"
        raise StageError(message)
    return found


@dataclass(frozen=True)
class Done:
    """A process that has ended: what it said, and what its tree held at which moment, in MiB."""

    code: int
    said: str
    errors: str
    seconds: float
    cpu_seconds: float
    held: list[tuple[float, int]]
    failed: str | None


def run(command: Sequence[str], limits: Limits, environment: Mapping[str, str] | None = None) -> Done:
    """Run a command and watch its tree of processes; end it beyond its limits."""
    env = os.environ | dict(environment or {})
    if limits.memory_mib:
        env["BENCH_MEMORY_MIB"] = str(limits.memory_mib)
    began, held, failed = monotonic(), list[tuple[float, int]](), None
    used = sum(os.times()[2:4])
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err, env=env)  # noqa: S603 (our own modules)
        while process.poll() is None:
            held.append((monotonic(), _tree_mib(process.pid)))
            if limits.memory_mib and held[-1][1] > limits.memory_mib:
                failed = f"out of memory ({limits.memory_mib / 1024:g} GiB)"
            elif limits.seconds and monotonic() - began > limits.seconds:
                failed = f"took more than {limits.seconds:.0f} seconds"
            if failed:
                _end(process.pid)
                process.wait()
                break
            _pause(process)
        seconds, cpu = monotonic() - began, sum(os.times()[2:4]) - used
        out.seek(0)
        err.seek(0)
        said, errors = out.read(), err.read()
    if not failed and process.returncode and any(word in errors for word in _NO_MEMORY):
        failed = "out of memory"
    return Done(process.returncode or 0, said, errors, seconds, cpu, held, failed)


def _pause(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_LOOK_EVERY)
    except subprocess.TimeoutExpired:
        return


def _tree(pid: int) -> list[psutil.Process]:
    try:
        own = psutil.Process(pid)
        return [own, *own.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _tree_mib(pid: int) -> int:
    total = 0
    for process in _tree(pid):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total // 2**20


def _end(pid: int) -> None:
    for process in _tree(pid):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
