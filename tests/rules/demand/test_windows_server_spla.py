from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server_spla
from tests.tables import check

MONTH = """
case                          | processors | physical_cores | servers_used || cores_of_server | core_licenses | processor_licenses
------------------------------|------------|----------------|--------------||-----------------|---------------|-------------------
three servers of two          |          2 |                |            3 ||              16 |            48 |                  6
small processors              |          2 |              8 |            1 ||              16 |            16 |                  2
at the minimum                |          2 |             16 |            1 ||              16 |            16 |                  2
above the minimum             |          2 |             17 |            2 ||              17 |            34 |                  4
one processor                 |          1 |              4 |            1 ||               8 |             8 |                  1
nothing ran                   |          2 |             16 |            0 ||              16 |             0 |                  0
processors unknown            |            |             16 |            1 ||                 |               |
servers unknown               |          2 |             16 |              ||              16 |               |
"""


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2026, 6, 30)])
def test_every_server_of_the_month(day):
    check(windows_server_spla, day, MONTH)


def test_the_day_before_core_licensing_is_an_error():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(windows_server_spla, date(2016, 9, 30), MONTH)


@given(st.integers(1, 8), st.integers(1, 256), st.integers(0, 50))
def test_it_agrees_with_adding_up(processors, cores, servers):
    total = sum(max(cores, 8 * processors) for _ in range(servers))
    table = f"case | processors | physical_cores | servers_used || core_licenses\nany | {processors} | {cores} | {servers} || {total}"
    check(windows_server_spla, date(2026, 6, 30), table)
