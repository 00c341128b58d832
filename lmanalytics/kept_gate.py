"""The gate, table by table: one whose rows, and whose exports where it shows their cells, are as they were is kept."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics.kept_steps import Kept
from lmanalytics.quality import reports
from lmanalytics.quality.gate import COUNTS, Gated, gate
from lmanalytics.rules.parameters import Settings

_FOLDERS = ("accepted", "quarantine", "quality")
Write = Callable[[Mapping[str, str], Mapping[str, str]], tuple[list[Path], Any]]


def gated(
    kept: Kept,
    tables: Mapping[str, Path],
    exports: Mapping[str, str],
    raw: Callable[..., pl.LazyFrame],
    settings: Settings,
) -> Gated:
    """Validate each table and split its rows, as `quality.gate.gate` does, into folders of the run.

    Args:
        kept: serves the run.
        tables: one Parquet file per canonical table that was given.
        exports: the digest of each export by its name.
        raw: shows cells as they were read; its first argument is the name of an export.
        settings: the position date.

    Raises:
        QualityError: as `gate` does.

    """
    counts: list[dict[str, Any]] = []
    for table, path in sorted(tables.items()):
        sources = {"tables": {table: kept.store.digest(path)}, "exports": exports}
        counts += kept.files(f"gate.{table}", sources, settings, _passing(kept.into, table, path, raw, settings)).told
    accepted, _, quality = (kept.into / name for name in _FOLDERS)
    documents = {table: json.loads((quality / f"{table}.json").read_text("utf-8")) for table in sorted(tables)}
    files = {table: accepted / f"{table}.parquet" for table in sorted(tables)}
    return Gated(files, pl.DataFrame(counts, schema=COUNTS), reports.table_of(documents))


def _passing(into: Path, table: str, path: Path, raw: Callable[..., pl.LazyFrame], settings: Settings) -> Write:
    """Let one table pass, and note which exports its rejected rows are shown from."""

    def write(rows: Mapping[str, str], exports: Mapping[str, str]) -> tuple[list[Path], Any]:
        def shown(file: str, *which: Any) -> pl.LazyFrame:
            exports.get(file)
            return raw(file, *which)

        rows.get(table)
        accepted, quarantine, quality = (into / name for name in _FOLDERS)
        found = gate({table: path}, accepted, quarantine, quality, shown, as_of=settings.as_of)
        ends = (".parquet", ".parquet", ".json")
        files = [into / name / f"{table}{end}" for name, end in zip(_FOLDERS, ends, strict=True)]
        return files, found.counts.to_dicts()

    return write
