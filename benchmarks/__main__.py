"""One command, one run, one table: `python -m benchmarks [--size S] [--stages ingest,rules]`, or `--rules`.

`--position` runs that alone. Without any, as `make bench` runs it: the usual sizes, the position of a million hosts,
then every rule module at ten million rows.
"""

import argparse
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.measure import ROOT, Measurement, StageError, measure
from benchmarks.position import bench_position, position_table
from benchmarks.rule_inputs import by_name
from benchmarks.rule_modules import ROWS, bench_rules, joined, rules_table
from benchmarks.sizes import SIZES, Size

STAGES = ("ingest", "quality", "rules", "end_to_end")
PEERS = {"ingest": ("floor", "duckdb_sql"), "rules": ("duckdb_sql", "pandas_rules")}
"""Who else does a stage. `floor` is the least that any program must do: read every file and write it as Parquet."""

IN_MEMORY = ("pandas_rules",)
"""Peers that hold every row as objects: run at the small sizes only."""

SMALL = ("XS", "S")
RESULTS = ROOT / "benchmarks" / "results"
WORK = ROOT / "benchmarks" / "work"


def main() -> None:
    """Run the sizes that are asked for, print their table and keep it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", nargs="+", choices=SIZES, help="default: S M")
    parser.add_argument("--stages", help=f"of {', '.join(STAGES)}; earlier ones run anyway")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each measurement; the fastest counts")
    parser.add_argument("--rules", action="store_true", help="every rule module by itself, and no sizes")
    parser.add_argument("--position", action="store_true", help="the position of a million hosts, and no sizes")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many rows a rule module is given")
    parser.add_argument("--modules", help="of the rule modules these alone: right.true_up_window,…")
    parser.add_argument("--work", type=Path, default=WORK, help="scratch folder, removed afterwards")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON")
    asked = parser.parse_args()
    stages = asked.stages.split(",") if asked.stages else list(STAGES)
    modules = asked.modules.split(",") if asked.modules else []
    if unknown := set(stages) - set(STAGES):
        parser.error(f"no stage {', '.join(sorted(unknown))}; there are {', '.join(STAGES)}")
    if unknown := set(modules) - by_name().keys():
        parser.error(f"no rule module {', '.join(sorted(unknown))}; one is called right.true_up_window")
    document: dict[str, object] = {}
    is_sizes_only = bool(asked.size or asked.stages)
    is_all = not (is_sizes_only or asked.rules or asked.position)
    try:
        if is_all or is_sizes_only:
            names = asked.size or ["S", "M"]
            document["sizes"] = [bench(name, stages, asked.work / name, repeat=asked.repeat) for name in names]
            print(table(document))
        if is_all or asked.position:
            document["position"] = bench_position(asked.work / "position")
            print(position_table(document["position"]))
        if is_all or asked.rules:
            document["rule_modules"] = bench_rules(asked.work / "rules", asked.rows, modules)
            print(rules_table(document["rule_modules"]))
    except StageError as error:
        sys.exit(str(error))
    target = keep(document, asked.results)
    print(f"\n{target.relative_to(ROOT) if target.is_relative_to(ROOT) else target}")


def keep(found: dict[str, object], folder: Path) -> Path:
    """Write the JSON of the day; what an earlier run on the same machine measured and this one did not, stays."""
    now, here = datetime.now(UTC), machine()
    target = folder / f"{now:%Y-%m-%d}.json"
    earlier = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    if earlier.get("machine") != here:
        earlier = {}
    document = earlier | {"on": now.date().isoformat(), "machine": here} | found
    kept = [
        size for size in earlier.get("sizes", []) if size["size"] not in {s["size"] for s in found.get("sizes", [])}
    ]
    document["sizes"] = sorted([*kept, *found.get("sizes", [])], key=lambda size: size["hosts"])
    if "rule_modules" in found and "rule_modules" in earlier:
        document["rule_modules"] = joined(earlier["rule_modules"], found["rule_modules"])
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return target


def bench(name: str, stages: list[str], work: Path, *, repeat: int) -> dict[str, object]:
    """Generate an estate, run our stages and the peers' on it, and compare their answers."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    size = SIZES[name]
    _say(f"{name}: generating {size.hosts:,} hosts")
    made = measure("generate", "ours", work, given=_given(size))
    found = []
    last = max((STAGES.index(stage) for stage in stages if stage != "end_to_end"), default=-1)
    for stage in STAGES:
        is_asked = stage in stages
        if not is_asked and STAGES.index(stage) > last:
            continue
        engines = ("ours", *PEERS.get(stage, ())) if is_asked else ("ours",)
        for engine in engines:
            if engine in IN_MEMORY and name not in SMALL:
                continue
            _say(f"{name}: {stage} ({engine})")
            found.append(measure(stage, engine, work, repeat=repeat))
            _say(f"  {found[-1].seconds:.1f} s, {found[-1].peak_mib:,} MiB")
    result = {
        "size": name,
        "hosts": size.hosts,
        "oses": _oses(work),
        "megabytes": sum(p.stat().st_size for p in (work / "exports").rglob("*") if p.is_file()) // 10**6,
        "generated": made.as_dict(),
        "measured": [m.as_dict() for m in found],
        "agreement": _agreement(work, found),
    }
    shutil.rmtree(work)
    return result


def _given(size: Size) -> list[str]:
    return [str(size.hosts), str(size.density), "1"]


def _oses(work: Path) -> int:
    """Count the OSEs in the exports."""
    import polars as pl  # noqa: PLC0415 (the measured processes inherit nothing from this one)

    exports = list((work / "exports").rglob("RVTools_tabvInfo.csv"))
    return int(pl.scan_csv(exports, infer_schema=False).select(pl.len()).collect().item())


def _agreement(work: Path, found: list[Measurement]) -> list[dict[str, object]]:
    """Compare every peer's answers with ours, row by row."""
    from benchmarks.agreement import differences, rows  # noqa: PLC0415 (as above)

    peers = [m.engine for m in found if m.stage == "rules" and m.engine != "ours"]
    return [
        {"engine": peer, "rows": rows(work, "ours"), "differing": differences(work, "ours", peer).height}
        for peer in peers
    ]


def table(document: dict[str, object]) -> str:
    """Lay the measurements out for a terminal; ratios are to our own seconds for the same stage and size."""
    head = _line("size", "stage", "engine", "seconds", "cpu s", "OSEs/s", "peak MiB", "ours = 1")
    lines = [head, "-" * len(head)]
    for size in document["sizes"]:
        ours = {m["stage"]: m["seconds"] for m in size["measured"] if m["engine"] == "ours"}
        for m in size["measured"]:
            rate, ratio = size["oses"] / m["seconds"], m["seconds"] / ours[m["stage"]]
            took = (
                f"{m['seconds']:.2f}",
                f"{m['cpu_seconds']:.2f}",
                f"{rate:,.0f}",
                f"{m['peak_mib']:,}",
                f"{ratio:.2f}",
            )
            lines.append(_line(size["size"], m["stage"], m["engine"], *took))
        lines.append(f"     {size['oses']:,} OSEs on {size['hosts']:,} hosts, {size['megabytes']:,} MB of exports")
        lines += [f"     {a['engine']}: {a['differing']:,} of {a['rows']:,} answers differ" for a in size["agreement"]]
    return "\n".join(lines)


def _line(size: str, stage: str, engine: str, *numbers: str) -> str:
    return f"{size:4} {stage:10} {engine:12} " + " ".join(f"{number:>10}" for number in numbers)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
