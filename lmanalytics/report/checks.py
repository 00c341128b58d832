"""The validation results of a run, one row per check and table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

CHECKS = pl.Schema(
    {
        "table": pl.String(),
        "check": pl.String(),
        "column": pl.String(),
        "severity": pl.String(),
        "rows_checked": pl.Int64(),
        "rows_failed": pl.Int64(),
        "outcome": pl.String(),
    }
)


def checks(folder: Path) -> pl.DataFrame:
    """Read every check of a run: rows checked, rows failed, and passed, failed, warned or broken.

    Args:
        folder: the run's folder of Great Expectations results.

    """
    rows = []
    for path in sorted(folder.glob("*.json")):
        rows += [_check(path.stem, result) for result in json.loads(path.read_text("utf-8")).get("results", [])]
    return pl.DataFrame(rows, schema=CHECKS, orient="row").sort("table", "check", "column")


def _check(table: str, result: Mapping[str, Any]) -> tuple[object, ...]:
    """Flatten one Great Expectations result; a check that crashed is `broken`, which no data can cause."""
    config, numbers = result.get("expectation_config") or {}, result.get("result") or {}
    given = config.get("kwargs") or {}
    severity = str(config.get("severity") or "critical")
    column = given.get("column") or ", ".join(str(c) for c in given.get("column_list") or ()) or None
    if _crashed(result.get("exception_info") or {}):
        outcome = "broken"
    elif result.get("success"):
        outcome = "passed"
    else:
        outcome = "failed" if severity == "critical" else "warned"
    meta = config.get("meta") or {}
    name = str(meta.get("sentence") or meta.get("check") or config.get("type") or "check")
    name = name.removeprefix("expect_").replace("_", " ")
    return table, name, column, severity, numbers.get("element_count"), numbers.get("unexpected_count"), outcome


def _crashed(info: Mapping[str, Any]) -> bool:
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(isinstance(v, Mapping) and v.get("raised_exception") for v in info.values())
