from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import core_infrastructure_suite
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

START = date(2016, 10, 1)

SERVERS = """
case                  | cores_to_license | full_sets | windows_server_price | system_center_price | suite_price | windows_server_short | system_center_short || core_licenses | saving | cheapest   | suites_to_buy
----------------------|------------------|-----------|----------------------|---------------------|-------------|----------------------|---------------------||---------------|--------|------------|--------------
the suite is cheaper  | 16               | 1         | 60                   | 80                  | 110         | 48                   | 32                  || 16            | 30     | suite      | 32
one has enough        | 16               | 2         | 60                   | 80                  | 110         | 48                   | 0                   || 32            | 30     | suite      | 0
both cost the same    | 20               | 2         | 60                   | 50                  | 110         | 40                   | 40                  || 40            | 0      | components | 0
the suite is dearer   | 20               | 0         | 60                   | 49                  | 110         | 40                   | 40                  || 0             | -1     | components | 0
a price is unknown    | 20               | 1         | 60                   |                     | 110         | 40                   | 40                  || 20            |        |            |
cores unknown         |                  | 1         | 60                   | 80                  | 110         |                      | 40                  ||               | 30     | suite      |
"""


def test_when_the_suite_is_the_cheaper_way():
    check(core_infrastructure_suite, START, SERVERS)


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(core_infrastructure_suite, date(2016, 9, 30), SERVERS)


@given(*(st.integers(0, 1000) for _ in range(5)))
def test_buying_suites_never_costs_more(windows, system, suite, short, other):
    facts = {
        "windows_server_price": windows, "system_center_price": system, "suite_price": suite,
        "windows_server_short": short, "system_center_short": other, "cores_to_license": 16, "full_sets": 1,
    }  # fmt: skip
    found = evaluate(pl.LazyFrame([facts]), core_infrastructure_suite, Settings(START)).collect()
    bought = found["core_infrastructure_suite__suites_to_buy"].item()
    apart = windows * short + system * other
    assert windows * (short - bought) + system * (other - bought) + suite * bought <= apart
    assert bought in {0, min(short, other)}
