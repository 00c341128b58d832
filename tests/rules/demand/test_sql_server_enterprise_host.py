from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import sql_server_enterprise_host
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
HOSTS = """
case                             | cores_to_license | virtual_oses || licenses_with_sa | licenses_without_sa
---------------------------------|------------------|--------------||------------------|--------------------
no machines                      |                8 |            0 ||                8 |                   8
as many machines as licenses     |                8 |            8 ||                8 |                   8
one machine more                 |                8 |            9 ||                8 |                   9
four cores and five machines     |                4 |            5 ||                4 |                   5
many machines                    |               16 |          200 ||               16 |                 200
cores unknown                    |                  |            2 ||                  |
machines unknown                 |               16 |              ||               16 |
"""
RIGHTS = """
case                    | cores_to_license | virtual_oses | licenses_held | has_sa || is_unlimited | virtual_oses_allowed
------------------------|------------------|--------------|---------------|--------||--------------|---------------------
all cores with SA       |                8 |            0 |             8 | true   || true         |                    8
all cores without       |                8 |            0 |             8 | false  || false        |                    8
two more                |                8 |            0 |            10 | false  || false        |                   10
one short               |                8 |            0 |             7 | true   || false        |                    0
held unknown            |                8 |            0 |               | true   ||              |
SA unknown              |                8 |            0 |             8 |        ||              |                    8
"""


@pytest.mark.parametrize("day", [date(2012, 4, 1), date(2016, 10, 1), DAY])
def test_hosts(day):
    check(sql_server_enterprise_host, day, HOSTS)


def test_what_licenses_permit():
    check(sql_server_enterprise_host, DAY, RIGHTS)


@given(st.integers(4, 256), st.integers(0, 500))
def test_licenses_without_sa_agree_with_buying_them_one_by_one(cores, machines):
    frame = pl.LazyFrame({"cores_to_license": [cores], "virtual_oses": [machines]})
    found = evaluate(frame, sql_server_enterprise_host, Settings(DAY)).collect()
    licenses, permitted = cores, cores
    while permitted < machines:
        licenses, permitted = licenses + 1, permitted + 1
    assert found["sql_server_enterprise_host__licenses_without_sa"].item() == licenses
    assert found["sql_server_enterprise_host__licenses_with_sa"].item() <= licenses
