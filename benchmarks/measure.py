"""Run one stage in a process of its own, and measure it there: memory that a stage leaves counts for no other."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Measurement:
    """What one stage took: seconds by the clock and of all cores, without imports, and the most memory held."""

    stage: str
    engine: str
    seconds: float
    cpu_seconds: float
    peak_mib: int

    def as_dict(self) -> dict[str, object]:
        """Return the fields, for JSON."""
        return asdict(self)


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
    runs = [_run(stage, engine, work, given, at_most) for _ in range(repeat)]
    fastest = min(runs, key=lambda r: r["seconds"])
    peak = int(max(r["peak_mib"] for r in runs))
    return Measurement(stage, engine, round(fastest["seconds"], 3), round(fastest["cpu_seconds"], 3), peak)


def _run(stage: str, engine: str, work: Path, given: Sequence[str], at_most: float | None) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.child", stage, engine, str(work), *given]
    try:
        done = subprocess.run(  # noqa: S603 (our own module)
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=at_most
        )
    except subprocess.TimeoutExpired as error:
        message = f"{stage} ({engine}) took more than {error.timeout:.0f} seconds"
        raise StageError(message) from error
    if done.returncode:
        message = f"{stage} ({engine}) failed:\n{done.stderr[-2000:]}"
        raise StageError(message)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer
