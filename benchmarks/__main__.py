"""One command, one run, one table: `python -m benchmarks [--size S M L] [--stages …] [--contestants …]`.

`--rules` and `--position` run those alone. Without any, as `make bench` runs it: the sizes S, M and L, then the
position of a million hosts, then every rule module at ten million rows. Each result is kept as soon as it is measured.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.contestants import CONTESTANTS, END_TO_END, STAGES, Order
from benchmarks.estate import bench
from benchmarks.journal import keep
from benchmarks.measure import ROOT, Limits, StageError
from benchmarks.position import bench_position, position_table
from benchmarks.rule_inputs import by_name
from benchmarks.rule_modules import ROWS, bench_rules, rules_table
from benchmarks.sizes import SIZES, USUAL
from benchmarks.table import table

RESULTS = ROOT / "benchmarks" / "results"
WORK = ROOT / "benchmarks" / "work"
PANDAS_SIZES = ("XS", "S", "M", "L")
"""At XL pandas is not tried: it does not fit at L."""


def main() -> None:
    """Run what is asked for, print the tables, and keep everything as JSON."""
    parser = _parser()
    asked = parser.parse_args()
    stages = _chosen(parser, "stage", asked.stages, (*STAGES, END_TO_END))
    contestants = _chosen(parser, "contestant", asked.contestants, tuple(CONTESTANTS))
    modules = asked.modules.split(",") if asked.modules else []
    if unknown := set(modules) - by_name().keys():
        parser.error(f"no rule module {', '.join(sorted(unknown))}; one is called right.true_up_window")
    is_sizes_only = bool(asked.size or asked.stages or asked.contestants or asked.memory)
    is_all = not (is_sizes_only or asked.rules or asked.position)
    document: dict[str, Any] = {}
    try:
        if is_all or is_sizes_only:
            limits = Limits(int(asked.limit_gib * 1024), asked.limit_seconds)
            order = Order(contestants, stages, limits, asked.memory, asked.cluster, asked.repeat)
            _sizes(document, asked, order)
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
    if any(_is_wrong(size) for size in document.get("sizes", [])):
        sys.exit("A contestant failed, or answers otherwise than ours: the table says which, the JSON shows rows.")


def _is_wrong(size: dict[str, Any]) -> bool:
    """Tell whether a contestant failed, or some answers differ."""
    suites = size.get("great_expectations", {"differing": []})
    return bool(size["faults"] or suites["differing"] or any(a["differing"] for a in size["agreement"]))


def _sizes(document: dict[str, Any], asked: argparse.Namespace, order: Order) -> None:
    """Measure size after size; the JSON always has what there is so far."""
    done: list[dict[str, Any]] = []
    for name in asked.size or USUAL:
        own = order
        if name not in PANDAS_SIZES:
            own = Order(**{**vars(order), "contestants": tuple(c for c in order.contestants if c != "pandas")})

        def so_far(found: dict[str, Any]) -> None:
            keep({"sizes": [*done, found]}, asked.results)

        done.append(bench(name, own, asked.work / name, so_far, snapshots=asked.snapshots, is_kept=asked.keep))
    document["sizes"] = done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", nargs="+", choices=SIZES, help=f"default: {' '.join(USUAL)}")
    parser.add_argument("--stages", help=f"of {','.join((*STAGES, END_TO_END))}; earlier ones run anyway")
    parser.add_argument("--contestants", help=f"of {','.join(CONTESTANTS)}; ours runs anyway where peers need it")
    parser.add_argument("--snapshots", type=int, default=1, help="how often the estate was exported")
    parser.add_argument(
        "--memory", help="run ours once more with this limit, such as 4GiB, and show the peak against it"
    )
    parser.add_argument("--cluster", help="where that run computes partitions, such as processes:2")
    parser.add_argument("--limit-gib", type=float, default=16, help="memory at which a peer is ended")
    parser.add_argument(
        "--limit-seconds", type=float, default=900, help="time after which one stage of a peer is ended"
    )
    parser.add_argument("--repeat", type=int, default=1, help="runs of each measurement; the fastest counts")
    parser.add_argument("--rules", action="store_true", help="every rule module by itself, and no sizes")
    parser.add_argument("--position", action="store_true", help="the position of a million hosts, and no sizes")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many rows a rule module is given")
    parser.add_argument("--modules", help="of the rule modules these alone: right.true_up_window,…")
    parser.add_argument("--work", type=Path, default=WORK, help="scratch folder")
    parser.add_argument(
        "--keep", action="store_true", help="leave the generated exports there; the next bench uses them"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON")
    return parser


def _chosen(parser: argparse.ArgumentParser, what: str, asked: str | None, every: tuple[str, ...]) -> tuple[str, ...]:
    chosen = asked.split(",") if asked else every
    if unknown := set(chosen) - set(every):
        parser.error(f"no {what} {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    return tuple(name for name in every if name in chosen)


if __name__ == "__main__":
    main()
