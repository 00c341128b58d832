from datetime import date

from lmanalytics.rules.demand import windows_server_core_grant
from tests.tables import check

HOSTS = """
case                      | processors | cores_to_license || core_licenses_granted | renewal_increase
--------------------------|------------|------------------||-----------------------|-----------------
two of eight              |          2 |               16 ||                    16 |                0
two of ten                |          2 |               20 ||                    16 |               25
two of sixteen            |          2 |               32 ||                    16 |              100
four of eight             |          4 |               32 ||                    32 |                0
three of eight            |          3 |               24 ||                    32 |                0
one of twenty-four        |          1 |               24 ||                    16 |               50
unknown                   |            |               24 ||                       |
"""


def test_hosts():
    check(windows_server_core_grant, date(2026, 6, 30), HOSTS)
