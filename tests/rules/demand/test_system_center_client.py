from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import system_center_client
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

START = date(2016, 10, 1)

CLIENTS = """
case              | managed_clients | users || client_licenses | user_licenses
------------------|-----------------|-------||-----------------|--------------
more than users   | 30              | 20    || 30              | 20
one               | 1               | 1     || 1               | 1
none              | 0               | 0     || 0               | 0
not counted       |                 | 7     ||                 | 7
"""


def test_client_licenses_by_ose_or_user():
    check(system_center_client, START, CLIENTS)


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(system_center_client, date(2016, 9, 30), CLIENTS)


@given(st.integers(0, 10**9))
def test_each_client_takes_one(clients):
    found = evaluate(pl.LazyFrame({"managed_clients": [clients]}), system_center_client, Settings(START)).collect()
    assert found["system_center_client__client_licenses"].item() == clients
