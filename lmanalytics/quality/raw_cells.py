"""The cells of rejected rows as they were read, beside what was understood of them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl

from lmanalytics.quality.scans import ROW_GROUP, STREAMING
from lmanalytics.quality.split import SOURCE

Raw = Callable[[str, str | None, pl.Series], pl.LazyFrame]
"""The text cells of some rows of a file and sheet, with `source_row`."""
FILE, SHEET, LINE = SOURCE
HELD = 100_000
"""How many rejected rows are held at a time; a sheet that has more is opened again."""


def add_raw(path: Path, raw: Raw | None) -> None:
    """Add to rejected rows a JSON object of their cells.

    Args:
        path: the rejected rows of a table, replaced.
        raw: gives cells; asked for one sheet after another. None leaves `raw` empty.

    """
    rows = pl.scan_parquet(path)
    height = rows.select(pl.len()).collect().item()
    if raw is None or not height:
        return
    beside = path.with_suffix(".raw")
    beside.mkdir()
    parts = []
    for start in range(0, height, HELD):
        parts.append(beside / f"{start}.parquet")
        _with_cells(rows.slice(start, HELD).collect(), raw).write_parquet(parts[-1])
    pl.scan_parquet(parts).sink_parquet(path, row_group_size=ROW_GROUP)
    shutil.rmtree(beside)


def _with_cells(rows: pl.DataFrame, raw: Raw) -> pl.DataFrame:
    wanted = rows.filter(pl.col(FILE).is_not_null()).select(SOURCE).unique()
    read = [pl.DataFrame(schema={name: rows.schema[name] for name in (*SOURCE, "raw")})]
    for (file, sheet), lines in sorted(wanted.partition_by(FILE, SHEET, as_dict=True).items(), key=_place):
        text = pl.struct(pl.exclude(LINE)).struct.json_encode().alias("raw")
        here = pl.lit(file, pl.String).alias(FILE), pl.lit(sheet, pl.String).alias(SHEET)
        cells = raw(file, sheet, lines[LINE].sort()).collect(engine=STREAMING)
        read.append(cells.select(*here, pl.col(LINE).cast(pl.Int64), text))
    found = rows.drop("raw").join(pl.concat(read), on=SOURCE, how="left", nulls_equal=True, maintain_order="left")
    return found.select(rows.columns)


def _place(item: tuple[tuple[object, ...], pl.DataFrame]) -> tuple[str, str]:
    file, sheet = item[0]
    return str(file), str(sheet or "")
