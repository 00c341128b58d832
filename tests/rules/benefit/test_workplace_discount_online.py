from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import workplace_discount_online, workplace_discount_participation
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

AS_OF = date(2026, 6, 30)
SAM, REACHED, BELOW, OPEN = (
    "threshold_waived_by_applications_sam", "threshold_reached", "below_threshold", "participation_unknown",
)  # fmt: skip
EMPLOYEES = f"""
case                           | participation   | day        | employed_from | employed_to | subscriptions_acquired | has_acquired || is_eligible | subscriptions_left | reason                | renewal          | renewal_price
-------------------------------|-----------------|------------|---------------|-------------|------------------------|--------------||-------------|--------------------|-----------------------|------------------|-----------------------
an employee of a member        | {SAM}           | 2026-06-30 | 2020-01-01    |             |                      0 | false        || true        |                  1 | {SAM}                 | nothing_to_renew |
of a large customer            | {REACHED}       | 2026-06-30 | 2020-01-01    |             |                      0 | false        || true        |                  1 | {REACHED}             | nothing_to_renew |
of a small one                 | {BELOW}         | 2026-06-30 | 2020-01-01    |             |                      0 | false        || false       |                  0 | {BELOW}               | nothing_to_renew |
customer not known             | {OPEN}          | 2026-06-30 | 2020-01-01    |             |                      0 | false        ||             |                    | {OPEN}                | nothing_to_renew |
has one                        | {SAM}           | 2026-06-30 | 2020-01-01    |             |                      1 | true         || true        |                  0 | subscription_acquired | renewal          | then-current WDP price
has one, left since            | {BELOW}         | 2026-06-30 | 2020-01-01    | 2024-06-30  |                      1 | true         || true        |                  0 | subscription_acquired | renewal          | then-current WDP price
last day at work               | {SAM}           | 2026-06-30 | 2020-01-01    | 2026-06-30  |                      0 | false        || true        |                  1 | {SAM}                 | nothing_to_renew |
left yesterday                 | {SAM}           | 2026-06-30 | 2020-01-01    | 2026-06-29  |                      0 | false        || false       |                  0 | not_employed          | nothing_to_renew |
first day at work              | {SAM}           | 2026-06-30 | 2026-06-30    |             |                      0 | false        || true        |                  1 | {SAM}                 | nothing_to_renew |
starts tomorrow                | {SAM}           | 2026-06-30 | 2026-07-01    |             |                      0 | false        || false       |                  0 | not_employed          | nothing_to_renew |
employment not known           | {SAM}           | 2026-06-30 |               |             |                      0 | false        ||             |                    | employment_unknown    | nothing_to_renew |
left, customer not known       | {OPEN}          | 2026-06-30 | 2020-01-01    | 2024-06-30  |                      0 | false        || false       |                  0 | not_employed          | nothing_to_renew |
first day of the offer         | {SAM}           | 2019-06-30 | 2010-01-01    |             |                      0 | false        || true        |                  1 | {SAM}                 | nothing_to_renew |
the day before it              | {SAM}           | 2019-06-29 | 2010-01-01    |             |                      0 | false        || false       |                  0 | not_yet_offered       | nothing_to_renew |
"""


def test_who_may_acquire_and_renew():
    check(workplace_discount_online, AS_OF, EMPLOYEES)


def test_every_reason_occurs():
    rows = read_table(EMPLOYEES)[1]
    assert {r.code for r in workplace_discount_online.Reason} <= {*rows["reason"], *rows["renewal"]}


DAYS = st.integers(-500, 500).map(lambda n: AS_OF + timedelta(days=n))
PARTS = st.sampled_from([r.code for r in workplace_discount_participation.Reason])


@given(PARTS, DAYS, DAYS, st.none() | DAYS, st.integers(0, 2))
def test_it_agrees_with_a_plain_reading(participation, day, hired, left, acquired):
    facts = pl.LazyFrame(
        {"participation": [participation], "day": [day], "employed_from": [hired], "employed_to": [left],
         "subscriptions_acquired": [acquired]},
        schema_overrides={"employed_to": pl.Date},
    )  # fmt: skip
    row = evaluate(facts, workplace_discount_online, Settings(AS_OF)).collect().to_dicts()[0]
    employed = hired <= day and (left is None or day <= left)
    takes_part = None if participation == OPEN else participation != BELOW
    may = True if acquired else (takes_part if employed else False)
    assert row[column_name(workplace_discount_online, "is_eligible")] is may
