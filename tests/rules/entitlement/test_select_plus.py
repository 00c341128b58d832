from datetime import date

from lmanalytics.rules.entitlement import select_plus
from tests.tables import check

AS_OF = date(2012, 6, 30)
POOLS = """
case                              | points | pool_minimum | purchase_month | initial_months | align_to || points_rolled_over | points_needed | extension_months | is_offered
----------------------------------|--------|--------------|----------------|----------------|----------||--------------------|---------------|------------------|-----------
more than the minimum             |    700 |          500 |              3 |             36 |       72 ||                200 |           300 |               33 | true
exactly the minimum               |    500 |          500 |              9 |             36 |       72 ||                  0 |           500 |               27 | true
fewer                             |    450 |          500 |              1 |             36 |       72 ||                  0 |           500 |               35 | true
twice the minimum                 |   1000 |          500 |              0 |             36 |       72 ||                500 |             0 |               36 | false
more than twice                   |   1400 |          500 |             11 |             36 |       72 ||                900 |             0 |               25 | true
nothing                           |      0 |          500 |             12 |             36 |       72 ||                  0 |           500 |               24 | false
not known                         |        |          500 |                |             36 |       72 ||                    |               |                  |
"""


def test_pools():
    check(select_plus, AS_OF, POOLS)
