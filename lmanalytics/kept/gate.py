"""The gate, table by table: one whose rows, and whose exports where it shows their cells, are as they were is kept."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics import stored
from lmanalytics.evidence.digests import digest_of
from lmanalytics.kept import Kept
from lmanalytics.quality import reports
from lmanalytics.quality.gate import COUNTS, Gated, gate
from lmanalytics.rules.parameters import Settings

_FOLDERS = ("accepted", "quarantine", "quality")
Raw = Callable[[str, str | None, pl.Series], pl.LazyFrame]
Write = Callable[[Mapping[str, str], Mapping[str, str]], tuple[list[Path], Any]]


def gated_by(
    kept: Kept | None, tables: Mapping[str, Path], into: Path, exports: Mapping[str, str], raw: Raw, as_of: date
) -> Gated:
    """Validate each table and split its rows, as `quality.gate.gate` does, into `accepted`, `quarantine` and `quality`.

    Args:
        kept: what earlier runs left; its folder is `into`. None: every table is validated.
        tables: a Parquet file, or a folder of them, per canonical table that was given.
        into: the folder of the run.
        exports: the digest of each export by its name.
        raw: as `readers.raw` of the exports.
        as_of: the position date.

    Raises:
        QualityError: as `gate` does.

    """
    accepted, quarantine, quality = (into / name for name in _FOLDERS)
    if kept is None:
        return gate(tables, accepted, quarantine, quality, raw, as_of=as_of)
    counts: list[dict[str, Any]] = []
    for table, path in sorted(tables.items()):
        sources = {"tables": {table: _digest(kept, path)}, "exports": exports}
        made = kept.files(f"gate.{table}", sources, Settings(as_of), _passing(into, table, path, raw, as_of))
        counts += made.told
    documents = {table: json.loads((quality / f"{table}.json").read_text("utf-8")) for table in sorted(tables)}
    files = {table: accepted / f"{table}.parquet" for table in sorted(tables)}
    return Gated(files, pl.DataFrame(counts, schema=COUNTS), reports.table_of(documents))


def _passing(into: Path, table: str, path: Path, raw: Raw, as_of: date) -> Write:
    """Let one table pass, and note from which exports the cells of its rejected rows are shown."""

    def write(rows: Mapping[str, str], exports: Mapping[str, str]) -> tuple[list[Path], Any]:
        def shown(file: str, sheet: str | None, lines: pl.Series) -> pl.LazyFrame:
            exports.get(file)
            return raw(file, sheet, lines)

        rows.get(table)
        accepted, quarantine, quality = (into / name for name in _FOLDERS)
        found = gate({table: path}, accepted, quarantine, quality, shown, as_of=as_of)
        name = f"{table}.parquet"
        return [accepted / name, quarantine / name, quality / f"{table}.json"], found.counts.to_dicts()

    return write


def _digest(kept: Kept, path: Path) -> str:
    return digest_of([kept.store.digest(part) for part in stored.parts(path)])
