"""Cast canonical tables, apply estate.yaml to them and stream them to Parquet, sheet after sheet."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics.errors import ExportError
from lmanalytics.ingest.adapter import ORIGIN, Context, Finding, Pieces, Sheet
from lmanalytics.ingest.cells import ODD, cast_plainly, cast_table
from lmanalytics.ingest.estate import Estate, EstateRule
from lmanalytics.ingest.ingest_findings import note_estate_rules
from lmanalytics.ingest.keeping import Keeping
from lmanalytics.ingest.sources import RawSheet
from lmanalytics.ingest.survey import Convention
from lmanalytics.schemas import CANONICAL, ENTITY

ROW_GROUP = 131_072
_UNFINISHED = ".parts"


@dataclass
class _Table:
    """What was written of a table so far."""

    rules: list[EstateRule]
    parts: list[tuple[int, Path]] = field(default_factory=list)
    """First row_id (-1 when there is none) and file of each part."""
    counts: dict[str, int] = field(default_factory=dict)
    """What the rules of estate.yaml did."""


@dataclass(frozen=True)
class Group:
    """Sheets of one format, and what gives the pieces of tables that they are read to."""

    name: str
    sheets: list[Sheet]
    pieces: Callable[[], Pieces]


def write_tables(
    groups: Iterable[Group], into: Path, sheets: Mapping[int, RawSheet], context: Context, keeping: Keeping
) -> dict[str, Path]:
    """Cast pieces of tables, apply estate.yaml and stream each table to `into/<name>.parquet`, ordered by row_id.

    Args:
        groups: what the adapters return, one after another.
        into: the folder, which exists.
        sheets: the sheets that were recognized, by their number in the run.
        context: the position date and estate.yaml; takes what adapters find, and a finding for each rule applied.
        keeping: may have the rows of a group of an earlier reading.

    Returns:
        Each table's file; for a table of several sheets a folder of files, which are in order by their names.

    Raises:
        ExportError: what an adapter returned cannot be computed.
    """
    conventions = {i: context.estate.convention(raw.file, is_native=raw.is_native) for i, raw in sheets.items()}
    tables: dict[str, _Table] = {}
    folder = into / _UNFINISHED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for group in groups:
        told = keeping.rows(
            group.name, group.sheets, context, partial(_written, group, folder, sheets, conventions, context)
        )
        context.findings += [Finding(**one) for one in told["findings"]]
        for name, file, first, counts in told["pieces"]:
            table = tables.setdefault(name, _Table(context.estate.rules_for(name)))
            table.parts.append((first, folder / file))
            for column, count in counts.items():
                table.counts[column] = table.counts.get(column, 0) + count
    paths = {name: into / f"{name}.parquet" for name in sorted(tables)}
    for name, path in paths.items():
        counts = tables[name].counts
        told = [(counts[f"fits:{n}"], counts[f"changes:{n}"]) for n in range(len(tables[name].rules))]
        note_estate_rules(tables[name].rules, told, context)
        _place(tables[name].parts, path)
    shutil.rmtree(folder)
    return paths


def _written(
    group: Group,
    folder: Path,
    sheets: Mapping[int, RawSheet],
    conventions: Mapping[int, Convention],
    context: Context,
) -> tuple[list[Path], dict[str, Any]]:
    """Write the pieces of a group; return the files, and of each its table, first row_id and counts, and findings."""
    known = len(context.findings)
    pieces: list[tuple[str, str, int, dict[str, int]]] = []
    for name, frame in group.pieces():
        file = f"{group.name}-{len(pieces)}.parquet"
        with _told(name):
            seen = _write(name, _owned(frame, context.estate, sheets), folder / file, conventions, context)
        first = seen.pop("row_id")
        pieces.append((name, file, -1 if first is None else first, seen))
    found = [asdict(one) for one in context.findings[known:]]
    del context.findings[known:]
    return [folder / file for _, file, *_ in pieces], {"pieces": pieces, "findings": found}


def _write(
    name: str, frame: pl.LazyFrame, path: Path, conventions: Mapping[int, Convention], context: Context
) -> dict[str, int]:
    """Cast a piece as if all cells were plain, and once more where they are not; return its first row_id and counts."""
    canonical, entity, rules = CANONICAL[name], context.estate.entity, context.estate.rules_for(name)
    assumed = sorted({c for rule in rules for c in rule.values if canonical.columns[c].default is not None})
    frame = _with_day(frame, context) if "observed_on" in canonical.columns else frame
    seen = _sink(cast_plainly(canonical, frame, entity, assumed), name, rules, path)
    if odd := [column.removeprefix(ODD) for column, count in seen.items() if column.startswith(ODD) and count]:
        seen = _sink(cast_table(canonical, frame, conventions, entity, assumed, odd), name, rules, path)
    return seen


def _sink(frame: pl.LazyFrame, name: str, rules: list[EstateRule], path: Path) -> dict[str, int]:
    """Apply the rules of estate.yaml one after the other and write the rows; return sums of what is told of them."""
    for number, rule in enumerate(rules):
        counted = frame.with_columns(rule.selects().alias(f"fits:{number}"), rule.changes().alias(f"changes:{number}"))
        frame = counted.with_columns(rule.applied())
    told = frame.select(pl.col("row_id").first(), pl.col(f"^({ODD}|fits:|changes:).*$").sum())
    rows = frame.select(CANONICAL[name].schema.names())
    sink = rows.sink_parquet(path, compression="lz4", row_group_size=ROW_GROUP, maintain_order=True, lazy=True)
    _, seen = pl.collect_all([sink, told], engine="streaming")
    return seen.row(0, named=True)


def _place(parts: list[tuple[int, Path]], path: Path) -> None:
    """Move the parts of a table to where they stay, in the order of their rows."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    filled = sorted(part for part in parts if part[0] >= 0) or parts[:1]
    if len(filled) == 1:
        filled[0][1].rename(path)
        return
    path.mkdir()
    for number, (_, part) in enumerate(filled):
        part.rename(path / f"{number:05}.parquet")


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
