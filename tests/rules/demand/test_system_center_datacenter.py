from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import system_center_datacenter
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

START = date(2016, 10, 1)

SERVERS = """
case                 | managed_oses | cores_to_license | full_sets_held || full_sets | core_licenses | oses_allowed
---------------------|--------------|------------------|----------------||-----------|---------------|-------------
one                  | 1            | 16               | 1              || 1         | 16            | unlimited
many                 | 500          | 40               | 2              || 1         | 40            | unlimited
nothing is managed   | 0            | 40               | 0              || 0         | 0             | none
how many is unknown  |              | 40               |                ||           |               |
cores unknown        | 3            |                  | 1              || 1         |               | unlimited
"""


def test_one_full_set_for_any_number():
    check(system_center_datacenter, START, SERVERS)


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(system_center_datacenter, date(2016, 9, 30), SERVERS)


@given(st.integers(16, 256), st.integers(1, 10**6))
def test_the_number_of_managed_oses_changes_nothing(cores, managed):
    facts = pl.LazyFrame({"managed_oses": [1, managed], "cores_to_license": [cores, cores]})
    found = evaluate(facts, system_center_datacenter, Settings(START)).collect()
    assert found["system_center_datacenter__core_licenses"].to_list() == [cores, cores]
