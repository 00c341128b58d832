"""Cast canonical tables, apply estate.yaml to them and stream them to Parquet, sheet after sheet."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from lmanalytics.errors import ExportError
from lmanalytics.ingest.adapter import ORIGIN, Context
from lmanalytics.ingest.cells import Convention, cast_table
from lmanalytics.ingest.estate import Estate, EstateRule
from lmanalytics.ingest.ingest_findings import note_estate_rules
from lmanalytics.ingest.sources import RawSheet
from lmanalytics.schemas import CANONICAL, ENTITY

ROW_GROUP = 131_072
_PARTS = ".parts"


@dataclass
class _Table:
    """What was written of a table so far."""

    rules: list[EstateRule]
    parts: list[tuple[int, Path]] = field(default_factory=list)
    """First row_id (-1 when there is none) and file of each part."""
    counts: dict[str, int] = field(default_factory=dict)
    """What the rules of estate.yaml did."""


def write_tables(
    pieces: Iterable[tuple[str, pl.LazyFrame]], into: Path, sheets: Mapping[int, RawSheet], context: Context
) -> dict[str, Path]:
    """Cast pieces of tables, apply estate.yaml and stream each table to `into/<name>.parquet`, ordered by row_id.

    Args:
        pieces: what the adapters return, one after another.
        into: the folder, which exists.
        sheets: the sheets that were recognized, by their number in the run.
        context: the position date and estate.yaml; takes a finding for each rule that was applied.

    Returns:
        The file of each table.

    Raises:
        ExportError: what an adapter returned cannot be computed.
    """
    conventions = {i: context.estate.convention(raw.file, is_native=raw.is_native) for i, raw in sheets.items()}
    tables: dict[str, _Table] = {}
    folder = into / _PARTS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, frame in pieces:
        table = tables.setdefault(name, _Table(context.estate.rules_for(name)))
        path = folder / f"{name}-{len(table.parts)}.parquet"
        with _told(name):
            _write(name, _owned(frame, context.estate, sheets), table, path, conventions, context)
    paths = {name: into / f"{name}.parquet" for name in sorted(tables)}
    for name, path in paths.items():
        with _told(name):
            _join(name, tables[name], path, context)
    shutil.rmtree(folder)
    return paths


def _write(
    name: str,
    frame: pl.LazyFrame,
    table: _Table,
    path: Path,
    conventions: Mapping[int, Convention],
    context: Context,
) -> None:
    canonical = CANONICAL[name]
    assumed = sorted({c for rule in table.rules for c in rule.values if canonical.columns[c].default is not None})
    frame = _with_day(frame, context) if "observed_on" in canonical.columns else frame
    frame = cast_table(canonical, frame, conventions, context.estate.entity, assumed)
    for number, rule in enumerate(table.rules):
        counted = frame.with_columns(rule.selects().alias(f"fits:{number}"), rule.changes().alias(f"changes:{number}"))
        frame = counted.with_columns(rule.applied())
    frame.drop("^assumed:.*$").sink_parquet(path, compression="lz4", statistics=False, maintain_order=True)
    counts = pl.col("^(fits|changes):.*$").sum()
    seen = pl.scan_parquet(path).select(pl.col("row_id").first(), counts).collect(engine="streaming")
    first, *_ = seen.row(0)
    table.parts.append((-1 if first is None else first, path))
    for column, count in seen.drop("row_id").row(0, named=True).items():
        table.counts[column] = table.counts.get(column, 0) + count


def _join(name: str, table: _Table, path: Path, context: Context) -> None:
    """Put the parts of a table together in the order of their rows; each is of its own sheets."""
    counts = [(table.counts[f"fits:{n}"], table.counts[f"changes:{n}"]) for n in range(len(table.rules))]
    note_estate_rules(table.rules, counts, context)
    whole = pl.scan_parquet([part for _, part in sorted(table.parts)])
    whole.select(CANONICAL[name].schema.names()).sink_parquet(path, row_group_size=ROW_GROUP, maintain_order=True)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say of which table it is that cannot be computed."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        message = f"The table {name} cannot be read: {str(error).splitlines()[0][:200]}. Export its files again."
        raise ExportError(message) from error


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
