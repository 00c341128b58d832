from datetime import date

import pytest

from lmanalytics.rules.engine import compute
from lmanalytics.rules.entitlement import lots, purchase_lines
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL
from tests.examples.entitlement import Ledger, _table

AS_OF, ORDERED, STARTS, ENDS = date(2026, 6, 30), date(2024, 6, 20), date(2024, 7, 1), date(2027, 6, 30)


def lot(kind, **more):
    ledger = Ledger(takes_returns=True)
    ledger.agreement(more.pop("of", None), STARTS, ENDS)
    ledger.buy("Visio Standard", kind, 5, order_date=ORDERED)
    ledger.rows[0] |= more
    agreements = _table("agreements", ledger.agreements) if ledger.agreements else CANONICAL["agreements"].empty()
    settings = Settings(AS_OF)
    purchases = _table("purchases", ledger.rows)
    lines = compute(purchase_lines, "lines", settings, purchases=purchases, agreements=agreements)
    return compute(lots, "lots", settings, lines=lines).collect().to_dicts()[0]


@pytest.mark.parametrize(
    ("kind", "more", "since", "until", "sa"),
    [
        ("license", {}, ORDERED, None, (None, None)),
        ("license", {"coverage_end": ENDS}, ORDERED, None, (None, None)),
        ("license_and_sa", {"coverage_start": STARTS, "coverage_end": ENDS}, ORDERED, None, (STARTS, ENDS)),
        ("license_and_sa", {"coverage_start": STARTS, "coverage_end": None, "of": "EA"}, ORDERED, None, (STARTS, ENDS)),
        (
            "license_and_sa",
            {"coverage_start": STARTS, "coverage_end": ENDS, "of": "EAS"},
            ORDERED,
            ENDS,
            (STARTS, ENDS),
        ),
        ("subscription", {"coverage_start": STARTS, "coverage_end": ENDS}, STARTS, ENDS, (STARTS, ENDS)),
        ("grant", {}, ORDERED, None, (None, None)),
        ("transfer_in", {"acquired_on": date(2019, 1, 1)}, ORDERED, None, (None, None)),
        ("license", {"order_date": None}, None, None, (None, None)),
    ],
)
def test_days_of_a_lot(kind, more, since, until, sa):
    found = lot(kind, **more)
    assert (found["since"], found["until"], (found["sa_start"], found["sa_end"])) == (since, until, sa)


def test_a_transferred_license_keeps_the_day_it_was_acquired():
    found = lot("transfer_in", acquired_on=date(2019, 1, 1))
    assert (found["acquired_on"], found["transferred_on"]) == (date(2019, 1, 1), ORDERED)


def test_coverage_whose_end_is_not_known_is_said_to_be_unknown():
    assert lot("license_and_sa", coverage_end=None)["is_sa_unknown"] is True
    assert lot("license_and_sa", coverage_end=ENDS)["is_sa_unknown"] is False


def test_a_statement_knows_no_day_of_acquisition():
    found = lot("license", basis="statement_summary", agreement_id=None, statement_date=AS_OF, order_date=None)
    assert (found["since"], found["acquired_on"], found["agreement_id"], found["origin"]) == (
        None,
        None,
        "",
        "as_stated",
    )
