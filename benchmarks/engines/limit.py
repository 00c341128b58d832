"""The limit: read the same files and write them as Parquet, and nothing else."""

from pathlib import Path

import polars as pl

NAME = "limit"


def end_to_end(work: Path) -> None:
    """Stream every CSV to Parquet as text, every column."""
    for path in sorted((work / "exports").rglob("*.csv")):
        target = work / NAME / path.relative_to(work / "exports").with_suffix(".parquet")
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = pl.scan_csv(path, infer_schema=False, encoding="utf8-lossy", truncate_ragged_lines=True)
        lines.sink_parquet(target)
