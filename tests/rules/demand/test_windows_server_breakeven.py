from datetime import date
from decimal import Decimal
from math import ceil

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import windows_server_breakeven
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import MONEY
from tests.tables import check

DAY = date(2026, 6, 30)
SERVERS = """
case          | standard_set_price | datacenter_set_price | oses_per_set | standard_cost | datacenter_cost || datacenter_cheaper_above_oses | datacenter_cheaper_from_oses | cheapest
--------------|--------------------|----------------------|--------------|---------------|-----------------||-------------------------------|------------------------------|-----------
prices of '16 |                882 |                 6155 |            2 |          7056 |            6155 ||                            12 |                           13 | datacenter
prices of '22 |               1069 |                 6155 |            2 |          4400 |            6160 ||                            10 |                           11 | standard
a dealer's    |               1070 |                 6200 |            2 |          7490 |            6200 ||                            10 |                           11 | datacenter
equal at six  |                100 |                  600 |            2 |           600 |             600 ||                            12 |                           13 | standard
no price      |                    |                 6155 |            2 |               |            6155 ||                               |                              |
"""


def at(standard, datacenter):
    prices = {"standard_set_price": Decimal(standard), "datacenter_set_price": Decimal(datacenter)}
    frame = pl.LazyFrame([prices | {"oses_per_set": 2}], schema_overrides=dict.fromkeys(prices, MONEY))
    return evaluate(frame, windows_server_breakeven, Settings(DAY)).collect().row(0, named=True)


def test_servers():
    check(windows_server_breakeven, DAY, SERVERS)


def test_the_ratio_is_exact():
    assert at(1, "4.59")["windows_server_breakeven__datacenter_cheaper_above_sets"] == Decimal("4.59")


@pytest.mark.parametrize(("standard", "datacenter"), [("1069.07", "6155.12"), ("0.5", "3"), ("3", "0.5")])
def test_prices_with_cents(standard, datacenter):
    first = at(standard, datacenter)["windows_server_breakeven__datacenter_cheaper_from_oses"]
    cheaper = [n for n in range(1, 20) if ceil(n / 2) * Decimal(standard) > Decimal(datacenter)]
    assert first == cheaper[0]


@given(st.integers(1, 10_000), st.integers(1, 100_000))
def test_it_is_the_first_number_at_which_datacenter_costs_less(standard, datacenter):
    first = at(standard, datacenter)["windows_server_breakeven__datacenter_cheaper_from_oses"]
    assert ceil(first / 2) * standard > datacenter
    assert ceil((first - 1) / 2) * standard <= datacenter
