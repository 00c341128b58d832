from datetime import date

import pytest

from lmanalytics.rules.demand import sql_server_standard_host
from tests.tables import check

DAY = date(2026, 6, 30)
ALLOWED = """
case           | cores_to_license || use               | core_licenses
---------------|------------------||-------------------|--------------
sixteen cores  |               16 || physical_ose_only |            16
the minimum    |                4 || physical_ose_only |             4
unknown cores  |                  || physical_ose_only |
"""
NOT_ALLOWED = """
case           | cores_to_license || use                  | core_licenses
---------------|------------------||----------------------|--------------
sixteen cores  |               16 || not_by_physical_core |
"""


@pytest.mark.parametrize("day", [date(2012, 4, 1), date(2016, 10, 1), DAY])
def test_the_physical_ose_is_covered(day):
    check(sql_server_standard_host, day, ALLOWED)


def test_by_the_other_reading_it_is_not():
    check(sql_server_standard_host, DAY, NOT_ALLOWED, sql_standard_physical_cores="not_allowed")
