from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import sql_server_arc
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
OSES = """
case                    | vcpus | edition    | physical_cores | operator              || billed_vcores | min_billed_vcores | max_billed_vcores | pcores_to_license | min_pcores | unlimited_virtualization
------------------------|-------|------------|----------------|-----------------------||---------------|-------------------|-------------------|-------------------|------------|-------------------------
below the minimum       |     2 | Standard   |              8 | customer              ||             4 |                 4 |                24 |                16 |         16 | enterprise_only
at it                   |     4 | Enterprise |             16 | customer              ||             4 |                 4 |                   |                16 |         16 | allowed
Standard at its limit   |    24 | Standard   |             17 | customer              ||            24 |                 4 |                24 |                17 |         16 | enterprise_only
Standard above it       |    25 | Standard   |             17 | customer              ||            24 |                 4 |                24 |                17 |         16 | enterprise_only
Enterprise above it     |    25 | Enterprise |             64 | authorized_outsourcer ||            25 |                 4 |                   |                64 |         16 | allowed
a Listed Provider       |     8 | Enterprise |             64 | listed_provider       ||             8 |                 4 |                   |                64 |         16 | listed_provider
nobody says whose       |     8 | Enterprise |                |                       ||             8 |                 4 |                   |                   |         16 | allowed
vcpus unknown           |       | Enterprise |             64 | customer              ||               |                 4 |                   |                64 |         16 | allowed
"""


@pytest.mark.parametrize("day", [date(2022, 11, 16), DAY])
def test_metering(day):
    check(sql_server_arc, day, OSES)


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2022, 11, 15)])
def test_before_metering_nothing_may_be_set_up(day):
    found = evaluate(pl.LazyFrame({"edition": ["Enterprise"]}), sql_server_arc, Settings(day)).collect()
    assert found["sql_server_arc__unlimited_virtualization"].item() == "not_yet"


@given(st.integers(0, 300), st.sampled_from(["Standard", "Enterprise"]))
def test_billed_vcores_agree_with_plain_arithmetic(vcpus, edition):
    found = evaluate(pl.LazyFrame({"vcpus": [vcpus], "edition": [edition]}), sql_server_arc, Settings(DAY)).collect()
    expected = sorted([4, vcpus, 24])[1] if edition == "Standard" else sorted([4, vcpus])[1]
    assert found["sql_server_arc__billed_vcores"].item() == expected
