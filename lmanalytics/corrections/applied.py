"""Apply corrections to the rows of one table: who names which row, whose guard holds, what changes.

Exclusions come first; a row that is left out is not corrected. Each guard is compared with what the exports say, not
with what another correction made of it, and must hold in every row that the correction names, unless the row says
already what is right. So a correction changes all that it should, or nothing.
"""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from lmanalytics.corrections.file import Correction
from lmanalytics.corrections.typed import certain, column_of, values
from lmanalytics.schemas import CANONICAL, ENTITY

ROW = "row_id"
ROW_GROUP = 131_072
HELD = 1_000_000
"""Rows that are written to one file; a table with more becomes a folder of files, in order by their names."""
HOLDS, ALREADY, OTHERWISE = 0, 1, 2
"""What a row says: what was to be corrected, already what is right, or something else."""
_COUNTS = ("rows_named", "rows_otherwise", "rows_changed")
OUTCOMES = pl.Schema(
    {"number": pl.Int64(), "code": pl.String(), ENTITY: pl.String(), **dict.fromkeys(_COUNTS, pl.Int64())}
)
_HITS = pl.Schema(
    {"number": pl.Int64(), ROW: pl.Int64(), ENTITY: pl.String(), "column": pl.String(), "says": pl.Int8()}
)
NOW, SET = "now:", "set:"
_SHOWN = 60


def applied(rows: pl.LazyFrame, table: str, entries: list[Correction], corrected: Path, before: Path) -> pl.DataFrame:
    """Write a table with its corrections, and the rows that they touched as they were.

    Args:
        rows: the table in the order of its rows.
        table: its name.
        entries: its corrections, in the order of the file, without those that expired.
        corrected: gets the table, a file or a folder of them.
        before: gets the rows that were changed or left out, with `corrections` (the ids), `outcome` (corrected or
            excluded) and `raw` (empty).

    Returns:
        As `OUTCOMES`: for each entry what became of it, and how many rows it names, says otherwise and changed.

    Raises:
        CorrectionError: a value cannot be one of its column.

    """
    hits = _hits(rows, table, entries)
    leaving = _of(hits, entries, excludes=True)
    out = _holding(leaving)
    staying = _of(hits, entries, excludes=False)
    hidden = staying.join(out, on=ROW, how="semi")
    staying = staying.join(out, on=ROW, how="anti")
    valid = _holding(staying)
    valid = valid.with_columns(first=pl.col("number").min().over(ROW, "column"))
    late = valid.filter(pl.col("number") != pl.col("first"))
    changes = valid.join(late, on="number", how="anti")
    touched = pl.concat([out.select("number", ROW), changes.select("number", ROW)])
    _write(rows, table, entries, changes, out[ROW].unique(), corrected)
    _write_before(rows, entries, touched, out[ROW].unique(), before)
    return _outcomes(entries, hits, touched, late, hidden)


def _hits(rows: pl.LazyFrame, table: str, entries: list[Correction]) -> pl.DataFrame:
    """Find the rows that each entry names, and what they say; entries alike in their columns are looked up at once."""
    alike: dict[tuple[tuple[str, ...], str | None], list[Correction]] = {}
    for entry in entries:
        alike.setdefault((tuple(name for name, _ in entry.where), entry.column), []).append(entry)
    parts = [_named(rows, table, where, column, some) for (where, column), some in alike.items()]
    found = pl.collect_all(parts, engine="streaming")
    return pl.concat([_HITS.to_frame(), *found]).sort("number", ROW)


def _named(
    rows: pl.LazyFrame, table: str, where: tuple[str, ...], column: str | None, entries: list[Correction]
) -> pl.LazyFrame:
    told = {name: [dict(e.where)[name] for e in entries] for name in where}
    keys = {f"={name}": certain("`where`", told[name], column_of(table, name), entries) for name in where}
    asked = pl.DataFrame({"number": [e.number for e in entries], **keys}, schema_overrides={"number": pl.Int64})
    own = {name: pl.col(name).alias(f"={name}") for name in where}
    if column is None:
        named = rows.select(ROW, ENTITY, *own.values()).join(asked.lazy(), on=list(keys), nulls_equal=True, how="inner")
        return named.select("number", ROW, ENTITY, column=pl.lit("", pl.String), says=pl.lit(HOLDS, pl.Int8))
    kind, was = column_of(table, column), [e.was for e in entries]
    now = certain("`now`", [e.now for e in entries], kind, entries)
    asked = asked.with_columns(
        values(was, kind).alias("was"), now.alias("now"),
        text=pl.Series(was, dtype=pl.String), excludes=pl.Series([e.excludes for e in entries]),
    )  # fmt: skip
    named = rows.select(ROW, ENTITY, "issues", pl.col(column).alias("value"), *own.values())
    hit = named.join(asked.lazy(), on=list(keys), nulls_equal=True, how="inner")
    return hit.select("number", ROW, ENTITY, column=pl.lit(column), says=_says(column))


def _says(column: str) -> pl.Expr:
    """Compare a cell with `was` and `now`; one that could not be read is compared as it was written."""
    value, was, now = pl.col("value"), pl.col("was"), pl.col("now")
    issue = pl.col("issues").list.eval(pl.element().filter(_is_about(column))).list.first()
    as_written = pl.format("{}: '{}' ", pl.lit(column), pl.col("text").str.slice(0, _SHOWN))
    read = value.eq_missing(was) & (was.is_not_null() | pl.col("text").is_null())
    holds = pl.when(issue.is_null()).then(read).otherwise(issue.str.starts_with(as_written).fill_null(value=False))
    already = ~pl.col("excludes") & issue.is_null() & value.eq_missing(now)
    said = pl.when(holds).then(HOLDS).when(already).then(ALREADY).otherwise(OTHERWISE)
    return said.cast(pl.Int8)


def _is_about(column: str) -> pl.Expr:
    return pl.element().str.starts_with(f"{column}: '")


def _of(hits: pl.DataFrame, entries: Iterable[Correction], *, excludes: bool) -> pl.DataFrame:
    numbers = pl.Series("number", [e.number for e in entries if e.excludes is excludes], pl.Int64)
    return hits.filter(pl.col("number").is_in(numbers.implode()))


def _holding(hits: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows to change of entries whose guard holds wherever they name a row."""
    wrong = hits.filter(pl.col("says") == OTHERWISE)
    return hits.filter(pl.col("says") == HOLDS).join(wrong, on="number", how="anti")


def _write(
    rows: pl.LazyFrame, table: str, entries: list[Correction], changes: pl.DataFrame, out: pl.Series, path: Path
) -> None:
    """Write the table piece by piece, because a join that keeps the order of rows holds them."""
    by_column = {str(name): some for (name,), some in changes.partition_by("column", as_dict=True).items()}
    wide = _wide(table, entries, by_column).lazy() if by_column else None
    height = rows.select(pl.len()).collect(engine="streaming").item()
    if height > HELD:
        path.mkdir()
    for start in range(0, max(height, 1), HELD):
        piece = rows.slice(start, HELD)
        if len(out):
            piece = piece.filter(~pl.col(ROW).is_in(out.implode()))
        if wide is not None:
            piece = _changed(piece.join(wide, on=ROW, how="left", maintain_order="left"), by_column)
        part = path / f"{start // HELD:05}.parquet" if height > HELD else path
        piece.select(list(CANONICAL[table].schema)).sink_parquet(
            part, compression="lz4", row_group_size=ROW_GROUP, maintain_order=True
        )


def _changed(rows: pl.LazyFrame, columns: Iterable[str]) -> pl.LazyFrame:
    for name in columns:  # one after another: each takes its own remarks from the same list
        own = pl.col("issues").list.eval(pl.element().filter(~_is_about(name)))
        is_set = pl.col(SET + name)
        rows = rows.with_columns(
            pl.when(is_set).then(pl.col(NOW + name)).otherwise(name).alias(name),
            issues=pl.when(is_set).then(own).otherwise("issues"),
        )
    return rows


def _wide(table: str, entries: list[Correction], by_column: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return for each row to change the values of its cells, `NOW`, and which of them are set, `SET`."""
    by_number = {entry.number: entry for entry in entries}
    parts = []
    for name, some in by_column.items():
        asked = [by_number[number] for number in some["number"].unique(maintain_order=True)]
        cells = values([entry.now for entry in asked], column_of(table, name)).alias(NOW + name)
        told = pl.DataFrame([pl.Series("number", [entry.number for entry in asked], pl.Int64), cells])
        parts.append(
            some.select(ROW, "number", pl.lit(value=True).alias(SET + name)).join(told, on="number", how="left")
        )
    wide = parts[0].drop("number")
    for part in parts[1:]:
        wide = wide.join(part.drop("number"), on=ROW, how="full", coalesce=True)
    return wide


def _write_before(
    rows: pl.LazyFrame, entries: list[Correction], touched: pl.DataFrame, out: pl.Series, path: Path
) -> None:
    names = pl.DataFrame(
        {"number": [e.number for e in entries], "id": [e.id for e in entries]},
        schema={"number": pl.Int64, "id": pl.String},
    )
    by_row = (
        touched.join(names, on="number").sort(ROW, "number").group_by(ROW, maintain_order=True).agg(corrections="id")
    )
    left_out = pl.col(ROW).is_in(out.implode())
    outcome = pl.when(left_out).then(pl.lit("excluded")).otherwise(pl.lit("corrected"))
    found = rows.join(by_row.lazy(), on=ROW, how="inner", maintain_order="left")
    found.with_columns(outcome=outcome, raw=pl.lit(None, pl.String)).sink_parquet(
        path, row_group_size=ROW_GROUP, maintain_order=True
    )


def _outcomes(
    entries: list[Correction], hits: pl.DataFrame, touched: pl.DataFrame, late: pl.DataFrame, hidden: pl.DataFrame
) -> pl.DataFrame:
    """Say what became of each entry; the first that fits of the codes below."""
    entity = pl.when(pl.col(ENTITY).n_unique() == 1).then(pl.col(ENTITY).first())
    named = hits.group_by("number").agg(
        entity, rows_named=pl.len(), rows_otherwise=(pl.col("says") == OTHERWISE).sum(),
        already=(pl.col("says") == ALREADY).all(),
    )  # fmt: skip
    changed = touched.group_by("number").agg(rows_changed=pl.len())
    gone = hidden.group_by("number").agg(rows_hidden=pl.len())
    numbers = pl.DataFrame({"number": [e.number for e in entries]}, schema={"number": pl.Int64})
    codes = {
        "no_row": pl.col("rows_named") == 0,
        "row_excluded": pl.col("rows_named") == pl.col("rows_hidden"),
        "already_so": pl.col("already"),
        "other_value": pl.col("rows_otherwise") > 0,
        "repeated": pl.col("number").is_in(late["number"].implode()),
    }
    code = pl.coalesce(*(pl.when(applies).then(pl.lit(name)) for name, applies in codes.items()), pl.lit("applied"))
    counts = pl.col(*_COUNTS, "rows_hidden")
    found = numbers.join(named, on="number", how="left").join(changed, on="number", how="left")
    return (
        found.join(gone, on="number", how="left")
        .with_columns(counts.fill_null(0).cast(pl.Int64))
        .with_columns(code=code)
        .select(pl.col(name).cast(dtype) for name, dtype in OUTCOMES.items())
        .sort("number")
    )
