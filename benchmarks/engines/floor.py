"""The floor: read the same files and write them as Parquet, and nothing else."""

from pathlib import Path

import polars as pl


def ingest(work: Path) -> None:
    """Stream every CSV to Parquet as text, every column."""
    for path in sorted((work / "exports").rglob("*.csv")):
        target = work / "floor" / path.relative_to(work / "exports").with_suffix(".parquet")
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = pl.scan_csv(path, infer_schema=False, encoding="utf8-lossy", truncate_ragged_lines=True)
        lines.sink_parquet(target)
