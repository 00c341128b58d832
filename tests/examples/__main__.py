"""Run worked examples: one line each, then a summary. Exit 0, 1 when something failed, 2 for an unreadable file."""

import os
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tests.examples.outcome import FAILED, PASSED, UNDECIDABLE, Decider, Result, UnreadableError, result, rows

_MACHINERY = {"__main__", "outcome"}


def topics() -> dict[str, list[Decider]]:
    """Collect the topics of every module of this package."""
    found: dict[str, list[Decider]] = {}
    for name in sorted(m.name for m in iter_modules([str(Path(__file__).parent)])):
        if name not in _MACHINERY and not name.startswith("test_"):
            for topic, decide in getattr(import_module(f"tests.examples.{name}"), "TOPICS", {}).items():
                found.setdefault(topic, []).append(decide)
    return found


def run(paths: list[Path]) -> list[Result]:
    """Decide every example of some files."""
    known = topics()
    return [result(row, known) for path in paths for row in rows(path)]


def main(arguments: list[str]) -> int:
    """Print a line for each example and the summary; return the exit code."""
    if not arguments:
        sys.stderr.write("Usage: python -m tests.examples FILE.csv...\n")
        return 2
    try:
        results = run([Path(a) for a in arguments])
    except UnreadableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for r in results:
        reason = f": {r.reason}" if r.reason else ""
        sys.stdout.write(f"{r.id:<10} {r.topic:<28} {r.status}{reason}\n")
    counts = Counter(r.status for r in results)
    sys.stdout.write(f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[UNDECIDABLE]} undecidable\n")
    return 1 if counts[FAILED] else 0


if __name__ == "__main__":
    # An example is a handful of rows: threads only get in each other's way.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    sys.exit(main(sys.argv[1:]))
