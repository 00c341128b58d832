"""Account for every row of every sheet: read, mapped to a canonical row, or ignored."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from lmanalytics.ingest.cells import PART_BITS, ROW_BITS
from lmanalytics.ingest.found import Found
from lmanalytics.schemas import ANSWERS, ENTITY


def accounts(found: Iterable[Found], read: Iterable[Found], paths: Mapping[str, Path]) -> pl.DataFrame:
    """Return `sources`: for every sheet the rows read, mapped to canonical rows, and ignored."""
    row = pl.col("row_id").floordiv(2**PART_BITS)
    used = [pl.scan_parquet(path).select(row.alias("row")) for path in paths.values()]
    per_sheet = pl.concat(used).unique().group_by(pl.col("row").floordiv(2 ** (ROW_BITS - PART_BITS)).alias("index"))
    mapped = dict(per_sheet.len().collect(engine="streaming").iter_rows())
    sheets = {(item.account["file"], item.account["sheet"]): item.sheet for item in read if item.sheet}
    rows = []
    for item in found:
        sheet = sheets.get((item.account["file"], item.account["sheet"]))
        count = mapped.get(sheet.index, 0) if sheet else 0
        counts = {"rows_mapped": count, "rows_ignored": item.account["rows_read"] - count, "rows_quarantined": 0}
        rows.append(item.account | counts | {"snapshot_on": sheet.snapshot_on if sheet else None})
    schema = {name: t for name, t in ANSWERS["sources"].schema.items() if name not in {ENTITY, "rule", "reason"}}
    return pl.DataFrame(rows, schema=schema).sort("file", "sheet", nulls_last=False)
