from datetime import date

from lmanalytics.rules.right import true_up_platform
from tests.tables import check

ORDERS = """
case                           | entity_id | agreement_id | enrollment_id | increase || platform_quantity
-------------------------------|-----------|--------------|---------------|----------||------------------
Office, the most is added here | main      | E            | 1             |      200 ||               200
Windows follows                | main      | E            | 1             |      150 ||               200
the access licenses, too       | main      | E            | 1             |        0 ||               200
another enrollment             | main      | E            | 2             |       10 ||                10
another agreement              | main      | F            | 1             |        0 ||                 0
one product is not known       | other     | E            | 1             |        7 ||
so none of its platform is     | other     | E            | 1             |          ||
"""


def test_what_one_product_needs_more_all_are_ordered():
    check(true_up_platform, date(2026, 6, 30), ORDERS)
