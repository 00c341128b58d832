"""Compute rows once that several plans go on with."""

from pathlib import Path

import polars as pl

from lmanalytics.ingest import delimited

IN_MEMORY = 250_000
"""Rows up to which they are held in memory: more than one vCenter has."""
_ROW_GROUP = 32_768
"""Readers of such a file hold several groups at a time."""


def held(frame: pl.LazyFrame, rows: int) -> pl.LazyFrame:
    """Compute `frame` and return it as a plan without a past.

    Args:
        frame: the rows.
        rows: how many they are at most; beyond `IN_MEMORY` they are left in a temporary file.
    """
    if rows <= IN_MEMORY:
        return frame.collect(engine="streaming").lazy()
    path = delimited.scratch(".parquet")
    sunk(frame, path).collect(engine="streaming")
    return pl.scan_parquet(path)


def sunk(frame: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    """Return the plan that leaves rows, in their order, in a file that is read again soon."""
    return frame.sink_parquet(
        path, compression="lz4", statistics=False, row_group_size=_ROW_GROUP, maintain_order=True, lazy=True
    )
