"""How many rows a second each rule module decides.

A module's rate is that of all its rules together: one row of facts through every expression, and one row of the
largest frame through every frame rule, read from Parquet, every column of the answer computed and none written.
Values are those of the module's own tests: cases at each boundary, so that every branch is taken; more rows are
copies with ids of their own (`rule_inputs`), so groups stay as large as in the tests. A module that would take too
long or too much memory is measured at fewer rows, and its seconds at all of them are extrapolated: marked `~`.
"""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.measure import Measurement, StageError, measure
from benchmarks.rule_inputs import by_name, module_of, record, recorded, rules_used

ROWS = 10_000_000
LONGEST = 60.0
"""Seconds that a module may be expected to take."""

GIVEN_UP = 300.0
"""Seconds after which one that takes longer than expected is stopped."""

SHARE_OF_MEMORY = 2
ENGINE = "rule_modules"


def bench_rules(work: Path, rows: int = ROWS, names: list[str] | None = None) -> dict[str, object]:
    """Measure the modules that are named, or all, each in a process of its own."""
    asked = names or list(by_name())
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    _say(f"rules: recording what the tests of {len(asked)} modules give them")
    record(asked, work)
    measured, unmeasured = [], []
    for name in asked:
        try:
            measured.append(_module(work, name, rows))
            _say(_row(measured[-1]))
        except (LookupError, StageError) as error:
            reason = str(error).strip().splitlines()[-1]
            unmeasured.append({"module": name, "reason": reason})
            _say(f"{name}: {reason}")
        shutil.rmtree(work / name, ignore_errors=True)
    shutil.rmtree(work)
    return {"rows": rows, "measured": measured, "unmeasured": unmeasured}


def _module(work: Path, name: str, rows: int) -> dict[str, object]:
    """Climb to all the rows by steps of ten, as far as the step before says that the next one is bearable."""
    calls = recorded(work, name)
    measure("check", ENGINE, work, given=[name], at_most=GIVEN_UP)
    first, *steps = (10, 1) if calls.keys() == {"facts"} else (100, 10, 1)
    taken, height = _at(work, name, rows // first)
    for part in steps:
        if not _is_bearable(taken, height, rows // part):
            break
        try:
            taken, height = _at(work, name, rows // part)
        except StageError as error:
            _say(f"{name}: {error}")
            break
    return {
        "module": name,
        "rules": rules_used(module_of(name), calls),
        "rows": height,
        "seconds": taken.seconds,
        "cpu_seconds": taken.cpu_seconds,
        "rows_per_second": round(height / taken.seconds),
        "peak_mib": taken.peak_mib,
        "seconds_for_all": round(taken.seconds * max(rows / height, 1), 1),
        "is_extrapolated": height < rows,
    }


def _at(work: Path, name: str, rows: int) -> tuple[Measurement, int]:
    """Measure a module at so many rows, or a few more."""
    measure("prepare", ENGINE, work, given=[name, str(max(rows, 1))], at_most=GIVEN_UP)
    height = max(json.loads((work / name / "rows.json").read_text(encoding="utf-8")), 1)
    return measure("run", ENGINE, work, given=[name], at_most=GIVEN_UP), height


def _is_bearable(taken: Measurement, height: int, rows: int) -> bool:
    """Tell whether more rows would end in time and in half of the memory, were both to grow with them."""
    more = max(rows / height, 1)
    memory = machine()["memory_gib"]
    fits = not isinstance(memory, int) or taken.peak_mib * more <= memory * 1024 / SHARE_OF_MEMORY
    return fits and taken.seconds * more <= LONGEST


def joined(earlier: dict[str, object], found: dict[str, object]) -> dict[str, object]:
    """Keep what an earlier run at as many rows says of the modules that this one left out."""
    if earlier["rows"] != found["rows"]:
        return found
    parts = ("measured", "unmeasured")
    again = {m["module"] for part in parts for m in found[part]}
    kept = {part: [m for m in earlier[part] if m["module"] not in again] for part in parts}
    return {"rows": found["rows"], **{part: [*kept[part], *found[part]] for part in parts}}


def rules_table(found: dict[str, object]) -> str:
    """Lay the rates out for a terminal, the slowest first, and say which modules have none and why."""
    head = _line("module", "rules", "rows", "seconds", "rows/s", "peak MiB", "s for all")
    measured = sorted(found["measured"], key=lambda m: m["rows_per_second"])
    lines = [head, "-" * len(head), *map(_row, measured)]
    lines += [f"{m['module']}: not measured: {m['reason']}" for m in found["unmeasured"]]
    return "\n".join(lines)


def _row(m: dict[str, object]) -> str:
    whole = f"{'~' if m['is_extrapolated'] else ''}{m['seconds_for_all']:,.1f}"
    rate = f"{m['rows_per_second']:,}"
    return _line(m["module"], m["rules"], f"{m['rows']:,}", f"{m['seconds']:.2f}", rate, f"{m['peak_mib']:,}", whole)


def _line(module: str, rules: object, *numbers: str) -> str:
    return f"{module:46} {rules:>5} " + " ".join(f"{number:>11}" for number in numbers)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
