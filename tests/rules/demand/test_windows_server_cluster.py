from datetime import date

from lmanalytics.rules.demand import windows_server_cluster
from tests.tables import check

CLUSTERS = """
case                     | hosts | full_sets_per_host || is_each_host_licensed | full_sets
-------------------------|-------|--------------------||-----------------------|----------
six guests on two hosts  |     2 |                  3 || true                  |         6
one host                 |     1 |                  3 || true                  |         3
nothing to license       |     4 |                  0 || true                  |         0
sets unknown             |     4 |                    || true                  |
"""


def test_each_host_is_licensed_for_its_peak():
    check(windows_server_cluster, date(2016, 10, 1), CLUSTERS)
    check(windows_server_cluster, date(2026, 6, 30), CLUSTERS)
