from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import system_center_standard
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

START = date(2016, 10, 1)

SERVERS = """
case                         | managed_oses | cores_to_license | full_sets_held || full_sets | core_licenses | oses_allowed
-----------------------------|--------------|------------------|----------------||-----------|---------------|-------------
two on the smallest server   | 2            | 16               | 1              || 1         | 16            | 2
four on the smallest server  | 4            | 16               | 2              || 2         | 32            | 4
last of a set                | 2            | 24               | 1              || 1         | 24            | 2
first of the next set        | 3            | 24               | 1              || 2         | 48            | 2
one                          | 1            | 24               | 0              || 1         | 24            | 0
nothing is managed           | 0            | 24               | 1              || 0         | 0             | 2
how many is unknown          |              | 24               | 1              ||           |               | 2
cores unknown                | 3            |                  |                || 2         |               |
"""


def test_full_sets_for_every_two_managed_oses():
    check(system_center_standard, START, SERVERS)


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(system_center_standard, date(2016, 9, 30), SERVERS)


@given(st.integers(16, 256), st.integers(0, 200))
def test_licenses_agree_with_a_plain_reading(cores, managed):
    facts = pl.LazyFrame({"managed_oses": [managed, managed + 2], "cores_to_license": [cores, cores]})
    found = evaluate(facts, system_center_standard, Settings(START)).collect()
    expected = -(-managed // 2)
    assert found["system_center_standard__core_licenses"].to_list() == [cores * expected, cores * (expected + 1)]
