from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.demand import azure_sql_hosts
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

HOSTS = """
case              | hosts | cores_per_host | edition    || unlimited_virtualization | core_licenses
------------------|-------|----------------|------------||--------------------------|--------------
two of 36 cores   |     2 |             36 | Enterprise || unlimited                |            72
one               |     1 |             80 | Enterprise || unlimited                |            80
none              |     0 |             36 | Enterprise || unlimited                |             0
Standard          |     2 |             36 | Standard   || enterprise_only          |
cores unknown     |     2 |                | Enterprise || unlimited                |
edition unknown   |     2 |             36 |            ||                          |
"""


@pytest.mark.parametrize("day", [date(2018, 4, 1), date(2026, 6, 30)])
def test_all_cores_of_all_hosts(day):
    check(azure_sql_hosts, day, HOSTS)


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2018, 3, 31)])
def test_before_the_benefit(day):
    found = evaluate(pl.LazyFrame({"edition": ["Enterprise"]}), azure_sql_hosts, Settings(day)).collect()
    assert found["azure_sql_hosts__unlimited_virtualization"].item() == "not_yet"
