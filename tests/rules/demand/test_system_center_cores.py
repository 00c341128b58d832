from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import system_center_cores
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check
from tests.tables import frame as table

START = date(2016, 10, 1)

SERVERS = """
case                              | processors | physical_cores || cores_to_license | accuracy
----------------------------------|------------|----------------||------------------|------------
one processor of four             | 1          | 4              || 16               | exact
four processors of eight          | 4          | 32             || 32               | exact
at both minimums                  | 2          | 16             || 16               | exact
four small: each at its minimum   | 4          | 16             || 32               | exact
one core above the minimum        | 1          | 17             || 17               | exact
uneven, split unknown             | 2          | 21             || 21               | lower_bound
cores unknown                     | 2          |                ||                  |
processors unknown                |            | 16             ||                  |
"""


def test_the_cores_of_a_managed_server():
    check(system_center_cores, START, SERVERS)


def test_every_reason_occurs():
    lines = [line for line in SERVERS.strip().splitlines() if not set(line) <= set("-| ")]
    found = set(table(tuple(line.replace("||", "|") for line in lines))["accuracy"].drop_nulls())
    assert found == {r.code for r in system_center_cores.Reason}


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(system_center_cores, date(2016, 9, 30), SERVERS)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=8))
def test_a_list_of_cores_agrees_with_a_plain_reading(cores):
    facts = pl.LazyFrame({"cores_per_processor": [cores], "processors": [len(cores)], "physical_cores": [sum(cores)]})
    row = evaluate(facts, system_center_cores, Settings(START)).collect().row(0, named=True)
    assert row["system_center_cores__cores_to_license"] == max(16, sum(max(8, c) for c in cores))
