"""One size: an estate is generated, the contestants run on it, and their answers are compared."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.contestants import PEERS, STAGES, Order, contest
from benchmarks.measure import Measurement, StageError, measure
from benchmarks.quality_by_hand import bench_quality
from benchmarks.sizes import SIZES, Size

Found = dict[str, Any]
Keep = Callable[[Found], None]
_MADE = "made.json"
_COUNTED = {"oses": "*vInfo.csv", "hosts": "*vHost.csv", "installs": "installs_*.csv"}


def bench(name: str, order: Order, work: Path, keep: Keep, *, snapshots: int = 1, is_kept: bool = False) -> Found:
    """Measure one size, and keep each result as soon as it is there.

    Args:
        name: of `SIZES`.
        order: contestants, stages and limits.
        work: the folder of this size. An estate that an earlier bench left there is used again.
        keep: given everything that was found so far, whenever there is more.
        snapshots: how often the estate was exported, a quarter apart.
        is_kept: leave the exports for the next bench.

    Returns:
        The size, what it holds, what was measured, and how far the contestants agree.

    """
    _say(f"{name}: {SIZES[name].hosts:,} hosts, {snapshots} snapshot(s)")
    found: Found = {
        "size": name,
        **_estate(SIZES[name], work, snapshots),
        "measured": [],
        "agreement": [],
        "faults": [],
    }

    def more(measured: list[Measurement]) -> None:
        found["measured"] += [m.as_dict() for m in measured]
        keep(found)

    try:
        contest(work, order, more)
        if "quality" in order.stages and (work / "ours").exists():
            _say("  quality suites beside the same checks by hand")
            found["great_expectations"] = bench_quality(work, order.repeat)
            keep(found)
    except StageError as error:
        found["faults"].append(str(error))
        _say(str(error))
    for peer in PEERS:
        found["agreement"] += _agreement(work, peer, found["measured"])
        keep(found)
    _clean(work, is_kept=is_kept)
    return found


def _estate(size: Size, work: Path, snapshots: int) -> Found:
    """Return what the estate holds, generating it where it is not there."""
    asked = {**size.as_dict(), "snapshots": snapshots}
    told = json.loads((work / _MADE).read_text(encoding="utf-8")) if (work / _MADE).exists() else {}
    if told.get("asked") == asked:
        return dict(told["holds"])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    given = [str(asked[name]) for name in ("hosts", "density", "installs", "snapshots")]
    made = measure("generate", "ours", work, given=given)
    files = [p for p in (work / "exports").rglob("*") if p.is_file()]
    rows = {name: _rows(work / "exports", pattern) for name, pattern in _COUNTED.items()}
    holds = {
        "snapshots": snapshots,
        **rows,
        "rows": sum(rows.values()),
        "files": len(files),
        "megabytes": sum(path.stat().st_size for path in files) // 10**6,
        "generated": made.as_dict(),
    }
    (work / _MADE).write_text(json.dumps({"asked": asked, "holds": holds}), encoding="utf-8")
    return holds


def _rows(exports: Path, pattern: str) -> int:
    import polars as pl  # noqa: PLC0415 (the measured processes inherit nothing from this one)

    paths = sorted(exports.rglob(pattern))
    return sum(pl.scan_csv(path, infer_schema=False).select(pl.len()).collect().item() for path in paths)


def _agreement(work: Path, peer: str, measured: list[Found]) -> list[Found]:
    """Compare a peer's answers of the stages that it has done with ours, row by row."""
    done = [m["stage"] for m in measured if m["engine"] == peer and m["stage"] in STAGES and not m.get("failed")]
    if not done or not (work / "given").exists():
        return []
    from benchmarks.agreement import compare  # noqa: PLC0415 (as above)

    _say(f"  comparing ({peer})")
    return [{"engine": peer, **comparison.as_dict()} for comparison in compare(work, peer, done)]


def _clean(work: Path, *, is_kept: bool) -> None:
    for folder in ("ours", "read", "same_tables", "same_tables_exports", "limit", "given", *PEERS):
        shutil.rmtree(work / folder, ignore_errors=True)
    for counts in work.glob("checks_*.json"):
        counts.unlink()
    if not is_kept:
        shutil.rmtree(work)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
