"""Our own examples of Extended Security Updates: they hold, wrong ones fail, and what is none is not decided."""

import json
from pathlib import Path

import pytest

from tests.examples.__main__ import topics
from tests.examples.esu import TOPICS
from tests.examples.outcome import FAILED, PASSED, result, rows
from tests.examples.test_own_examples import BROKEN, mutants

ROWS = rows(Path(__file__).parent / "rows" / "esu.csv")
FIRST = {row["topic"]: row for row in reversed(ROWS)}
BESIDE = {
    ("esu_window", "location"), ("esu_ws_cluster_choice", "eligible_vms"), ("esu_ws_multicloud", "host"),
    ("esu_ws_vcore", "host_cores"), ("esu_ws_vcore", "vms_per_host"), ("ws_esu", "location"), ("sql_esu", "product"),
    ("esu_after_expiry", "server"), ("esu_updates_on_uncovered_server", "server"), ("esu_ws_datacenter", "vms"),
    ("esu_total_cost_2012", "cores"), ("esu_sa_remaining", "sa_end"), ("esu_hosted_license_included_old", "faq"),
    ("esu_updates_on_dev", "server"), ("esu_cal_sa_azure_stack", "server"), ("esu_windows10_price", "activation"),
}  # fmt: skip
"""Inputs beside the point: the outcome does not depend on them, or may well do without."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_every_example_holds(row):
    found = result(row, topics())
    assert found.status == PASSED, found.reason


def test_every_topic_has_an_example():
    assert {row["topic"].removeprefix("known_bad:") for row in ROWS} == TOPICS.keys()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_wrong_expectation_fails(row):
    survivors = [
        (m["expected_json"], found) for _, m in mutants(row) if (found := result(m, topics())).status != FAILED
    ]
    assert not survivors


def other_inputs(row):
    """Yield the row with one input replaced by what it cannot be."""
    given = json.loads(row["inputs_json"])
    for key, value in given.items():
        for wrong in BROKEN:
            is_alike = wrong == value or (wrong == [] and isinstance(value, list)) or (wrong is True and value is False)
            is_price = wrong == 1.5 and "price" in key
            if not is_alike and not is_price and (row["topic"], key) not in BESIDE:
                yield row | {"inputs_json": json.dumps(given | {key: wrong})}


@pytest.mark.parametrize("row", FIRST.values(), ids=FIRST.keys())
def test_an_input_that_is_none_is_undecidable(row):
    wrongly = [(o["inputs_json"], f.reason) for o in other_inputs(row) if (f := result(o, topics())).status == FAILED]
    assert not wrongly
