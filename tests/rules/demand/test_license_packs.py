from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import license_packs
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
POOLS = """
case                      | core_licenses | pack_size | pack_price | packs_held || packs_small | packs_large | mix_large | mix_small | base_packs | additional_packs | licenses_bought | cost | licenses_of_small_packs
--------------------------|---------------|-----------|------------|------------||-------------|-------------|-----------|-----------|------------|------------------|-----------------|------|------------------------
one server                |            16 |         2 |        770 |          8 ||           8 |           1 |         1 |         0 |          1 |                0 |              16 | 6160 |                      16
five of twenty-four       |           120 |        16 |       1070 |         60 ||          60 |           8 |         7 |         4 |          1 |                7 |             128 | 8560 |                     120
thirty-two                |            32 |        16 |       1070 |         16 ||          16 |           2 |         2 |         0 |          1 |                1 |              32 | 2140 |                      32
sixty-four                |            64 |        16 |          1 |         32 ||          32 |           4 |         4 |         0 |          1 |                3 |              64 |    4 |                      64
an odd number             |            17 |         2 |          1 |          0 ||           9 |           2 |         1 |         1 |          1 |                1 |              18 |    9 |                       0
none                      |             0 |         2 |          1 |          0 ||           0 |           0 |         0 |         0 |          0 |                0 |               0 |    0 |                       0
unknown                   |               |         2 |          1 |            ||             |             |           |           |            |                  |                 |      |
"""


def test_pools():
    check(license_packs, DAY, POOLS)


@given(st.integers(0, 100_000))
def test_packs_cover_and_waste_less_than_one(licenses):
    row = evaluate(pl.LazyFrame({"core_licenses": [licenses]}), license_packs, Settings(DAY)).collect()
    small, large = (row[f"license_packs__packs_{size}"].item() for size in ("small", "large"))
    assert licenses <= small * 2 < licenses + 2
    assert licenses <= large * 16 < licenses + 16
    mix = row["license_packs__mix_large"].item() * 16 + row["license_packs__mix_small"].item() * 2
    assert mix == small * 2
