from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server_cores
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

# The grid of one to four processors is that of Microsoft's Windows Server 2016 datasheet, in cores.
HOSTS = """
case                              | processors | physical_cores || cores_to_license | accuracy
----------------------------------|------------|----------------||------------------|------------
two of eight: both minimums       |          2 |             16 ||               16 | exact
one of two                        |          1 |              2 ||               16 | exact
one of ten                        |          1 |             10 ||               16 | exact
one of sixteen                    |          1 |             16 ||               16 | exact
one of seventeen                  |          1 |             17 ||               17 | exact
two of four                       |          2 |              8 ||               16 | exact
two of ten                        |          2 |             20 ||               20 | exact
four of four                      |          4 |             16 ||               32 | exact
four of six                       |          4 |             24 ||               32 | exact
four of eight                     |          4 |             32 ||               32 | exact
four of ten                       |          4 |             40 ||               40 | exact
two of thirty-two                 |          2 |             64 ||               64 | exact
seventeen over two                |          2 |             17 ||               17 | lower_bound
fifteen over two                  |          2 |             15 ||               16 | lower_bound
cores unknown                     |          2 |                ||                  |
processors unknown                |            |             16 ||                  |
"""


def one(processors, physical_cores, listed=None, day=date(2026, 6, 30)):
    schema = {"processors": pl.Int64, "physical_cores": pl.Int64, "cores_per_processor": pl.List(pl.Int64)}
    row = {"processors": processors, "physical_cores": physical_cores, "cores_per_processor": listed}
    found = evaluate(pl.LazyFrame([row], schema=schema), windows_server_cores, Settings(day)).collect()
    return found["windows_server_cores__cores_to_license"].item(), found["windows_server_cores__accuracy"].item()


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2026, 6, 30)])
def test_servers(day):
    check(windows_server_cores, day, HOSTS)


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="its first rule starts on 2016-10-01"):
        check(windows_server_cores, date(2016, 9, 30), HOSTS)


@pytest.mark.parametrize(
    ("listed", "licenses"),
    [([4, 20], 28), ([20, 4], 28), ([8, 8], 16), ([9, 15], 24), ([2], 16), ([1, 1, 1], 24), ([12, 12], 24)],
)
def test_each_processor_has_its_own_minimum(listed, licenses):
    assert one(len(listed), sum(listed), listed) == (licenses, "exact")


def test_a_list_suffices():
    assert one(None, None, [4, 20]) == (28, "exact")


@pytest.mark.parametrize("listed", [[], [8, None]])
def test_a_list_with_gaps_is_no_list(listed):
    assert one(2, 40, listed)[0] == 40
    assert one(None, None, listed)[0] is None


@given(st.lists(st.integers(1, 64), min_size=1, max_size=8), st.integers(0, 7))
def test_more_cores_never_need_fewer_licenses(listed, index):
    licenses = one(len(listed), sum(listed), listed)[0]
    assert licenses == max(16, sum(max(8, c) for c in listed))
    more = [c + (i == index % len(listed)) for i, c in enumerate(listed)]
    assert one(len(more), sum(more), more)[0] >= licenses
    assert one(len(listed), sum(listed))[0] <= licenses
