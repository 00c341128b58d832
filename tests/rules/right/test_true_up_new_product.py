from datetime import date

from lmanalytics.rules.right import true_up_new_product
from tests.tables import check

ORDERS = """
case                              | first_used_on | is_online_service | is_on_initial_order || order_by   | step_up_process
----------------------------------|---------------|-------------------|---------------------||------------|----------------
on the first day of a month       | 2026-02-01    | false             | true                || 2026-02-28 | through_true_up
on its last day                   | 2028-02-29    | false             | false               || 2028-02-29 | new_product
an online service: the day before | 2026-03-01    | true              |                     || 2026-02-28 | new_product
first use is not known            |               | false             | true                ||            | through_true_up
"""


def test_orders():
    check(true_up_new_product, date(2026, 6, 30), ORDERS)


def test_every_reason_occurs():
    assert {r.code for r in true_up_new_product.Reason} == {"new_product", "through_true_up"}
