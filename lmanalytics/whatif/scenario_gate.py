"""The gate for tables that a scenario changed: none of their rows may fail it, whether a run is left or not."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics import pipeline
from lmanalytics.errors import ScenarioError
from lmanalytics.whatif.patches import Patched

if TYPE_CHECKING:
    from lmanalytics.quality.gate import Gated

_PARTS = ("accepted", "quarantine", "quality")


def changed(found: Patched) -> list[str]:
    """Return the names of the tables that the changes touched."""
    return sorted({one.table for one in found.applied})


def pass_gate(found: Patched, folder: Path) -> dict[str, Path]:
    """Let the changed tables pass the gate, and write what it says to `accepted`, `quarantine` and `quality`.

    Returns:
        the accepted rows of each changed table.

    Raises:
        ScenarioError: a change leaves rows that the gate keeps back.

    """
    from lmanalytics.quality.gate import gate  # noqa: PLC0415 (Great Expectations takes seconds to import)

    work = folder / "tables"
    work.mkdir()
    paths = {table: work / f"{table}.parquet" for table in changed(found)}
    for table, path in paths.items():
        found.tables[table].sink_parquet(path, maintain_order=True)
    gate(paths, folder / "accepted", folder / "quarantine", folder / "quality", as_of=found.settings.as_of)
    for table in paths:
        _all_accepted(table, folder / "quarantine" / f"{table}.parquet")
    shutil.rmtree(work)
    return {table: folder / "accepted" / f"{table}.parquet" for table in paths}


def gated(found: Patched, base: Path, folder: Path, progress: pipeline.Progress) -> "Gated":
    """Take over what no change touched, and let the rest pass the gate."""
    from lmanalytics.quality import reports  # noqa: PLC0415 (Great Expectations takes seconds to import)
    from lmanalytics.quality.docs import write_docs  # noqa: PLC0415
    from lmanalytics.quality.gate import COUNTS, Gated  # noqa: PLC0415

    for part in _PARTS:
        (folder / part).mkdir(parents=True)
    for table in found.tables.keys() - set(changed(found)):
        for name in (f"accepted/{table}.parquet", f"quarantine/{table}.parquet", f"quality/{table}.json"):
            shutil.copyfile(base / name, folder / name)
    if found.applied:
        progress("validating the patched tables")
        for table in pass_gate(found, folder):
            kept = base / "quarantine" / f"{table}.parquet"
            if kept.is_file():
                shutil.copyfile(kept, folder / "quarantine" / f"{table}.parquet")
    write_docs(folder / "quality", folder / "quality" / "docs")
    documents = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted((folder / "quality").glob("*.json"))}
    accepted = {path.stem: path for path in sorted((folder / "accepted").glob("*.parquet"))}
    return Gated(accepted, pl.DataFrame(_counts(folder), schema=COUNTS), reports.table_of(documents))


def _counts(folder: Path) -> list[dict[str, Any]]:
    rows = []
    for path in sorted((folder / "accepted").glob("*.parquet")):
        outcomes = pl.scan_parquet(folder / "quarantine" / path.name).select("outcome").collect()["outcome"]
        accepted = pl.scan_parquet(path).select(pl.len()).collect().item()
        copies = int((outcomes == "duplicate").sum())
        kept_back = {"quarantined": len(outcomes) - copies, "duplicates": copies}
        rows.append(
            {"table": path.stem, "read": accepted + len(outcomes), "accepted": accepted, "warned": 0, **kept_back}
        )
    return rows


def _all_accepted(table: str, kept_back: Path) -> None:
    rows = pl.read_parquet(kept_back)
    if not rows.height:
        return
    first = rows.sort("row_id").row(0, named=True)
    where = f"{first['source_file']}, {first['source_sheet'] or 'line'}, row {first['source_row']}"
    why = " ".join(first["reasons"])
    does = "row of {0} that does" if rows.height == 1 else "rows of {0} that do"
    message = (
        f"The changes leave {rows.height:,} {does.format(table)} not pass the gate, such as {where}: {why} "
        "Correct the change that made them so; a scenario leaves no row out without saying so."
    )
    raise ScenarioError(message)
