from datetime import date, timedelta

import pytest

from tests.examples.entitlement import BOUGHT, COVERED_TO, STEPPED, Ledger, in_force

AS_OF, DAY = date(2026, 6, 30), timedelta(days=1)


def test_a_part_of_a_lot_keeps_its_id_through_what_becomes_of_it():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license_and_sa", 10, document_ref="order 7")
    ledger.step_up("Visio Standard", "Visio Professional", 4)
    answers = ledger.answers(AS_OF)
    rows = answers["licenses"].select("license_id", "edition", "quantity", "valid_from", "valid_to", "reason").rows()
    assert rows == [
        ("P001/1", "Standard", 6, BOUGHT, None, "purchased"),
        ("P001/2", "Standard", 4, BOUGHT, STEPPED - DAY, "superseded_by_step_up"),
        ("P001/2", "Professional", 4, STEPPED, None, "stepped_up"),
    ]
    sources = answers["license_sources"].select("license_id", "purchase_id", "quantity", "document_ref").rows()
    assert sources == [("P001/1", "P001", 6, "order 7"), ("P001/2", "P001", 4, "order 7"), ("P001/2", "P002", 4, None)]


@pytest.mark.parametrize(
    ("as_of", "held", "active"),
    [
        (BOUGHT - DAY, 0, 0),
        (BOUGHT, 10, 10),
        (COVERED_TO, 10, 10),
        (COVERED_TO + DAY, 10, 0),
    ],
)
def test_coverage_is_active_through_its_last_day(as_of, held, active):
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license_and_sa", 10)
    answers = ledger.answers(as_of)
    assert ledger.held(answers, as_of)["Visio Standard"] == held
    assert ledger.held(answers, as_of, only_covered=True)["Visio Standard"] == active


@pytest.mark.parametrize(("as_of", "held"), [(COVERED_TO, 3), (COVERED_TO + DAY, 0)])
def test_of_a_subscription_nothing_remains(as_of, held):
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "subscription", 3, program="csp")
    answers = ledger.answers(as_of)
    assert ledger.held(answers, as_of)["Visio Standard"] == held
    row = answers["licenses"].row(0, named=True)
    ended = held == 0
    assert (row["is_perpetual"], row["sa_active"], row["reason"]) == (
        False,
        not ended,
        "term_ended" if ended else "subscribed",
    )
    assert (row["version_right"] is None) == ended


def test_coverage_with_an_unknown_end_is_not_counted_as_active():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license_and_sa", 3, coverage_end=None)
    row = ledger.answers(AS_OF)["licenses"].row(0, named=True)
    assert (row["sa_active"], row["sa_end"], row["reason"]) == (False, None, "sa_end_unknown")


@pytest.mark.parametrize(
    ("first", "latest", "as_of", "active", "reason"),
    [
        (None, None, AS_OF, True, "as_stated"),
        (AS_OF, date(2027, 6, 30), AS_OF, True, "as_stated"),
        (AS_OF, date(2027, 6, 30), AS_OF + DAY, False, "sa_end_unknown"),
        (AS_OF, date(2027, 6, 30), date(2027, 7, 1), False, "as_stated"),
        (AS_OF, None, AS_OF + DAY, False, "sa_end_unknown"),
    ],
)
def test_a_statement_says_only_between_which_days_coverage_ends(first, latest, as_of, active, reason):
    ledger = Ledger(takes_returns=True)
    stated = {"basis": "statement_summary", "agreement_id": None, "order_date": None, "statement_date": AS_OF}
    stated |= {"coverage_start": None, "coverage_end": first, "coverage_end_latest": latest}
    ledger.buy("Visio Standard", "license_and_sa", 3, **stated)
    row = ledger.answers(as_of)["licenses"].row(0, named=True)
    assert (row["quantity"], row["sa_active"], row["reason"]) == (3, active, reason)


def test_an_oem_license_stays_bound_to_its_host():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Windows Server Standard", "license", 16, program="oem", tied_to_host_id="H1", agreement_id=None)
    row = ledger.answers(AS_OF)["licenses"].row(0, named=True)
    assert (row["tied_to_host_id"], row["agreement_id"], row["program"]) == ("H1", None, "oem")


def test_a_bought_out_subscription_is_perpetual():
    ledger = Ledger(takes_returns=True)
    ledger.agreement("EAS", BOUGHT, COVERED_TO)
    ledger.buy("Visio Standard", "license_and_sa", 10)
    ledger.buy("Visio Standard", "buy_out", 4, order_date=COVERED_TO)
    after = COVERED_TO + DAY
    answers = ledger.answers(after)
    held = in_force(answers["licenses"], after).select("quantity", "is_perpetual", "sa_active", "reason").rows()
    assert held == [(4, True, False, "bought_out")]


def test_an_upgrade_takes_the_place_of_the_older_version():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license", 10, version="2016", program="oem", agreement_id=None)
    ledger.buy("Visio Standard", "upgrade", 6, version="2019", order_date=STEPPED)
    held = in_force(ledger.answers(AS_OF)["licenses"], AS_OF).select("version", "quantity", "version_right").rows()
    assert sorted(held) == [("2016", 4, "2016"), ("2019", 6, "2019")]


def test_what_ends_the_day_it_began_is_not_listed():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license", 10)
    ledger.buy("Visio Standard", "license", -10)
    assert ledger.answers(AS_OF)["licenses"].is_empty()


def test_what_was_never_covered_has_no_coverage_in_its_past():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license", 10, version="2016")
    ledger.buy("Visio Standard", "upgrade", 10, version="2019", order_date=STEPPED)
    assert ledger.answers(AS_OF)["licenses"]["sa_end"].null_count() == 2


def test_a_renewed_subscription_lasts_from_the_day_after_its_term():
    for start, held in ((COVERED_TO + DAY, 7), (COVERED_TO + 2 * DAY, 0)):
        ledger = Ledger(takes_returns=True)
        ledger.agreement("EAS", BOUGHT, COVERED_TO)
        ledger.buy("Visio Standard", "license_and_sa", 10)
        ledger.buy("Visio Standard", "sa", 7, order_date=start, coverage_end=start + 365 * DAY)
        assert ledger.held(ledger.answers(start), start) == {"Visio Standard": held}
