"""DuckDB: the same files to Parquet, and the same rules as SQL."""

from pathlib import Path

import duckdb
import polars as pl

_RULES = Path(__file__).with_name("rules.sql")


def ingest(work: Path) -> None:
    """Every CSV to Parquet as text, every column: what `floor` does."""
    for path in sorted((work / "exports").rglob("*.csv")):
        target = work / "duckdb" / path.relative_to(work / "exports").with_suffix(".parquet")
        target.parent.mkdir(parents=True, exist_ok=True)
        # the German list is Windows-1252, which DuckDB reads with an extension only
        if path.name == "purchases_de.csv":
            continue
        duckdb.sql(f"COPY (FROM read_csv('{path}', all_varchar=true, header=true)) TO '{target}' (FORMAT parquet)")


def rules(work: Path) -> None:
    """Every option of every host, from the accepted tables."""
    with duckdb.connect() as base:
        base.execute(f"SET temp_directory='{work / 'duckdb.tmp'}'")
        for table in ("hosts", "oses", "prices"):
            base.execute(f"CREATE VIEW {table} AS FROM read_parquet('{work / 'accepted' / table}.parquet')")
        statement = _RULES.read_text(encoding="utf-8")
        base.execute(f"COPY ({statement}) TO '{work / 'duckdb_rules.parquet'}' (FORMAT parquet)")


def answer(work: Path) -> pl.DataFrame:
    """The options of hosts."""
    return pl.read_parquet(work / "duckdb_rules.parquet")
