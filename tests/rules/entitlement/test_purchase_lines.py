from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.entitlement import purchase_lines
from tests.examples.entitlement import Ledger, in_force
from tests.tables import check

AS_OF = date(2026, 6, 30)
LINES = """
case                      | quantity | licenses_per_unit | adds_licenses | adds_active_sa || licenses_added | active_sa_added | from_sa_required
--------------------------|----------|-------------------|---------------|----------------||----------------|-----------------|-----------------
one license               |        1 |                 1 |             1 |              0 ||              1 |               0 |                1
a pack of sixteen cores   |        3 |                16 |             1 |              1 ||             48 |              48 |               48
coverage adds no license  |       20 |                 2 |             0 |              1 ||              0 |              40 |                0
a return                  |       -5 |                 2 |             1 |              0 ||            -10 |               0 |              -10
nothing                   |        0 |                 1 |             1 |              1 ||              0 |               0 |                0
a quantity not understood |          |                 1 |             1 |              1 ||                |                 |
"""


def test_what_lines_add():
    check(purchase_lines, AS_OF, LINES)


@pytest.mark.parametrize(
    ("line", "outcome", "reason"),
    [
        ({}, "used", "license"),
        ({"program": "spla"}, "excluded", "not_owned"),
        ({"order_date": AS_OF}, "used", "license"),
        ({"order_date": date(2026, 7, 1)}, "excluded", "after_as_of"),
        ({"quantity": None}, "not_computable", "unknown_quantity"),
        ({"purchase_type": "rental"}, "not_computable", "unknown_type"),
        ({"metric": None}, "not_computable", "unknown_product"),
        ({"purchase_type": "esu"}, "used", "adds_no_license"),
        ({"purchase_type": "add_on"}, "used", "adds_no_license"),
        ({"purchase_type": "step_up", "basis": "statement_summary"}, "not_computable", "step_up_in_statement"),
        ({"program": "oem"}, "used", "license"),
    ],
)
def test_a_line_that_does_not_count_says_why(line, outcome, reason):
    ledger = Ledger(takes_returns=True)
    ledger.buy("Windows Server Standard", "license", 16)
    ledger.rows[0] |= line
    answers = ledger.answers(AS_OF)
    assert answers["purchase_outcomes"].select("outcome", "reason").rows() == [(outcome, reason)]
    assert answers["licenses"].height == (reason == "license")


def test_proof_may_be_required_of_what_microsoft_keeps_no_record_of():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Windows Server Standard", "license", 16, program="oem")
    ledger.buy("Windows Server Standard", "license", 32, program="fpp", document_ref="receipt 1")
    ledger.buy("Windows Server Standard", "license", 64, program="ea")
    assert ledger.answers(AS_OF)["licenses"]["quantity"].sum() == 112
    proven = ledger.answers(AS_OF, proof_of_purchase="required")
    assert proven["licenses"]["quantity"].sum() == 96


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({}, "machine_unknown"),
        ({"tied_to_host_id": "h1"}, "license"),
        ({"program": "fpp"}, "license"),
        ({"program": "ea"}, "license"),
    ],
)
def test_an_oem_license_without_a_machine_may_be_left_out(line, reason):
    ledger = Ledger(takes_returns=True)
    ledger.buy("Windows Server Standard", "license", 16, program="oem")
    ledger.rows[0] |= line
    assert ledger.answers(AS_OF)["purchase_outcomes"]["reason"].to_list() == ["license"]
    strict = ledger.answers(AS_OF, oem_without_machine="not_counted")
    assert strict["purchase_outcomes"].select("outcome", "reason").rows() == [
        ("used" if reason == "license" else "not_computable", reason)
    ]
    assert strict["licenses"].height == (reason == "license")


def statement() -> Ledger:
    ledger = Ledger(takes_returns=True)
    stated = {"basis": "statement_summary", "agreement_id": None, "order_date": None, "coverage_start": None}
    ledger.buy("SQL Server Standard Core", "license_and_sa", 40, statement_date=date(2026, 6, 1), **stated)
    ledger.buy("SQL Server Standard Core", "license", 60, statement_date=date(2026, 6, 1), **stated)
    return ledger


def test_a_statement_is_never_added_to_transactions_of_the_same_product():
    ledger = statement()
    assert ledger.held(ledger.answers(AS_OF), AS_OF) == {"SQL Server Standard Core": 100}
    ledger.buy("SQL Server Standard Core", "license", 70)
    ledger.buy("Windows Server Standard", "license", 16)
    by_default = {"SQL Server Standard Core": 70, "Windows Server Standard": 16}
    answers = ledger.answers(AS_OF)
    assert ledger.held(answers, AS_OF) == by_default
    superseded = answers["purchase_outcomes"].filter(pl.col("outcome") == "superseded")
    assert superseded["reason"].to_list() == ["superseded_by_transactions"] * 2
    stated = ledger.answers(AS_OF, statement_or_transactions="statement")
    assert ledger.held(stated, AS_OF) == by_default | {"SQL Server Standard Core": 100}


def test_a_statement_of_access_licenses_is_not_replaced_by_orders_of_servers():
    ledger = Ledger(takes_returns=True)
    stated = {"basis": "statement_summary", "agreement_id": None, "order_date": None, "coverage_start": None}
    for metric, quantity in (("user_cal", 300), ("device_cal", 20)):
        ledger.buy("Windows Server", "license", quantity, metric=metric, statement_date=date(2026, 6, 1), **stated)
    ledger.buy("Windows Server Standard", "license", 16)
    ledger.buy("Windows Server", "license", 7, metric="device_cal")
    found = in_force(ledger.answers(AS_OF)["licenses"], AS_OF)
    assert sorted(found.select("metric", "quantity").rows()) == [("core", 16), ("device_cal", 7), ("user_cal", 300)]


def test_what_no_statement_lists_is_added_to_it():
    ledger = statement()
    for program in ("oem", "fpp", "mpsa", "csp"):
        ledger.buy("SQL Server Standard Core", "license", 2, program=program)
    assert in_force(ledger.answers(AS_OF)["licenses"], AS_OF)["quantity"].sum() == 108


def test_a_later_statement_replaces_an_earlier_one():
    ledger = statement()
    stated = {"basis": "statement_summary", "agreement_id": None, "order_date": None}
    ledger.buy("SQL Server Standard Core", "license", 90, statement_date=date(2026, 6, 30), **stated)
    assert ledger.held(ledger.answers(AS_OF), AS_OF) == {"SQL Server Standard Core": 90}


def test_entities_do_not_see_each_others_statements():
    ledger = statement()
    ledger.buy("SQL Server Standard Core", "license", 70, entity_id="other")
    assert ledger.held(ledger.answers(AS_OF), AS_OF) == {"SQL Server Standard Core": 170}


def test_the_program_of_the_agreement_is_that_of_its_lines():
    ledger = Ledger(takes_returns=True)
    ledger.agreement("EAS", date(2024, 1, 1), date(2026, 12, 31))
    ledger.buy("Visio Standard", "license_and_sa", 5, coverage_end=None)
    row = ledger.answers(AS_OF)["licenses"].select("program", "is_perpetual", "valid_to", "sa_active").rows()
    assert row == [("eas", False, date(2026, 12, 31), True)]
