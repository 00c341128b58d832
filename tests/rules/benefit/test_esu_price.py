from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import esu_price
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings

DAY = date(2026, 11, 21)
TYPES = {
    "licenses": pl.Int64, "pack_size": pl.Int64, "license_price": pl.Decimal(38, 4), "percent": pl.Int64,
    "amount": pl.Decimal(38, 4), "amount_per_month": pl.Decimal(38, 4),
}  # fmt: skip


def cost(**row):
    frame = pl.LazyFrame({name: [row.get(name)] for name in TYPES}, schema=TYPES)
    found = evaluate(frame, esu_price, Settings(DAY)).collect()
    return tuple(found[column_name(esu_price, n)].item() for n in ("packs", "pack_price", "year_price"))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"licenses": 16, "pack_size": 2, "license_price": Decimal(100), "percent": 75}, (8, 75, 600)),
        ({"licenses": 17, "pack_size": 2, "license_price": Decimal(100), "percent": 125}, (9, 125, 1125)),
        ({"licenses": 8, "pack_size": 2, "amount": Decimal(3353)}, (4, 3353, 13412)),
        ({"licenses": 1, "pack_size": 1, "amount": Decimal(61)}, (1, 61, 61)),
        (
            {"licenses": 16, "pack_size": 16, "amount_per_month": Decimal("479.66")},
            (1, Decimal("5755.92"), Decimal("5755.92")),
        ),
        ({"licenses": 0, "pack_size": 2, "amount": Decimal(3353)}, (0, 3353, 0)),
        ({"licenses": 8, "pack_size": 2, "percent": 75}, (4, None, None)),
        ({"licenses": 8, "pack_size": 2}, (4, None, None)),
        ({"pack_size": 2, "amount": Decimal(3353)}, (None, 3353, None)),
    ],
)
def test_costs(row, expected):
    assert cost(**row) == expected


def listed(product, version, edition=None, activation=None, **policies):
    rows = compute(esu_price, "published", Settings(DAY, policies)).collect()
    same = pl.col("edition").eq_missing(pl.lit(edition, pl.String)) & pl.col("activation").eq_missing(
        pl.lit(activation, pl.String)
    )
    return rows.filter((pl.col("product") == product) & (pl.col("version") == version) & same).sort("esu_year")


@pytest.mark.parametrize(
    ("asked", "column", "expected"),
    [
        (("SQL Server", "2012"), "percent", [75, 100, 125]),
        (("Windows Server", "2012 R2"), "percent", [75, 100, 125]),
        (("Windows Server", "2008"), "percent", [75, 75, 75]),
        (("SQL Server", "2016", "Enterprise"), "amount", [12854, 12854, 12854]),
        (("SQL Server", "2016", "Standard"), "amount", [3353, 3353, 3353]),
        (("Windows", "10 22H2"), "amount", [61, 122, 244]),
        (("Windows", "10 22H2", None, "cloud"), "amount", [45]),
        (("Windows", "7", "Professional"), "amount", [50, 100, 200]),
        (("Windows", "7", "Enterprise"), "amount", [25, 50, 100]),
        (("Windows Server", "2016", "Datacenter"), "amount_per_month", [Decimal("479.66")] * 3),
        (("Windows Server", "2016", "Standard"), "amount", []),
        (("Exchange Server", "2019"), "amount", []),
    ],
)
def test_published_prices(asked, column, expected):
    assert listed(*asked)[column].to_list() == expected


@pytest.mark.parametrize(("reading", "expected"), [("flat_100", [100] * 3), ("flat_75", [75] * 3)])
def test_readings_of_the_shape(reading, expected):
    assert listed("SQL Server", "2014", esu_price_of_2012=reading)["percent"].to_list() == expected


@pytest.mark.parametrize(("reading", "is_any"), [("not_used", False), ("used", True)])
def test_published_prices_stand_in_only_where_a_policy_says_so(reading, is_any):
    settings = Settings(DAY, {"esu_published_prices": reading})
    every = compute(esu_price, "published", settings)
    found = compute(esu_price, "substitutes", settings, listed=every).collect()
    assert (found.height > 0) is is_any
    assert found["activation"].null_count() == found.height


def entering(*prices):
    rows = pl.LazyFrame(
        {"offer_id": ["a"] * len(prices), "esu_year": [*range(1, len(prices) + 1)], "year_price": prices},
        schema={"offer_id": pl.String, "esu_year": pl.Int64, "year_price": pl.Int64},
    )
    return compute(esu_price, "cumulative", Settings(DAY), years=rows).collect()["entering_costs"].to_list()


def test_entering_late_costs_every_year():
    assert entering(61, 122, 244) == [61, 183, 427]
    assert entering(61, None, 244) == [61, None, None]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_entering_agrees_with_plain_sums(prices):
    assert entering(*prices) == [sum(prices[: n + 1]) for n in range(len(prices))]
