from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import step_up_offer
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

AS_OF = date(2026, 6, 30)
LOTS = """
case                              | metric | edge_metric | is_other_kind | is_component | has_step_up | sa_active | is_sa_unknown | agreement_id | enrollment_end | quantity | pack_size || reason                  | steppable | packs
----------------------------------|--------|-------------|---------------|--------------|-------------|-----------|---------------|--------------|----------------|----------|-----------||-------------------------|-----------|------
covered                           | core   |             | false         | false        | true        | true      | false         | E            | 2027-12-31     |       16 |         2 || can_step_up             |        16 |     8
the packs are larger              | core   | core        | false         | false        | true        | true      | false         | E            | 2027-12-31     |       17 |        16 || can_step_up             |        17 |     2
no price, so no packs             | core   | core        | false         | false        | true        | true      | false         | E            | 2027-12-31     |       17 |           || can_step_up             |        17 |
the enrollment ends today         | core   |             | false         | false        | true        | true      | false         | E            | 2026-06-30     |       16 |         2 || can_step_up             |        16 |     8
the enrollment ended yesterday    | core   |             | false         | false        | true        | true      | false         | E            | 2026-06-29     |       16 |         2 || enrollment_ended        |         0 |     0
its end is not known              | core   |             | false         | false        | true        | true      | false         | E            |                |       16 |         2 || can_step_up             |        16 |     8
the program is not known          | core   |             | false         | false        |             | true      | false         | E            |                |       16 |         2 || can_step_up             |        16 |     8
the program has no step-ups       | core   |             | false         | false        | false       | true      | false         | E            |                |       16 |         2 || program_without_step_up |         0 |     0
not covered                       | core   |             | false         | false        | true        | false     | false         | E            |                |       16 |         2 || no_active_sa            |         0 |     0
whether covered is not known      | core   |             | false         | false        | true        | false     | true          | E            |                |       16 |         2 || sa_end_unknown          |           |
the agreement is not known        | core   |             | false         | false        | true        | true      | false         |              |                |       16 |         2 || agreement_unknown       |           |
not covered, agreement not known  | core   |             | false         | false        | true        | false     | false         |              |                |       16 |         2 || no_active_sa            |         0 |     0
another metric                    | server | core        | false         | false        | true        | true      | false         | E            |                |        3 |         2 || other_metric            |         0 |     0
of another kind                   | user_cal |           | true          | false        | true        | true      | false         | E            |                |        3 |         2 || other_metric            |         0 |     0
part of a suite                   | core   |             | false         | true         | true        | true      | false         | E            |                |       16 |         2 || suite_component         |         0 |     0
"""


def test_lots():
    check(step_up_offer, AS_OF, LOTS)


def test_every_reason_occurs():
    assert all(f" {reason.code} " in LOTS for reason in step_up_offer.Reason)


FACTS = {
    "metric": "core",
    "edge_metric": None,
    "is_other_kind": False,
    "is_component": False,
    "has_step_up": True,
    "sa_active": True,
    "is_sa_unknown": False,
    "agreement_id": "E",
    "enrollment_end": None,
    "pack_size": 2,
}


@given(
    quantity=st.integers(0, 10_000),
    price=st.none() | st.decimals(0, 9_999, places=4),
    new=st.none() | st.decimals(0, 9_999, places=4),
    covered=st.booleans(),
)
def test_the_saving_is_the_difference_license_by_license(quantity, price, new, covered):
    money = pl.Decimal(38, 10)
    row = FACTS | {"quantity": quantity, "price": price, "price_of_new": new, "sa_active": covered}
    facts = pl.LazyFrame([row], schema_overrides={"price": money, "price_of_new": money})
    found = evaluate(facts, step_up_offer, Settings(AS_OF)).collect().to_dicts()[0]
    steppable = quantity if covered else 0
    known = price is not None and new is not None
    expected = Decimal(0) if steppable == 0 else steppable * (new - price) if known else None
    assert found["step_up_offer__steppable"] == steppable
    assert found["step_up_offer__saving"] == expected
