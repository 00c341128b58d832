from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import sql_server_virtual_cores
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
LICENSES = """
case                   | vcpus | full_vcpus || core_licenses | percent_saved | min_licenses | virtual_cores_per_license
-----------------------|-------|------------||---------------|---------------|--------------|--------------------------
one                    |     1 |         16 ||             4 |            93 |            4 |                         1
below the minimum      |     3 |          8 ||             4 |            62 |            4 |                         1
at it                  |     4 |         16 ||             4 |            75 |            4 |                         1
above it               |     5 |          5 ||             5 |             0 |            4 |                         1
large                  |   128 |            ||           128 |               |            4 |                         1
none                   |     0 |            ||             4 |               |            4 |                         1
unknown                |       |         16 ||               |               |            4 |                         1
"""
THREADS = """
case              | vcpus | threads_per_vcore || core_licenses
------------------|-------|-------------------||--------------
two threads each  |     4 |                 2 ||             8
one thread each   |     4 |                 1 ||             4
not stated        |     6 |                   ||            12
small             |     1 |                 2 ||             4
unknown           |       |                 2 ||
"""
SINCE_2022 = """
case                             | vcpus | version_released_on | sa_or_subscription || needs_sa | eligibility
---------------------------------|-------|---------------------|--------------------||----------|------------
2019 without                     |     4 | 2019-11-04          | false              || false    | allowed
the day before 2022              |     4 | 2022-11-15          | false              || false    | allowed
2022 without                     |     4 | 2022-11-16          | false              || true     | needs_sa
2022 with                        |     4 | 2022-11-16          | true               || true     | allowed
2025 without                     |     4 | 2025-11-18          | false              || true     | needs_sa
version unknown                  |     4 |                     | false              || true     | needs_sa
version unknown, covered         |     4 |                     | true               || true     | allowed
cover unknown, needed            |     4 | 2022-11-16          |                    || true     |
cover unknown, not needed        |     4 | 2019-11-04          |                    || false    | allowed
"""
BEFORE = """
case              | vcpus | version_released_on | sa_or_subscription || needs_sa | eligibility
------------------|-------|---------------------|--------------------||----------|------------
2019 without      |     4 | 2019-11-04          | false              || false    | allowed
unknown version   |     4 |                     | false              || false    | allowed
"""


@pytest.mark.parametrize("day", [date(2012, 4, 1), date(2016, 10, 1), DAY])
def test_licenses(day):
    check(sql_server_virtual_cores, day, LICENSES)


def test_a_reading_counts_hardware_threads():
    check(sql_server_virtual_cores, DAY, THREADS, sql_virtual_core_threads="one_license_per_hardware_thread")


def test_threads_are_not_counted_by_default():
    frame = pl.LazyFrame({"vcpus": [6], "threads_per_vcore": [2]})
    found = evaluate(frame, sql_server_virtual_cores, Settings(DAY)).collect()
    assert found["sql_server_virtual_cores__core_licenses"].item() == 6


@pytest.mark.parametrize("day", [date(2022, 11, 16), DAY])
def test_the_terms_of_2022_ask_for_software_assurance(day):
    check(sql_server_virtual_cores, day, SINCE_2022)


def test_the_day_before_nothing_asks_for_it():
    check(sql_server_virtual_cores, date(2022, 11, 15), BEFORE)


def test_by_the_other_reading_every_version_needs_it():
    frame = pl.LazyFrame({"vcpus": [4], "version_released_on": [date(2016, 6, 1)], "sa_or_subscription": [False]})
    asked = Settings(DAY, {"sql_virtual_machines_without_sa": "none"})
    found = evaluate(frame, sql_server_virtual_cores, asked).collect()
    assert found["sql_server_virtual_cores__eligibility"].item() == "needs_sa"


@given(st.integers(0, 512), st.integers(1, 4))
def test_licenses_agree_with_plain_arithmetic(vcpus, threads):
    frame = pl.LazyFrame({"vcpus": [vcpus], "threads_per_vcore": [threads]})
    plain = evaluate(frame, sql_server_virtual_cores, Settings(DAY)).collect()
    asked = Settings(DAY, {"sql_virtual_core_threads": "one_license_per_hardware_thread"})
    counted = evaluate(frame, sql_server_virtual_cores, asked).collect()
    column = "sql_server_virtual_cores__core_licenses"
    assert plain[column].item() == (max(4, vcpus))
    assert counted[column].item() == (max(4, vcpus * threads))
