from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import true_up_quantity
from tests.tables import check

AS_OF = date(2026, 6, 30)
ORDERS = """
case                                  | is_enterprise_product | count_at_order | highest_use | licenses_held | initial_order_on | last_order_on | prior_anniversary || basis           | counted | order_quantity | counted_since
--------------------------------------|-----------------------|----------------|-------------|---------------|---|---|---||-----------------|---------|----------------|--------------
enterprise: the count                 | true                  |            130 |         150 |           120 | 2024-06-01 | 2025-05-10 | 2025-06-01 || count_at_order  |     130 |             10 | 2025-06-01
additional: the highest use           | false                 |            130 |         150 |           120 | 2024-06-01 | 2025-07-10 | 2025-06-01 || high_water_mark |     150 |             30 | 2025-07-10
additional: the count is the highest  | false                 |            160 |         150 |           120 | 2024-06-01 |            | 2025-06-01 || high_water_mark |     160 |             40 | 2025-06-01
as many as are held                   | false                 |            110 |         120 |           120 | 2025-09-01 |            |            || high_water_mark |     120 |              0 | 2025-09-01
one more than are held                | false                 |            110 |         121 |           120 | 2025-09-01 |            |            || high_water_mark |     121 |              1 | 2025-09-01
fewer than are held: nothing back     | true                  |            110 |         150 |           120 |            |            |            || count_at_order  |     110 |              0 |
enterprise, highest use not known     | true                  |            130 |             |           120 |            |            |            || count_at_order  |     130 |             10 |
additional, highest use not known     | false                 |            130 |             |           120 |            |            |            || high_water_mark |         |                |
additional, nothing counted today     | false                 |                |         150 |           120 |            |            |            || high_water_mark |         |                |
enterprise, nothing counted           | true                  |                |         150 |           120 |            |            |            || count_at_order  |         |                |
none held, none used                  | false                 |              0 |           0 |             0 |            |            |            || high_water_mark |       0 |              0 |
how many are held is not known        | true                  |            130 |         150 |               |            |            |            || count_at_order  |     130 |                |
not listed                            |                       |            130 |         150 |           120 |            |            |            || high_water_mark |     150 |             30 |
"""


def test_orders():
    check(true_up_quantity, AS_OF, ORDERS)


UNLISTED = """
case        | is_enterprise_product | count_at_order | highest_use | licenses_held | initial_order_on | last_order_on | prior_anniversary || basis           | order_quantity
------------|-----------------------|----------------|-------------|---------------|---|---|---||-----------------|---------------
not listed  |                       |            130 |         150 |           120 |   |   |   || count_at_order  |             10
listed      | false                 |            130 |         150 |           120 |   |   |   || high_water_mark |             30
"""


def test_a_product_that_is_not_listed_is_ordered_as_the_policy_says():
    check(true_up_quantity, AS_OF, UNLISTED, true_up_unlisted_product="enterprise")


@given(count=st.integers(0, 500), highest=st.integers(0, 500), held=st.integers(0, 500), enterprise=st.booleans())
def test_the_order_is_what_is_missing_and_never_negative(count, highest, held, enterprise):
    row = {
        "is_enterprise_product": [enterprise],
        "count_at_order": [count],
        "highest_use": [highest],
        "licenses_held": [held],
        "initial_order_on": [AS_OF],
        "last_order_on": [AS_OF],
        "prior_anniversary": [AS_OF],
    }
    found = evaluate(pl.LazyFrame(row), true_up_quantity, Settings(AS_OF)).collect()
    used = count if enterprise else max(count, highest)
    assert found["true_up_quantity__order_quantity"].to_list() == [max(0, used - held)]


def test_every_reason_occurs():
    assert {r.code for r in true_up_quantity.Reason} == {"count_at_order", "high_water_mark"}
