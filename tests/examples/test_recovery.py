"""Own examples of disaster recovery, fail-over and self-hosting hold, and a wrong one does not."""

import json
from pathlib import Path

import pytest

from tests.examples.outcome import FAILED, PASSED, UNDECIDABLE, result, rows
from tests.examples.recovery import TOPICS
from tests.examples.test_own_examples import BROKEN, is_possible, mutants

ROWS = rows(Path(__file__).parent / "rows" / "recovery.csv")
DECIDERS = {topic: [decide] for topic, decide in TOPICS.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_an_own_example_holds(row):
    assert result(row, DECIDERS).status == PASSED


@pytest.mark.parametrize("topic", TOPICS)
def test_a_wrong_expectation_fails(topic):
    row = next(row for row in ROWS if row["topic"] == topic)
    assert {result(wrong, DECIDERS).status for _, wrong in mutants(row)} == {FAILED}


@pytest.mark.parametrize("topic", TOPICS)
def test_an_input_that_is_none_is_undecidable(topic):
    row = next(row for row in ROWS if row["topic"] == topic)
    inputs = json.loads(row["inputs_json"])
    changed = [
        inputs | {key: value} for key, given in inputs.items() for value in BROKEN if not is_possible(key, value, given)
    ]
    found = {result(row | {"inputs_json": json.dumps(wrong)}, DECIDERS).status for wrong in changed}
    assert found <= {UNDECIDABLE, PASSED}
