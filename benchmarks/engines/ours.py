"""This program: the run that its command line starts, with a lap for each stage."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks import clock
from lmanalytics import stored

NAME = "ours"
AS_OF = date(2026, 6, 30)
STAGE_OF = {
    "reading exports": "ingest",
    "validating": "quality",
    "what purchases entitle to": "rules",
    "the estate": "facts",
    "what rights change": "rules",
    "what the estate requires": "rules",
    "the position": "position",
    "what follows from the position": "position",
    "accounts and findings": "position",
    "writing the manifest": "position",
}
"""The stage that each step of a run belongs to, by the words with which the run announces it."""

PEERS_READ = ("*vInfo.csv", "*vHost.csv", "hosts_branch.csv", "oses_branch.csv", "installs_*.csv", "prices.csv",
              "purchases_*.csv", "agreements.csv", "estate.yaml")  # fmt: skip
_PEERS_PRODUCTS = ["Windows Server", "SQL Server"]


def generate(work: Path, hosts: str, density: str, installs: str, snapshots: str) -> None:
    """Write the exports."""
    from lmanalytics.sample import write  # noqa: PLC0415 (no other stage writes workbooks)

    size = {"hosts": int(hosts), "density": int(density), "installs": int(installs)}
    write(work / "exports", as_of=AS_OF, form="rvtools", snapshots=int(snapshots), **size)


def before_end_to_end(*_: object) -> None:
    """Import what a run does."""
    from lmanalytics import pipeline  # noqa: F401, PLC0415 (before the clock starts, as with every contestant)
    from lmanalytics.ingest import readers  # noqa: F401, PLC0415
    from lmanalytics.quality import gate  # noqa: F401, PLC0415 (Great Expectations takes seconds)


def end_to_end(work: Path) -> None:
    """From exports to a finished run: every table and topic, position, accounts and manifest."""
    _run(work / "exports", work / NAME)


before_same_tables = before_end_to_end


def same_tables(work: Path) -> None:
    """The same, given no other tables than the peers read: fewer topics have anything to do."""
    _run(work / "same_tables_exports", work / "same_tables")


def choose(work: Path) -> None:
    """Link the files that the peers read into a folder of their own."""
    into = work / "same_tables_exports"
    shutil.rmtree(into, ignore_errors=True)
    for pattern in PEERS_READ:
        for path in (work / "exports").rglob(pattern):
            target = into / path.relative_to(work / "exports")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)


def give(work: Path) -> None:
    """Leave to peers what follows from purchases: what is owned, and which passive copies are free."""
    into = work / "given"
    into.mkdir(exist_ok=True)
    owned = table(work, "licenses").filter(pl.col("product").is_in(_PEERS_PRODUCTS))
    owned.select("product", "edition", "metric", "quantity").sink_parquet(into / "owned.parquet")
    table(work, "failover").select("install_id", "is_free").sink_parquet(into / "passive.parquet")


def run_of(work: Path) -> Path:
    """Return the folder of the run, of which there is one."""
    (manifest,) = (work / NAME).rglob("runs/*/manifest.json")
    return manifest.parent


def table(work: Path, name: str) -> pl.LazyFrame:
    """Scan an answer, or facts, of the run."""
    return pl.scan_parquet(stored.parts(stored.place(run_of(work), name)))


def _run(exports: Path, workspace: Path) -> None:
    from lmanalytics import pipeline  # noqa: PLC0415 (as the command line imports it)
    from lmanalytics.workspace import Workspace  # noqa: PLC0415

    def progress(words: str) -> None:
        if words in STAGE_OF:  # besides these a run tells how far a stage is
            clock.begin(STAGE_OF[words])

    shutil.rmtree(workspace, ignore_errors=True)
    clock.begin("ingest")  # which exports there are is part of reading them
    pipeline.run(exports, Workspace(workspace), as_of=AS_OF, fresh=True, progress=progress)
