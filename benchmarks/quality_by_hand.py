"""What Great Expectations costs: the suites of hosts, OSEs and installs beside the same checks by hand in Polars.

Both read the same rows, count the rows that fail each check and show twenty of them. Both counts must be equal, check
by check. Great Expectations is imported before the clock starts, as everything else is.
"""

import json
from pathlib import Path
from typing import Any

from benchmarks.measure import measure

ENGINE = "quality_checks"
MOST = 2.0
"""How many times the checks by hand the suites may take."""


def bench_quality(work: Path, repeat: int = 1) -> dict[str, Any]:
    """Measure both ways on the run that `ours` left in `work`.

    Returns:
        `by_hand` and `by_suites` (each as `Measurement.as_dict`), `ratio` of CPU seconds, `rows` by table, the number
        of `checks`, and `differing`: the checks whose counts are not equal, with both counts.

    Raises:
        StageError: one of them failed.

    """
    measure("read", ENGINE, work)
    hand, suites = (measure(stage, ENGINE, work, repeat=repeat) for stage in ("by_hand", "by_suites"))
    counts = {name: _counts(work / f"checks_{name}.json") for name in ("by_hand", "by_suites")}
    names = sorted(counts["by_hand"].keys() | counts["by_suites"].keys())
    differing = [
        {"check": name, **{way: found.get(name) for way, found in counts.items()}}
        for name in names
        if counts["by_hand"].get(name) != counts["by_suites"].get(name)
    ]
    return {
        "by_hand": hand.as_dict(),
        "by_suites": suites.as_dict(),
        "ratio": round(suites.cpu_seconds / hand.cpu_seconds, 2),
        "rows": {name.removesuffix(".rows"): counts["by_hand"][name] for name in names if name.endswith(".rows")},
        "checks": sum(not name.endswith(".rows") for name in names),
        "differing": differing,
    }


def quality_table(found: dict[str, Any]) -> str:
    """Lay both ways out for a terminal, with the goal and whether it was reached."""
    rows = sum(found["rows"].values())
    lines = [f"{found['checks']} checks of {rows:,} rows of {', '.join(sorted(found['rows']))}"]
    for way, words in (("by_hand", "by hand in Polars"), ("by_suites", "by Great Expectations")):
        taken = found[way]
        lines.append(
            f"{words:24} {taken['seconds']:9.2f} s {taken['cpu_seconds']:9.2f} cpu s {taken['peak_mib']:7,} MiB"
        )
    reached = "reached" if found["ratio"] <= MOST else "not reached"
    lines.append(f"ratio {found['ratio']:.2f}, goal {MOST:.1f}: {reached}")
    lines += [
        f"{one['check']}: {one['by_hand']} by hand, {one['by_suites']} by the suites" for one in found["differing"]
    ]
    return "\n".join(lines)


def _counts(path: Path) -> dict[str, int]:
    found = json.loads(path.read_text(encoding="utf-8"))
    return {f"{table}.{check}": number for table, one in found.items() for check, number in one["counts"].items()}
