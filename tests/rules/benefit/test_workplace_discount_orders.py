from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import workplace_discount_orders
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

AS_OF = date(2026, 6, 30)
ORDERS = """
case                        | right | option          | is_renewal | is_eligible | acquired_before | device_kind | ordered_on || is_within_right | reason
----------------------------|-------|-----------------|------------|-------------|-----------------|-------------|------------||-----------------|--------------------
the first subscription      | M365  | online_services | false      | true        |               0 |             | 2025-01-10 || true            | within_right
the second one              | M365  | online_services | false      | true        |               1 |             | 2025-01-10 || false           | beyond_one
without the right           | M365  | online_services | false      | false       |               0 |             | 2025-01-10 || false           | not_eligible
the right is not known      | M365  | online_services | false      |             |               0 |             | 2025-01-10 ||                 | eligibility_unknown
not known, but the second   | M365  | online_services | false      |             |               1 |             | 2025-01-10 || false           | beyond_one
renewal, left since         | M365  | online_services | true       | false       |               1 |             | 2025-01-10 || true            | renewal
renewal of nothing          | M365  | online_services | true       | true        |               0 |             | 2025-01-10 ||                 | nothing_to_renew
software on a PC            | Visio | software        | false      | true        |               0 | PC          | 2025-01-10 || true            | within_right
software on a Mac           | Visio | software        | false      | true        |               0 | mac         | 2025-01-10 || true            | within_right
software, device not known  | Visio | software        | false      | true        |               0 |             | 2025-01-10 || true            | within_right
software on a tablet        | Visio | software        | false      | true        |               0 | tablet      | 2025-01-10 || false           | no_pc_or_mac
a second license            | Visio | software        | false      | true        |               1 | pc          | 2025-01-10 || false           | beyond_one
software is not renewed     | Visio | software        | true       | true        |               1 | pc          | 2025-01-10 || false           | beyond_one
an unknown offer            |       |                 | false      |             |               0 |             | 2025-01-10 ||                 | offer_unknown
on the position date        | M365  | online_services | false      | true        |               0 |             | 2026-06-30 || true            | within_right
after it                    | M365  | online_services | false      | true        |               0 |             | 2026-07-01 || false           | after_as_of
"""


def test_which_orders_are_within_the_right():
    check(workplace_discount_orders, AS_OF, ORDERS)


def test_every_reason_occurs():
    assert set(read_table(ORDERS)[1]["reason"]) == {r.code for r in workplace_discount_orders.Reason}


PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["e1", "e2"]),
        st.sampled_from([("M365", "online_services"), ("Visio", "software"), (None, None)]),
        st.booleans(),
        st.integers(-5, 2).map(lambda n: AS_OF + timedelta(days=n)),
        st.none() | st.booleans(),
    ),
    max_size=12,
)
SCHEMA = {"entity_id": pl.String, "order_id": pl.String, "employee_id": pl.String, "right": pl.String, "option": pl.String,
          "is_renewal": pl.Boolean, "ordered_on": pl.Date, "is_eligible": pl.Boolean, "device_kind": pl.String}  # fmt: skip


@given(PEOPLE)
def test_a_person_acquires_each_right_once(drawn):
    rows = [
        ("main", f"o{n:02}", person, right, option, renews, day, may, None)
        for n, (person, (right, option), renews, day, may) in enumerate(drawn)
    ]
    orders = pl.LazyFrame(rows, schema=SCHEMA, orient="row")
    numbered = compute(workplace_discount_orders, "numbered", Settings(AS_OF), orders=orders)
    found = evaluate(numbered, workplace_discount_orders, Settings(AS_OF)).collect()
    within = dict(found.select("order_id", column_name(workplace_discount_orders, "is_within_right")).rows())
    acquired = {}
    for _, order, person, right, option, renews, day, may, _ in sorted(rows, key=lambda r: (r[6], r[1])):
        before = acquired.get((person, right), 0)
        if day > AS_OF:
            expected = False
        elif right is None:
            expected = None
        elif renews and option == "online_services":
            expected = True if before else None
        else:
            expected = False if may is False or before else may
            acquired[person, right] = before + (may is not False)
        assert within[order] is expected
