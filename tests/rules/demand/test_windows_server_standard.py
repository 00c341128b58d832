from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server_standard
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
HOSTS = """
case                               | cores_to_license | windows_oses | host_rights_used | host_runs_windows | process_containers || rights_used | full_sets | core_licenses
-----------------------------------|------------------|--------------|------------------|-------------------|--------------------||-------------|-----------|--------------
one set holds two                  |               16 |            2 |                0 | false             |                  0 ||           2 |         1 |            16
the third relicenses all cores     |               16 |            3 |                0 | false             |                  0 ||           3 |         2 |            32
four                               |               16 |            4 |                0 | false             |                  0 ||           4 |         2 |            32
five on twenty cores               |               20 |            5 |                0 | false             |                  0 ||           5 |         3 |            60
twelve                             |               16 |           12 |                0 | false             |                  0 ||          12 |         6 |            96
fourteen                           |               16 |           14 |                0 | false             |                  0 ||          14 |         7 |           112
nine on two of thirty-two          |               64 |            9 |                0 | false             |                  0 ||           9 |         5 |           320
one                                |               16 |            1 |                0 | false             |                  0 ||           1 |         1 |            16
hosting is free                    |               16 |            2 |                0 | true              |                  0 ||           2 |         1 |            16
other work takes a right           |               16 |            2 |                1 | true              |                  0 ||           3 |         2 |            32
other work and one guest           |               16 |            1 |                1 | true              |                  0 ||           2 |         1 |            16
a physical server                  |               16 |            0 |                1 | true              |                  0 ||           1 |         1 |            16
a Windows host of other guests     |               16 |            0 |                0 | true              |                  0 ||           0 |         1 |            16
containers share the kernel        |               16 |            0 |                0 | false             |                 90 ||           0 |         1 |            16
containers beside guests are free  |               16 |            2 |                0 | false             |                 90 ||           2 |         1 |            16
nothing, nothing                   |               16 |            0 |                0 | false             |                  0 ||           0 |         0 |             0
cores unknown                      |                  |            3 |                0 | false             |                  0 ||           3 |         2 |
guests unknown                     |               16 |              |                0 | false             |                  0 ||             |           |
host unknown                       |               16 |            2 |                  | false             |                  0 ||             |           |
"""
SETS = """
case                           | cores_to_license | licenses_held | full_sets_held | host_rights_used | windows_oses | host_runs_windows | process_containers || full_sets_of_licenses | oses_allowed | process_containers_allowed | is_physical_ose_allowed
-------------------------------|------------------|---------------|----------------|------------------|--------------|-------------------|--------------------||-----------------------|--------------|----------------------------|------------------------
one set                        |               16 |            16 |              1 |                0 |            0 | false             |                  0 ||                     1 |            2 | unlimited                  | true
two more cores are no set      |               16 |            18 |              1 |                0 |            0 | false             |                  0 ||                     1 |            2 | unlimited                  | true
sets held unknown              |               16 |               |                |                0 |            0 | false             |                  0 ||                       |              |                            |
one core short of two sets     |               20 |            39 |              1 |                0 |            0 | false             |                  0 ||                     1 |            2 | unlimited                  | true
two sets                       |               20 |            40 |              2 |                0 |            0 | false             |                  0 ||                     2 |            4 | unlimited                  | true
host at other work             |               16 |            16 |              1 |                1 |            0 | true              |                  0 ||                     1 |            1 | unlimited                  | true
no set                         |               16 |            14 |              0 |                0 |            0 | false             |                  0 ||                     0 |            0 | none                       | false
sets held unknown              |               16 |               |                |                0 |            0 | false             |                  0 ||                       |              |                            |
"""


def sets(oses, working=0):
    row = {"cores_to_license": 16, "windows_oses": oses, "host_rights_used": working, "host_runs_windows": bool(working),
           "process_containers": 0}  # fmt: skip
    found = evaluate(pl.LazyFrame([row]), windows_server_standard, Settings(DAY)).collect()
    return found["windows_server_standard__full_sets"].item()


@pytest.mark.parametrize("day", [date(2016, 10, 1), DAY])
def test_hosts(day):
    check(windows_server_standard, day, HOSTS)


def test_what_sets_permit():
    check(windows_server_standard, DAY, SETS)


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="its first rule starts on 2016-10-01"):
        check(windows_server_standard, date(2016, 9, 30), HOSTS)


@given(st.integers(1, 500), st.integers(0, 1))
def test_two_more_guests_are_one_more_set(oses, working):
    assert sets(oses + 2, working) == sets(oses, working) + 1
    assert sets(oses + 1, working) >= sets(oses, working)
