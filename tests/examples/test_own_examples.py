"""Examples derived by hand from the terms, in the shape of the published ones; and how all of them are compared."""

import csv
import json
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.examples.__main__ import topics
from tests.examples.outcome import FAILED, PASSED, UNDECIDABLE, result, rows

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / os.environ.get("LMANALYTICS_SHARED", "../shared") / "examples"
OPEN = {
    "OW-016": "packs of 16 and 24 licenses: which mix buys least is no rule's",
    "OW-017": "as above",
}
SCOPE = ("ws_", "windows_server", "step_up_", "upgrade_", "new_version_", "mls_", "sa_")


def decided(path):
    return [(row, result(row, topics())) for row in rows(path)]


def example(topic, inputs, expected, confidence="derived"):
    cells = json.dumps(inputs), json.dumps(expected)
    row = dict(zip(("inputs_json", "expected_json"), cells, strict=True))
    return result({"id": "X", "topic": topic, "confidence": confidence} | row, topics())


@pytest.mark.parametrize("name", ["windows_server.csv", "entitlement.csv"])
def test_every_own_example_is_decided_and_holds(name):
    found = [r for _, r in decided(HERE / "rows" / name)]
    assert not [r for r in found if r.status == FAILED]
    assert {r.id for r in found if r.status == UNDECIDABLE} <= OPEN.keys()


def other(value):
    """Something else of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float | Decimal):
        return value + 1
    if isinstance(value, str):
        return f"not {value}"
    if isinstance(value, list):
        return [other(value[0]), *value[1:]] if value else ["something"]
    if isinstance(value, dict):
        return {key: other(inner) if n == 0 else inner for n, (key, inner) in enumerate(value.items())}
    return "something"


def mutants(row):
    """Yield the row with one expected value made wrong, for each of them."""
    expected = json.loads(row["expected_json"])
    inner = expected.get("rule_value") if isinstance(expected.get("rule_value"), dict) else None
    for key, value in (inner or expected).items():
        if key in {"note", "published", "tool_output"} or key.startswith("at_"):
            continue
        wrong = {**(inner or expected), key: other(value)}
        yield row | {"expected_json": json.dumps({**expected, "rule_value": wrong} if inner else wrong)}


@pytest.mark.parametrize(
    "path",
    [HERE / "rows" / "windows_server.csv", HERE / "rows" / "entitlement.csv", SHARED / "server.csv", SHARED / "sa.csv"],
    ids=lambda p: f"{p.parent.name}-{p.stem}",
)
def test_a_wrong_expectation_fails(path):
    if not path.is_file():
        pytest.skip(f"{path} is not there; set LMANALYTICS_SHARED")
    chosen = [r for r in rows(path) if r["topic"].removeprefix("known_bad:").startswith(SCOPE)]
    by_topic = {}
    for row in chosen:
        by_topic.setdefault(row["topic"], []).append(row)
    survivors = [
        (row["id"], wrong["expected_json"], found)
        for several in by_topic.values()
        for row in several[:3]
        if result(row, topics()).status == PASSED
        for wrong in mutants(row)
        if (found := result(wrong, topics())).status != FAILED
    ]
    assert not survivors


PRICE = re.compile("usd|ratio|per_year")
BROKEN = [None, "8", "x", -1, 1.5, True, [], {}, [None], {"a": None}, "2026-02-30", 10**30]


@pytest.mark.parametrize("name", ["windows_server.csv", "entitlement.csv"])
def test_an_input_that_is_none_is_undecidable(name):
    """One row of each topic, one input at a time replaced by what it cannot be, or left out."""
    with (HERE / "rows" / name).open(newline="") as stream:
        first = {row["topic"]: row for row in csv.DictReader(stream)}
    crashed = []
    for row in first.values():
        inputs = json.loads(row["inputs_json"])
        for key in inputs:
            for value in BROKEN if isinstance(inputs[key], str) or not PRICE.search(key) else [None, "8", -1, True, []]:
                wrong = row | {"inputs_json": json.dumps(inputs | {key: value})}
                found = result(wrong, topics())
                if found.status == FAILED:
                    crashed.append((row["topic"], key, value, found.reason))
    assert not crashed
