"""Examples derived by hand from the terms, in the shape of the published ones; and how all of them are compared."""

import json
import os
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.examples.__main__ import topics
from tests.examples.outcome import FAILED, PASSED, REMARKS, UNDECIDABLE, is_equal, result, rows

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / os.environ.get("LMANALYTICS_SHARED", "../shared") / "examples"
OPEN = {
    "OW-016": "packs of 16 and 24 licenses: which mix buys least is no rule's",
    "OW-017": "as above",
}
NO_VALUE = {"step_up_price_by_agreement_year"}
"""Topics whose outcomes name what to compare with: something else is then another question."""
ROWS = sorted((HERE / "rows").glob("*.csv"))
BY_THEMSELVES = {"esu", "recovery"}
"""Files whose rows have tests of their own."""


def decided(path):
    return [(row, result(row, topics())) for row in rows(path)]


def example(topic, inputs, expected, confidence="derived"):
    cells = json.dumps(inputs), json.dumps(expected)
    row = dict(zip(("inputs_json", "expected_json"), cells, strict=True))
    return result({"id": "X", "topic": topic, "confidence": confidence} | row, topics())


@pytest.mark.parametrize("path", ROWS, ids=lambda p: p.stem)
def test_every_own_example_is_decided_and_holds(path):
    found = [r for _, r in decided(path)]
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
    """Yield each expected value's name, and the row with it made wrong."""
    expected = json.loads(row["expected_json"])
    inner = expected.get("rule_value") if isinstance(expected.get("rule_value"), dict) else None
    for key, value in (inner or expected).items():
        is_sentence = key in {"finding", "reason", "rule"} and " " in str(value)
        if is_sentence or key in {"published", "tool_output", *REMARKS} or key.startswith("at_"):
            continue
        wrong = {**(inner or expected), key: other(value)}
        yield key, row | {"expected_json": json.dumps({**expected, "rule_value": wrong} if inner else wrong)}


def test_every_topic_has_an_own_example():
    named = {row["topic"].removeprefix("known_bad:") for path in ROWS for row in rows(path)}
    assert topics().keys() - named <= {"ws_price"}


def sampled(path):
    """Yield wrong rows: each outcome of each topic made wrong in the first two examples that state it."""
    seen = Counter()
    for row in rows(path):
        if row["topic"] in NO_VALUE or result(row, topics()).status != PASSED:
            continue
        for key, wrong in mutants(row):
            seen[row["topic"], key] += 1
            if seen[row["topic"], key] <= 2:
                yield row, wrong


@pytest.mark.parametrize(
    "path",
    [*(p for p in ROWS if p.stem not in BY_THEMSELVES), SHARED / "server.csv", SHARED / "sa.csv"],
    ids=lambda p: f"{p.parent.name}-{p.stem}",
)
def test_a_wrong_expectation_fails(path):
    if not path.is_file():
        pytest.skip(f"{path} is not there; set LMANALYTICS_SHARED")
    survivors = [
        (row["id"], wrong["expected_json"], found)
        for row, wrong in sampled(path)
        if (found := result(wrong, topics())).status != FAILED
    ]
    assert not survivors


@pytest.mark.parametrize(
    ("wording", "status"),
    [("the qualifying licenses of 30 step-ups were not kept", UNDECIDABLE), ("31 step-ups lack a license", FAILED)],
)
def test_another_wording_is_open_and_another_number_is_wrong(wording, status):
    row = {
        "id": "wording",
        "topic": "step_up_base_not_retained",
        "inputs_json": '{"base_LSA": 100, "base_transferred_out": 30, "step_ups": 100}',
        "expected_json": json.dumps({"valid_step_ups": 70, "finding": wording}),
        "confidence": "derived",
    }
    assert result(row, topics()).status == status


PRICE = re.compile("usd|ratio|per_year")
BROKEN = [None, "8", -1, 1.5, True, [], {}, 10**30]


def is_possible(key, value, given):
    """Tell what an input of this name may well be."""
    return (
        (value == [] and isinstance(given, list))
        or (value is True and isinstance(given, bool))
        or (value is None and key == "sa_end")
        or (isinstance(value, str) and key == "reason")
        or (value == 1.5 and PRICE.search(key))
    )


@pytest.mark.parametrize("path", [p for p in ROWS if p.stem not in BY_THEMSELVES], ids=lambda p: p.stem)
def test_an_input_that_is_none_is_undecidable(path):
    """One row of each topic, one input at a time replaced by what it cannot be."""
    first = {row["topic"]: row for row in reversed(rows(path))}
    wrongly = []
    for row in first.values():
        inputs = json.loads(row["inputs_json"])
        for key, given in inputs.items():
            changed = [inputs | {key: value} for value in BROKEN if not is_possible(key, value, given)]
            for wrong in changed:
                found = result(row | {"inputs_json": json.dumps(wrong)}, topics())
                if found.status == FAILED:
                    wrongly.append((row["topic"], wrong, found.reason))
    assert not wrongly


@pytest.mark.parametrize(
    ("topic", "inputs", "expected", "status"),
    [
        ("step_up_price_by_agreement_year", {"acquired": "year 2", "term_years": 3}, {"cheaper_than": "year 3"}, FAILED),
        ("step_up_price_by_agreement_year", {"acquired": "month 3", "term_years": 3}, {"same_price_as": "month 13"}, FAILED),
        ("step_up_price_by_agreement_year", {"acquired": "year 4", "term_years": 3}, {"dearer_than": "year 1"}, UNDECIDABLE),
        ("step_up_price_by_agreement_year", {"acquired": "late", "term_years": 3}, {"dearer_than": "year 1"}, UNDECIDABLE),
        ("step_up_price", {"product": "SharePoint Server Standard -> Enterprise", "higher_LSA_per_year": 9,
         "lower_LSA_per_year": 5}, {"step_up_per_year": 4}, UNDECIDABLE),
        ("step_up_pair", {"from": "Windows Server Stanard", "to": "Windows Server Datacenter"}, {"allowed": False}, UNDECIDABLE),
        ("step_up_pair", {"from": "Widget", "to": "Gadget"}, {"allowed": False}, UNDECIDABLE),
        ("step_up_wrong_enrollment", {"base": {"enrollment": "E"}, "step_up": {}}, {"valid": False}, UNDECIDABLE),
        ("new_version_right", {"product": "SQL Server Standard", "licensed_version": "2018", "sa_end": "2024-01-01"},
         {"highest_version": "2022"}, UNDECIDABLE),
        ("new_version_right_subscription", {"programme": "EAS", "renewed": True, "term_end": "2025-06-30"},
         {"licences_after_term": 40}, UNDECIDABLE),
        ("sa_reattach", {"programme": "MPSA", "reason": "moved to an online service", "sa_not_renewed": True},
         {"later_SA_only_allowed": False, "needs": "new L&SA"}, PASSED),
        ("ws_physical", {"processors": 2, "total_cores": 21}, {"core_licenses": 21}, UNDECIDABLE),
        ("ws_physical", {"servers": 2, "total_cores": 48}, {"core_licenses": 96}, UNDECIDABLE),
        ("ws_physical", {"total_cores": 24, "version": "2012 R2"}, {"core_licenses": 24}, UNDECIDABLE),
        ("ws_physical", {"total_cores": 24, "version": "2042"}, {"core_licenses": 24}, UNDECIDABLE),
        ("ws_std_stack", {"edition": "Essentials", "server_cores": 16, "windows_vms": 2}, {"sets": 1}, UNDECIDABLE),
        ("ws_std_stack", {"server_cores": 16, "windows_vms": 0}, {"sets": 1}, UNDECIDABLE),
        ("ws_std_stack", {"full_sets": 1, "host_os": "ESXi"}, {"physical_ose_allowed": True}, UNDECIDABLE),
        ("ws_std_stack", {"full_sets": 1, "host_os": "Windows Server"}, {"windows_vms_allowed": 2}, UNDECIDABLE),
        ("ws_per_vm", {"vm_vcores": [8]}, {"allowed": True}, UNDECIDABLE),
        ("ws_containers", {"licensing": "per socket", "edition": "Standard", "full_sets": 1},
         {"non_isolated_containers": "unlimited"}, UNDECIDABLE),
        ("ws_breakeven", {"source_claim": "rule of thumb"}, {"datacenter_cheaper_from_vms": 11}, UNDECIDABLE),
        ("ws_breakeven", {"windows_vms": 4, "std_pack2_usd": 100, "dc_pack2_usd": 700}, {"std_cost_usd": 1600}, UNDECIDABLE),
        ("ws_physical", {"total_cores": 24}, {"note": "only a remark"}, UNDECIDABLE),
        ("ws_physical", {"total_cores": 24}, {}, UNDECIDABLE),
        ("ws_cluster_peak", {"windows_vms": 2, "vms_move_freely": True}, {"sets_total": 1}, UNDECIDABLE),
        ("ws_cluster_peak", {"windows_vms": 4, "vms_move_freely": True}, {"sets_per_host": 2}, PASSED),
        ("ws_containers", {"unit": "OSE"}, {"min_core_licenses": 16}, UNDECIDABLE),
        ("pack_multiplier", {"purchase_quantity": 3}, {"licensed_quantity_added": 3}, UNDECIDABLE),
        ("upgrade_adds_no_quantity", {"purchase_quantity": 3}, {"licensed_quantity_added": 3}, UNDECIDABLE),
    ],
)  # fmt: skip
def test_what_is_not_said_is_not_decided(topic, inputs, expected, status):
    assert example(topic, inputs, expected).status == status


@pytest.mark.parametrize(
    ("expected", "given", "same"),
    [
        ({"A": 1, "B": 0}, {"A": 1}, True),
        ({"A": 1}, {"A": 1, "B": 2}, False),
        ({"A": True}, {"A": 1}, False),
        ({"LTSC 2021": 5}, {"2021": 5}, True),
        ("SE", "Subscription Edition", True),
        ("any time", "any_time", True),
        ("2019", "2022", False),
        ([1, 2], [2, 1], False),
        (None, 0, False),
        (0, False, False),
    ],
)
def test_values_are_compared_exactly(expected, given, same):
    assert is_equal(expected, given) is same
