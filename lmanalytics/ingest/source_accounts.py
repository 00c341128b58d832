"""Account for every row of every sheet: read, mapped to a canonical row, or ignored."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from lmanalytics.ingest.cells import PART_BITS, ROW_BITS
from lmanalytics.ingest.found import Found
from lmanalytics.schemas import ANSWERS, ENTITY

_COLUMNS = [name for name in ANSWERS["sources"].schema if name not in {ENTITY, "rule", "reason"}]


def accounts(found: Iterable[Found], read: Iterable[Found], paths: Mapping[str, Path]) -> pl.DataFrame:
    """Return `sources`: for every sheet the rows read, mapped to canonical rows, and ignored.

    Args:
        found: every sheet, recognized or not.
        read: those that were recognized, with their day.
        paths: the canonical tables in Parquet.
    """
    sheets = {(item.account["file"], item.account["sheet"]): item.sheet for item in read if item.sheet}
    told = []
    for item in found:
        sheet = sheets.get((item.account["file"], item.account["sheet"]))
        told.append(item.account | {"index": sheet and sheet.index, "snapshot_on": sheet and sheet.snapshot_on})
    schema = dict(ANSWERS["sources"].schema) | {"index": pl.Int64()}
    frame = pl.DataFrame(told, schema={name: schema[name] for name in ("index", *_COLUMNS)})
    mapped = pl.col("rows_mapped").fill_null(0)
    return (
        frame.drop("rows_mapped")
        .join(_mapped(paths), on="index", how="left")
        .with_columns(mapped, rows_ignored=pl.col("rows_read") - mapped, rows_quarantined=pl.lit(0, pl.Int64))
        .select(_COLUMNS)
        .sort("file", "sheet", nulls_last=False)
    )


def _mapped(paths: Mapping[str, Path]) -> pl.DataFrame:
    """Count for each sheet the source rows that became rows of any table.

    Only of sheets that feed several tables, or make several rows of one, are the rows told apart.
    """
    row = pl.col("row_id").floordiv(2**PART_BITS)
    index = row.floordiv(2 ** (ROW_BITS - PART_BITS)).alias("index")
    frames = [pl.scan_parquet(path) for path in paths.values()]
    has_parts = (pl.col("row_id") % 2**PART_BITS > 0).any().alias("has_parts")
    counts = [frame.group_by(index).agg(pl.len().cast(pl.Int64).alias("rows_mapped"), has_parts) for frame in frames]
    by_table = pl.concat(counts).collect(engine="streaming")
    is_simple = pl.len().over("index") == 1, ~pl.col("has_parts")
    simple = by_table.filter(is_simple).select("index", "rows_mapped")
    others = by_table["index"].unique().filter(~by_table["index"].unique().is_in(simple["index"].implode()))
    if others.is_empty():
        return simple
    rows = pl.concat(frame.filter(index.is_in(others.implode())).select(row.alias("row"), index) for frame in frames)
    told_apart = rows.unique().group_by("index").agg(pl.len().cast(pl.Int64).alias("rows_mapped"))
    return pl.concat([simple, told_apart.collect(engine="streaming")])
