"""Cast one canonical table, apply estate.yaml to it and stream it to Parquet."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from lmanalytics.errors import ExportError
from lmanalytics.ingest import delimited
from lmanalytics.ingest.adapter import ORIGIN, Context
from lmanalytics.ingest.cells import cast_table
from lmanalytics.ingest.estate import Estate, EstateRule
from lmanalytics.ingest.ingest_findings import note_estate_rules
from lmanalytics.ingest.sources import RawSheet
from lmanalytics.schemas import CANONICAL, ENTITY

ROW_GROUP = 131_072


def write_table(
    name: str, frames: Sequence[pl.LazyFrame], into: Path, sheets: Mapping[int, RawSheet], context: Context
) -> Path:
    """Cast one table, apply estate.yaml to it and stream it to `into/<name>.parquet`.

    Args:
        name: the canonical table.
        frames: what the adapters returned for it.
        into: the folder, which exists.
        sheets: the sheets that were recognized, by their number in the run.
        context: the position date and estate.yaml; takes a finding for each rule that was applied.
    """
    table, estate = CANONICAL[name], context.estate
    rules = estate.rules_for(name)
    assumed = sorted({c for rule in rules for c in rule.values if table.columns[c].default is not None})
    conventions = {i: estate.convention(raw.file, is_native=raw.is_native) for i, raw in sheets.items()}
    parts = []
    for frame in frames:
        owned = _owned(frame, estate, sheets)
        undated = _with_day(owned, context) if "observed_on" in table.columns else owned
        parts.append(cast_table(table, undated, conventions, estate.entity, assumed))
    path = into / f"{name}.parquet"
    try:
        frame = _ruled(pl.concat(parts), rules, context) if rules else pl.concat(parts)
        frame.select(table.schema.names()).sink_parquet(path, row_group_size=ROW_GROUP, maintain_order=True)
    except pl.exceptions.PolarsError as error:
        message = f"The table {name} cannot be read: {str(error).splitlines()[0][:200]}. Export its files again."
        raise ExportError(message) from error
    return path


def _ruled(frame: pl.LazyFrame, rules: list[EstateRule], context: Context) -> pl.LazyFrame:
    """Apply the rules of estate.yaml one after the other, counting in the same pass what each of them does."""
    for number, rule in enumerate(rules):
        counted = frame.with_columns(rule.selects().alias(f"fits:{number}"), rule.changes().alias(f"changes:{number}"))
        frame = counted.with_columns(rule.applied())
    parked = delimited.scratch(".parquet")
    frame.sink_parquet(parked, row_group_size=ROW_GROUP, maintain_order=True)
    sums = pl.scan_parquet(parked).select(pl.col("^(fits|changes):.*$").sum()).collect().row(0, named=True)
    counts = [(sums[f"fits:{number}"], sums[f"changes:{number}"]) for number in range(len(rules))]
    note_estate_rules(rules, counts, context)
    return pl.scan_parquet(parked)


def _owned(frame: pl.LazyFrame, estate: Estate, sheets: Mapping[int, RawSheet]) -> pl.LazyFrame:
    owners = {index: estate.owner(raw.file) for index, raw in sheets.items()}
    others = {index: owner for index, owner in owners.items() if owner != estate.entity}
    if not others:
        return frame
    told = pl.col(ENTITY) if ENTITY in frame.collect_schema() else pl.lit(None, pl.String)
    by_file = pl.col(ORIGIN[0]).replace_strict(others, default=None, return_dtype=pl.String)
    return frame.with_columns(pl.coalesce(told, by_file).alias(ENTITY))


def _with_day(frame: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Take the position date as the day of an observation that nothing dates."""
    if "observed_on" not in frame.collect_schema():
        return frame.with_columns(pl.lit(str(context.as_of)).alias("observed_on"))
    if frame.collect_schema()["observed_on"] != pl.String:
        return frame
    return frame.with_columns(pl.col("observed_on").fill_null(str(context.as_of)))
