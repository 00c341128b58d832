"""Corrections, table by table: what is as it was is not corrected again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics import stored
from lmanalytics.corrections import told
from lmanalytics.corrections.applied import OUTCOMES, applied
from lmanalytics.corrections.file import NAME, Correction, load_corrections
from lmanalytics.evidence.digests import digest_of
from lmanalytics.kept import Kept
from lmanalytics.quality.raw_cells import add_raw
from lmanalytics.rules.parameters import Settings

if TYPE_CHECKING:
    from lmanalytics.ingest.readers import Ingested

BEFORE = "corrected"
"""The folder of a run that holds, by table, the rows that corrections touched, as they were."""
_ASKED = ("number", "id", "where", "column", "was", "now", "excludes")
Raw = Callable[[str, str | None, pl.Series], pl.LazyFrame]


def corrected_by(
    kept: Kept | None,
    exports: Path,
    ingested: "Ingested",
    into: Path,
    digests: Mapping[str, str],
    raw: Raw,
    as_of: date,
) -> "Ingested":
    """Apply `corrections.yaml` to the tables that were read, and leave the rows that it touched in `corrected`.

    Args:
        kept: what earlier runs left; its folder is `into`. None: every table is corrected.
        exports: the folder that may hold the file.
        ingested: the tables; a file, or a folder of them, each.
        into: the folder of the run.
        digests: the digest of each export by its name.
        raw: as `readers.raw` of the exports.
        as_of: the position date.

    Returns:
        The tables as corrected, with the answer `corrections` and a finding for each that was not applied.

    Raises:
        CorrectionError: the file says what cannot be applied.

    """
    entries = load_corrections(exports / NAME)
    if not entries:
        return ingested
    settled: list[tuple[int, str]] = []
    by_table: dict[str, list[Correction]] = {}
    for one in entries:
        if one.until is not None and one.until < as_of:
            settled.append((one.number, "expired"))
        elif one.table not in ingested.tables:
            settled.append((one.number, "table_not_given"))
        else:
            by_table.setdefault(one.table, []).append(one)
    counts = dict.fromkeys((name for name in OUTCOMES if name.startswith("rows_")), 0)
    rows: list[dict[str, Any]] = [{"number": n, "code": code, **counts} for n, code in settled]
    tables = dict(ingested.tables)
    for table, some in sorted(by_table.items()):
        path = tables[table]
        tables[table] = into / "tables" / BEFORE / f"{table}.parquet"
        write = _correcting(table, some, path, tables[table], into / BEFORE, raw)
        if kept is None:
            rows += write({}, {})[1]
            continue
        sources = {"tables": {table: digest_of([kept.store.digest(p) for p in stored.parts(path)])}, "exports": digests}
        asked = [[getattr(one, name) for name in _ASKED] for one in some]
        rows += kept.files(f"corrections.{table}", sources, Settings(as_of), write, given=asked).told
    outcomes = pl.DataFrame(rows, schema=OUTCOMES)
    answer = told.answer(entries, outcomes)
    found = pl.concat([ingested.findings, told.findings(answer)])
    return replace(ingested, tables=tables, findings=found, corrections=answer)


def _correcting(
    table: str, entries: list[Correction], path: Path, corrected: Path, before: Path, raw: Raw
) -> Callable[[Mapping[str, str], Mapping[str, str]], tuple[list[Path], Any]]:
    """Correct one table, and note from which exports the cells of its rows are shown."""

    def write(rows: Mapping[str, str], exports: Mapping[str, str]) -> tuple[list[Path], Any]:
        def shown(file: str, sheet: str | None, lines: pl.Series) -> pl.LazyFrame:
            exports.get(file)
            return raw(file, sheet, lines)

        rows.get(table)
        for folder in (corrected.parent, before):
            folder.mkdir(parents=True, exist_ok=True)
        as_it_was = before / f"{table}.parquet"
        outcomes = applied(pl.scan_parquet(stored.parts(path)), table, entries, corrected, as_it_was)
        add_raw(as_it_was, shown)
        return [*stored.parts(corrected), as_it_was], outcomes.to_dicts()

    return write
