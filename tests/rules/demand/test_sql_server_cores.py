from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import sql_server_cores
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
BY_COUNT = """
case                                  | processors | physical_cores || cores_to_license | accuracy
--------------------------------------|------------|----------------||------------------|------------
four processors of two cores          |          4 |              8 ||               16 | exact
one processor below the minimum       |          1 |              3 ||                4 | exact
at the minimum                        |          1 |              4 ||                4 | exact
above it                              |          1 |              5 ||                5 | exact
two processors of twelve              |          2 |             24 ||               24 | exact
seven cores on one processor          |          1 |              7 ||                7 | exact
uneven and the split unknown          |          2 |             13 ||               13 | lower_bound
uneven and small                      |          2 |              5 ||                8 | lower_bound
cores unknown                         |          2 |                ||                  |
processors unknown                    |            |             16 ||                  |
"""


def counted(cores, reading="per_processor"):
    frame = pl.LazyFrame(
        {"cores_per_processor": [cores], "processors": [None], "physical_cores": [None]},
        schema={"cores_per_processor": pl.List(pl.Int64), "processors": pl.Int64, "physical_cores": pl.Int64},
    )
    found = evaluate(frame, sql_server_cores, Settings(DAY, {"sql_physical_minimum": reading})).collect()
    return found["sql_server_cores__cores_to_license"].item()


@pytest.mark.parametrize("day", [date(2012, 4, 1), date(2016, 10, 1), DAY])
def test_by_count(day):
    check(sql_server_cores, day, BY_COUNT)


def test_before_core_licensing_there_is_no_answer():
    with pytest.raises(RuleError, match="its first rule starts on 2012-04-01"):
        check(sql_server_cores, date(2012, 3, 31), BY_COUNT)


@pytest.mark.parametrize(
    ("cores", "by_processor", "by_ose"),
    [
        ([2, 2, 2, 2], 16, 8),
        ([1, 9], 13, 10),
        ([1, 1], 8, 4),
        ([8, 8], 16, 16),
        ([4, None], None, None),
        (None, None, None),
    ],
)
def test_by_processor_and_by_the_reading_of_the_meter(cores, by_processor, by_ose):
    assert counted(cores) == by_processor
    assert counted(cores, "per_ose") == by_ose


@given(st.lists(st.integers(1, 128), min_size=1, max_size=8))
def test_each_processor_is_raised_to_its_minimum(cores):
    expected = 0
    for number in cores:
        expected += max(4, number)
    assert counted(cores) == expected
    assert counted(cores, "per_ose") <= expected
