from datetime import date, timedelta

import pytest

from lmanalytics.schemas import ANSWERS
from tests.examples.entitlement import COVERED_TO, STEPPED, Ledger

AS_OF, DAY = date(2026, 6, 30), timedelta(days=1)
LOWER, UPPER = "Project Standard", "Project Professional"


@pytest.mark.parametrize(
    ("base", "step", "valid", "reason"),
    [
        ({}, {}, 5, "valid"),
        ({"coverage_end": STEPPED}, {}, 5, "valid"),
        ({"coverage_end": STEPPED - DAY}, {}, 0, "sa_not_active"),
        ({"coverage_start": STEPPED + DAY}, {}, 0, "sa_not_active"),
        ({"purchase_type": "license"}, {}, 0, "sa_not_active"),
        ({"order_date": STEPPED}, {}, 5, "valid"),
        ({"order_date": STEPPED + DAY}, {}, 0, "exceeds_base"),
        ({"quantity": 4}, {}, 4, "partly_valid"),
        ({"agreement_id": "A2"}, {}, 0, "other_agreement"),
        ({"enrollment_id": "E1"}, {"enrollment_id": "E2"}, 0, "other_agreement"),
        ({"enrollment_id": "E1"}, {"enrollment_id": "E1"}, 5, "valid"),
        ({"product": "Visio"}, {}, 0, "no_base"),
        ({"metric": "server"}, {}, 0, "no_base"),
        ({"entity_id": "other"}, {}, 0, "no_base"),
    ],
)
def test_what_makes_a_step_up_valid(base, step, valid, reason):
    ledger = Ledger(takes_returns=True)
    ledger.buy(LOWER, "license_and_sa", 5)
    ledger.step_up(LOWER, UPPER, 5)
    ledger.rows[0] |= base
    ledger.rows[1] |= step
    found = ledger.answers(AS_OF)["step_ups"].row(0, named=True)
    assert (found["quantity_valid"], found["quantity_unresolved"], found["reason"]) == (valid, 5 - valid, reason)


def test_a_step_up_under_a_pinned_base_uses_no_other():
    ledger = Ledger(takes_returns=True)
    ledger.buy(LOWER, "license_and_sa", 5)
    named = ledger.buy(LOWER, "license_and_sa", 3, coverage_end=COVERED_TO - DAY)
    ledger.step_up(LOWER, UPPER, 4, base_purchase_id=named)
    matches = (
        ledger.answers(AS_OF)["step_up_matches"].select("base_purchase_id", "quantity", "is_valid", "reason").rows()
    )
    assert matches == [(named, 3, True, "valid"), (None, 1, False, "exceeds_base")]


def test_matches_name_the_lost_base():
    ledger = Ledger(takes_returns=True)
    base = ledger.buy(LOWER, "license_and_sa", 10)
    ledger.step_up(LOWER, UPPER, 10)
    ledger.buy(LOWER, "transfer_out", 3, order_date=STEPPED + DAY)
    matches = (
        ledger.answers(AS_OF)["step_up_matches"].select("base_purchase_id", "quantity", "is_valid", "reason").rows()
    )
    assert matches == [(base, 3, False, "base_not_retained"), (base, 7, True, "valid")]


def test_a_base_that_left_before_is_said_to_have_left():
    ledger = Ledger(takes_returns=True)
    ledger.buy(LOWER, "license_and_sa", 10)
    ledger.buy(LOWER, "transfer_out", 3, order_date=STEPPED - DAY)
    ledger.step_up(LOWER, UPPER, 10)
    found = ledger.answers(AS_OF)["step_up_matches"].filter(is_valid=False).select("quantity", "reason").rows()
    assert found == [(3, "base_not_retained")]


def test_the_answers_have_the_columns_of_the_contract():
    ledger = Ledger(takes_returns=True)
    ledger.buy(LOWER, "license_and_sa", 10)
    answers = ledger.answers(AS_OF)
    for name in ("licenses", "license_sources", "step_ups", "step_up_matches"):
        assert answers[name].schema == ANSWERS[name].schema
