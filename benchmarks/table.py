"""The table of a bench: every measurement, how far the contestants agree, and each goal with what was reached."""

from typing import Any

from benchmarks.contestants import CONTESTANTS, END_TO_END, STAGES
from benchmarks.quality_by_hand import MOST, quality_table

Found = dict[str, Any]
GOALS = {"limit": 5.0, "pandas": 10.0, "memory_mib": 6 * 1024, "cost_per_row": 1.2}
"""At most 5 times the limit at L; 10 times faster than pandas at M; under 6 GiB; a row costs at L 1.2 times M's."""

_OF_ALL = ("L", "XL")
_JUDGED = ("M", *_OF_ALL)


def table(document: Found) -> str:
    """Lay a document of `journal` out for a terminal."""
    lines = []
    for size in document["sizes"]:
        lines += _size(size)
    lines += ["", "Goals", "-----", *goals(document)]
    return "\n".join(lines)


def _size(size: Found) -> list[str]:
    machines = f"{size['oses']:,} OSEs on {size['hosts']:,} hosts"
    holds = f"{machines}, {size['installs']:,} installs; {size['snapshots']} snapshot(s)"
    head = _line("stage", "contestant", "seconds", "cpu s", "rows/s", "peak MiB", "ours = 1", "limit = 1")
    lines = ["", f"{size['size']}: {holds}, {size['megabytes']:,} MB in {size['files']:,} files", head, "-" * len(head)]
    ours, limit = _seconds(size, "ours"), _seconds(size, "limit").get(END_TO_END)
    order = {stage: place for place, stage in enumerate((*STAGES, END_TO_END))}
    names = list(CONTESTANTS)
    rank = {e: names.index(e) if e in names else 0 for e in {m["engine"] for m in size["measured"]}}
    for m in sorted(size["measured"], key=lambda m: (order[m["stage"]], rank[m["engine"]])):
        own = ours.get(m["stage"])
        of_limit = f"{m['seconds'] / limit:.2f}" if limit and m["stage"] == END_TO_END else ""
        took = (f"{m['seconds']:.2f}", f"{m['cpu_seconds']:.2f}", f"{size['rows'] / max(m['seconds'], 0.001):,.0f}")
        ratio = f"{m['seconds'] / own:.2f}" if own else ""
        if failed := m.get("failed"):
            lines.append(_line(m["stage"], m["engine"], *took[:2], "", f"{m['peak_mib']:,}") + f"  {failed}")
            continue
        lines.append(_line(m["stage"], m["engine"], *took, f"{m['peak_mib']:,}", ratio, of_limit))
    lines += [
        f"  {a['engine']}, {a['stage']}, {a['table']}: {a['differing']:,} of {a['rows']:,} rows differ"
        for a in size["agreement"]
    ]
    if suites := size.get("great_expectations"):
        lines += [f"  {line}" for line in quality_table(suites).splitlines()]
    lines += [f"  fault: {fault}" for fault in size["faults"]]
    return lines


def goals(document: Found) -> list[str]:
    """Say of each goal what was reached; nothing of one that was not measured."""
    by_name = {size["size"]: size for size in document["sizes"]}
    said = []
    for name, size in by_name.items():
        ours, limit, pandas = (_seconds(size, e).get(END_TO_END) for e in ("ours", "limit", "pandas"))
        if ours and limit:
            said.append(
                _goal(f"{name}: end to end, times the limit", ours / limit, GOALS["limit"], is_judged=name in _OF_ALL)
            )
        if ours and pandas:
            said.append(
                _goal(
                    f"{name}: pandas, times ours", pandas / ours, GOALS["pandas"], is_judged=name == "M", is_least=True
                )
            )
        said += _by_stage(name, size)
        if suites := size.get("great_expectations"):
            what = f"{name}: Great Expectations, times checks by hand (cpu)"
            said.append(_goal(what, suites["ratio"], MOST, is_judged=name in _JUDGED))
        said += [
            _goal(
                f"{name}: peak MiB ({m['engine']})",
                m["peak_mib"],
                _allowed(m["engine"]),
                is_judged=name in _JUDGED,
            )
            for m in size["measured"]
            if m["engine"].startswith("ours") and m["stage"] == END_TO_END and not m.get("failed")
        ]
    each = {n: _seconds(s, "ours").get(END_TO_END, 0) / s["rows"] for n, s in by_name.items() if s["rows"]}
    if each.get("M") and each.get("L"):
        said.append(
            _goal("cost of a row at L, times that at M", each["L"] / each["M"], GOALS["cost_per_row"], is_judged=True)
        )
    return said


def _by_stage(name: str, size: Found) -> list[str]:
    """Set each stage beside DuckDB's, given the tables that it reads."""
    ours, duckdb = _seconds(size, "same_tables"), _seconds(size, "duckdb")
    return [
        _goal(
            f"{name}: {stage}, times DuckDB (same tables)", ours[stage] / duckdb[stage], 1.0, is_judged=name in _OF_ALL
        )
        for stage in (*STAGES, END_TO_END)
        if ours.get(stage) and duckdb.get(stage)
    ]


def _seconds(size: Found, engine: str) -> dict[str, float]:
    return {m["stage"]: m["seconds"] for m in size["measured"] if m["engine"] == engine and not m.get("failed")}


def _allowed(engine: str) -> float:
    """Return the MiB that a run may hold: what `--memory` says, else the goal."""
    words = engine.split()
    if "--memory" not in words:
        return GOALS["memory_mib"]
    from lmanalytics.engines.memory import size  # noqa: PLC0415 (only where it is given)

    return size(words[words.index("--memory") + 1]) / 2**20


def _goal(what: str, reached: float, goal: float, *, is_judged: bool, is_least: bool = False) -> str:
    holds = reached >= goal if is_least else reached <= goal
    verdict = ("reached" if holds else "NOT reached") if is_judged else "(not judged at this size)"
    return f"{what:58} {reached:>10,.2f}   goal {'>=' if is_least else '<='} {goal:,.6g}   {verdict}"


def _line(stage: str, contestant: str, *numbers: str) -> str:
    return f"{stage:11} {contestant:24} " + " ".join(f"{number:>10}" for number in numbers)
