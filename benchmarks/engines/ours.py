"""This program, stage by stage as its pipeline runs them, and end to end."""

from datetime import date
from pathlib import Path

import polars as pl

from lmanalytics.facts import estate_facts
from lmanalytics.rules.demand import windows_server as demand
from lmanalytics.rules.parameters import Settings

AS_OF = date(2026, 6, 30)
SETTINGS = Settings(AS_OF)


def generate(work: Path, hosts: str, density: str, snapshots: str) -> None:
    """Write the exports; the branch files go, so that every engine sees the same kind of host."""
    from lmanalytics.sample import write  # noqa: PLC0415 (no other stage writes workbooks)

    size = {"hosts": int(hosts), "density": int(density), "snapshots": int(snapshots)}
    write(work / "exports", as_of=AS_OF, form="rvtools", vcenters=1, **size)
    for name in ("hosts_branch.csv", "oses_branch.csv"):
        (work / "exports" / name).unlink()


def ingest(work: Path) -> None:
    """Exports to canonical tables."""
    from lmanalytics.ingest.readers import ingest  # noqa: PLC0415 (as the pipeline imports it)

    ingest(work / "exports", work / "tables", AS_OF)


def quality(work: Path) -> None:
    """Every check of every suite, and the gate's split."""
    from lmanalytics.quality.gate import gate  # noqa: PLC0415 (takes seconds to import)

    tables = {p.stem: p for p in sorted((work / "tables").glob("*.parquet"))}
    gate(tables, work / "accepted", work / "quarantine", work / "quality", as_of=AS_OF)


def rules(work: Path) -> None:
    """Facts, and every option of every host."""
    tables = {p.stem: pl.scan_parquet(p) for p in sorted((work / "accepted").glob("*.parquet"))}
    facts = _saved(estate_facts.facts(tables, SETTINGS), work / "facts")
    given = {f"facts_{name}": frame for name, frame in facts.items()} | {"prices": tables["prices"]}
    _saved(demand.answers(given, SETTINGS), work / "ours")


def end_to_end(work: Path) -> None:
    """From exports to a finished run: everything, with position, accounts and manifest."""
    from lmanalytics import pipeline  # noqa: PLC0415 (as the command line imports it)
    from lmanalytics.workspace import Workspace  # noqa: PLC0415

    pipeline.run(work / "exports", Workspace(work), as_of=AS_OF, fresh=True)


def answer(work: Path) -> pl.DataFrame:
    """The options of hosts, as every engine answers them."""
    own = pl.scan_parquet(work / "ours" / "demand.parquet").filter(pl.col("subject_kind") == "host")
    counts = "licenses_required", "licenses_with_sa", "^curve_.*$"
    return own.select("subject_id", "option", "edition", *counts, "is_available", "cost").collect()


def _saved(frames: dict[str, pl.LazyFrame], folder: Path) -> dict[str, pl.LazyFrame]:
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        frame.sink_parquet(folder / f"{name}.parquet", compression="zstd", row_group_size=250_000)
    return {name: pl.scan_parquet(folder / f"{name}.parquet") for name in frames}
