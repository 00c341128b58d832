"""Validation results as they are kept: the same data gives the same bytes."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from great_expectations.core import ExpectationSuite, ExpectationSuiteValidationResult

from lmanalytics.errors import QualityError
from lmanalytics.quality.engine import fault
from lmanalytics.schemas import MONEY

CHECKS = pl.Schema(
    {
        "table": pl.String(),
        "check": pl.String(),
        "severity": pl.String(),
        "sentence": pl.String(),
        "action": pl.String(),
        "element_count": pl.Int64(),
        "unexpected_count": pl.Int64(),
        "unexpected_percent": MONEY,
        "success": pl.Boolean(),
        "examples": pl.List(pl.String()),
    }
)
EXAMPLES = 5
Report = dict[str, Any]


def report(result: ExpectationSuiteValidationResult, suite: ExpectationSuite) -> Report:
    """Turn a result into a document without ids and times, its checks in the suite's order.

    Raises:
        QualityError: a check could not be evaluated; that says nothing of the data.

    """
    for one in result.results:
        if message := fault(one):
            name = _check(one.to_json_dict())
            explained = (
                f"{suite.name}: the check {name} could not be evaluated, so nothing is known of the data."
                f" This is a fault of the program, not of your export. {message}"
            )
            raise QualityError(explained)
    order = {(e.meta or {})["check"]: n for n, e in enumerate(suite.expectations)}
    results: list[Report] = sorted((one.to_json_dict() for one in result.results), key=lambda r: order[_check(r)])
    for document in results:
        document["expectation_config"].pop("id", None)
        document["expectation_config"]["kwargs"].pop("batch_id", None)
    return {
        "suite_name": suite.name,
        "success": result.success,
        "statistics": result.statistics,
        "results": results,
        "meta": {"great_expectations_version": result.meta["great_expectations_version"]},
    }


def write(document: Report, path: Path) -> None:
    """Write a report as JSON with sorted keys."""
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def failures(document: Report) -> dict[str, int]:
    """Return how many rows Great Expectations counted as failing each check, by its id."""
    return {_check(one): int(one["result"].get("unexpected_count") or 0) for one in document["results"]}


def table_of(documents: dict[str, Report]) -> pl.DataFrame:
    """Return a row per table and check, with the columns of `CHECKS`."""
    rows = [_row(table, one) for table, document in sorted(documents.items()) for one in document["results"]]
    return pl.DataFrame(rows, schema=CHECKS, orient="row")


def _check(one: Report) -> str:
    return str(one["expectation_config"]["meta"]["check"])


def _row(table: str, one: Report) -> dict[str, Any]:
    meta, result = one["expectation_config"]["meta"], one["result"]
    rows = result.get("element_count", result.get("observed_value"))
    failed = result.get("unexpected_count", 0)
    looked_at = rows - (result.get("missing_count") or 0)
    return {
        "table": table,
        **{name: meta[name] for name in ("check", "severity", "sentence", "action")},
        "element_count": rows,
        "unexpected_count": failed,
        "unexpected_percent": (Decimal(100 * failed) / (looked_at or 1)).quantize(Decimal("0.0001")),
        "success": one["success"],
        "examples": [text(value) for value in (result.get("partial_unexpected_list") or [])[:EXAMPLES]],
    }


def text(value: object) -> str:
    """Return a failing value as a person reads it: `a 1, b empty` for the columns of a key."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {text(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(text(one) for one in value)
    return "empty" if value is None else str(value)
