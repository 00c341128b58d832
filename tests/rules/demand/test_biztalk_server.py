from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import biztalk_server
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
HOSTS = """
case                  | processors | physical_cores | vcpus | virtual_oses || cores_to_license | virtual_licenses | enterprise_licenses_without_sa
----------------------|------------|----------------|-------|--------------||------------------|------------------|-------------------------------
below both minimums   |          2 |              4 |     2 |            1 ||                8 |                4 |                              8
at them               |          2 |              8 |     4 |            8 ||                8 |                4 |                              8
above                 |          2 |             20 |     5 |           21 ||               20 |                5 |                             21
cores unknown         |          2 |                |     5 |            1 ||                  |                5 |
vcpus unknown         |          1 |              4 |       |            0 ||                4 |                  |                              4
"""


@pytest.mark.parametrize("day", [date(2013, 6, 12), date(2016, 10, 1), DAY])
def test_hosts_and_machines(day):
    check(biztalk_server, day, HOSTS)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=4), st.integers(0, 99))
def test_a_server_agrees_with_plain_arithmetic(cores, machines):
    frame = pl.LazyFrame({"cores_per_processor": [cores], "virtual_oses": [machines]})
    found = evaluate(frame, biztalk_server, Settings(DAY)).collect()
    expected = sum(max(4, n) for n in cores)
    assert found["biztalk_server__cores_to_license"].item() == expected
    assert found["biztalk_server__enterprise_licenses_without_sa"].item() == max(expected, machines)
