"""DuckDB: every stage as SQL, from the exports to the licenses that are short; Parquet between the stages."""

import os
from pathlib import Path

import duckdb

NAME = "duckdb"
_SQL = Path(__file__).with_name("sql")
_SHARE = 0.8
"""The part of the memory limit that DuckDB may count on; it does not count all that it takes."""


def ingest(work: Path) -> None:
    """Exports to hosts, oses and installs."""
    _run(work, "ingest", "tables")


def quality(work: Path) -> None:
    """The row checks and keys of the three tables."""
    _run(work, "quality", "accepted", "rejected")


def facts(work: Path) -> None:
    """What each host and machine is, and where installs run."""
    _run(work, "facts", "facts")


def rules(work: Path) -> None:
    """Every option of Windows Server and SQL Server of each host."""
    _run(work, "windows_server", "demand", then="sql_server")


def position(work: Path) -> None:
    """The cheapest option of each subject, and what is short."""
    _run(work, "position", "position")


def _run(work: Path, script: str, *folders: str, then: str | None = None) -> None:
    own = work / NAME
    for folder in folders:
        (own / folder).mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as base:
        base.execute(f"SET temp_directory = '{own / 'spilled'}'")
        if limit := os.environ.get("BENCH_MEMORY_MIB"):
            base.execute(f"SET memory_limit = '{int(int(limit) * _SHARE)}MiB'")
        for name in filter(None, (script, then)):
            statements = (_SQL / f"{name}.sql").read_text(encoding="utf-8")
            for word, path in (("$EXPORTS", work / "exports"), ("$GIVEN", work / "given"), ("$WORK", own)):
                statements = statements.replace(word, path.as_posix())
            base.execute(statements)
