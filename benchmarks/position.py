"""The cheapest compliant position at scale: time, memory, gap, and the money that rules of thumb would cost more."""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.measure import measure

ENGINE = "position"
ESTATES = {"20,000 shapes": (20_000, 1_000_000), "1,000,000 shapes": (1_000_000, 1_000_000)}
"""Shapes and hosts: a million hosts that repeat, and a million of which no two are alike."""


def bench_position(work: Path, estates: dict[str, tuple[int, int]] | None = None) -> list[dict[str, object]]:
    """Solve each estate in a process of its own, and let the rules of thumb solve it in another.

    Raises:
        StageError: one of them failed.

    """
    found = []
    for name, (shapes, hosts) in (estates or ESTATES).items():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        _say(f"position: drawing {hosts:,} hosts of {name}")
        measure("prepare", ENGINE, work, given=[str(shapes), str(hosts)])
        taken = measure("solve", ENGINE, work)
        solution = json.loads((work / "solution.json").read_text(encoding="utf-8"))
        measure("heuristics", ENGINE, work)
        costs = json.loads((work / "heuristics.json").read_text(encoding="utf-8"))
        found.append(
            {
                "estate": name,
                "hosts": hosts,
                "shapes": shapes,
                "seconds": taken.seconds,
                "cpu_seconds": taken.cpu_seconds,
                "peak_mib": taken.peak_mib,
                **solution,
                "gap_percent": 100 * (solution["objective"] - solution["bound"]) / solution["objective"],
                "heuristics": costs,
                "saved": round(min(costs.values()) - solution["objective"], 2),
            }
        )
        shutil.rmtree(work)
        _say(f"  {taken.seconds:.1f} s, {taken.peak_mib:,} MiB")
    return found


def position_table(found: list[dict[str, object]]) -> str:
    """Lay it out for a terminal: what each estate took, then what each rule of thumb costs and would waste."""
    head = f"{'estate':24} {'seconds':>9} {'cpu s':>9} {'peak MiB':>9} {'objective':>17} {'bound':>17} {'gap %':>10}"
    lines = [head, "-" * len(head)]
    for f in found:
        took = f"{f['seconds']:>9.2f} {f['cpu_seconds']:>9.2f} {f['peak_mib']:>9,}"
        lines.append(f"{f['estate']:24} {took} {f['objective']:>17,.2f} {f['bound']:>17,.2f} {f['gap_percent']:>10.6f}")
        for name, cost in sorted(f["heuristics"].items(), key=lambda named: named[1]):
            more = cost - f["objective"]
            lines.append(f"  {name:51} {cost:>17,.2f} {more:>17,.2f} {100 * more / cost:>10.2f} % saved")
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
