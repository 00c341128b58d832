from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import sql_server_server_cal
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
SERVERS = """
case                    | edition    | sql_oses | virtual_oses | virtual_cores || model          | server_licenses | enterprise_server_licenses
------------------------|------------|----------|--------------|---------------||----------------|-----------------|---------------------------
one OSE                 | Standard   |        1 |            1 |             4 || sold           |               1 |                          1
seven OSEs              | Standard   |        7 |            4 |            20 || sold           |               7 |                          1
none                    | Standard   |        0 |            0 |             0 || sold           |               0 |                          0
thirteen machines       | Enterprise |          |           13 |            72 || renewed_only   |                 |                          4
by cores                | Enterprise |          |            4 |            21 || renewed_only   |                 |                          2
by machines             | Enterprise |          |            5 |            20 || renewed_only   |                 |                          2
another edition         | Web        |        1 |            1 |             1 || other_edition  |               1 |                          1
cores unknown           | Enterprise |          |            4 |               || renewed_only   |                 |
"""


@pytest.mark.parametrize("day", [date(2012, 4, 1), date(2016, 10, 1), DAY])
def test_servers(day):
    check(sql_server_server_cal, day, SERVERS)


@pytest.mark.parametrize(
    ("reading", "offered"),
    [("where_owned", [True, False, False]), ("always", [True, True, True]), ("never", [False, False, False])],
)
def test_for_whom_the_model_is_weighed(reading, offered):
    frame = pl.LazyFrame({"edition": ["Standard"] * 3, "licenses_owned": [5, 0, None]})
    found = evaluate(frame, sql_server_server_cal, Settings(DAY, {"sql_server_and_cal": reading})).collect()
    assert found["sql_server_server_cal__is_offered"].to_list() == offered


@given(st.integers(0, 300), st.integers(0, 3000))
def test_legacy_licenses_agree_with_taking_one_after_the_other(machines, cores):
    frame = pl.LazyFrame({"edition": ["Enterprise"], "virtual_oses": [machines], "virtual_cores": [cores]})
    found = evaluate(frame, sql_server_server_cal, Settings(DAY)).collect()
    licenses = 0
    while licenses * 4 < machines or licenses * 20 < cores:
        licenses += 1
    assert found["sql_server_server_cal__enterprise_server_licenses"].item() == licenses
