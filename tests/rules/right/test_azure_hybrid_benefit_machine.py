from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import azure_hybrid_benefit_machine
from tests.tables import check

TODAY = date(2026, 6, 30)
EXACT = """
case                    | vcpus | underlying_vcpus | instances | licenses_held | processor_licenses || virtual_cores | licenses | sets | scale_set_licenses | largest_machine | machines_covered | core_licenses_of_processors
------------------------|-------|------------------|-----------|---------------|--------------------||---------------|----------|------|--------------------|-----------------|------------------|----------------------------
none                    |     0 |                  |         0 |             0 |                  0 ||             0 |        8 |    1 |                  0 |               0 |                0 |                           0
one core                |     1 |                  |         1 |             7 |                  1 ||             1 |        8 |    1 |                  8 |               0 |                0 |                          16
at the minimum          |     8 |                  |        10 |             8 |                  2 ||             8 |        8 |    1 |                 80 |               8 |                1 |                          32
one above the minimum   |     9 |                  |         3 |            24 |                    ||             9 |        9 |    1 |                 27 |              24 |                2 |
exactly its cores       |    12 |                  |           |               |                    ||            12 |       12 |    1 |                    |                 |                  |
a set                   |    16 |                  |           |            32 |                    ||            16 |       16 |    1 |                    |              32 |                2 |
one above a set         |    17 |                  |           |            33 |                    ||            17 |       17 |    2 |                    |              33 |                1 |
twenty                  |    20 |                  |           |           160 |                    ||            20 |       20 |    2 |                    |             160 |                8 |
two sets                |    32 |                  |           |               |                    ||            32 |       32 |    2 |                    |                 |                  |
constrained             |     4 |               16 |           |               |                    ||            16 |       16 |    1 |                    |                 |                  |
only the full size said |       |               16 |           |               |                    ||            16 |       16 |    1 |                    |                 |                  |
unknown                 |       |                  |         2 |            16 |                  1 ||               |          |      |                    |              16 |                  |                          16
"""
BLOCKS = """
case            | vcpus | licenses_held || licenses | largest_machine
----------------|-------|---------------||----------|----------------
one core        |     1 |             8 ||        8 |               8
a block         |     8 |            15 ||        8 |               8
above a block   |     9 |            16 ||       16 |              16
ten             |    10 |            24 ||       16 |              24
twelve          |    12 |             7 ||       16 |               0
two blocks      |    16 |             0 ||       16 |               0
twenty          |    20 |               ||       24 |
unknown         |       |            16 ||          |              16
"""
SETS = """
case            | vcpus | licenses_held || licenses | sets | largest_machine | machines_covered
----------------|-------|---------------||----------|------|-----------------|-----------------
one core        |     1 |            16 ||        8 |    1 |              16 |                2
half a set      |     8 |           160 ||        8 |    1 |             160 |               20
above half      |     9 |            24 ||       16 |    1 |              16 |                1
a set           |    16 |            32 ||       16 |    1 |              32 |                2
above a set     |    17 |            47 ||       32 |    2 |              32 |                1
twenty          |    20 |             8 ||       32 |    2 |               0 |                0
two sets        |    32 |            31 ||       32 |    2 |              16 |                0
unknown         |       |            16 ||          |      |              16 |
"""
OLD = """
case            | vcpus || licenses
----------------|-------||---------
a block         |     8 ||        8
above a block   |     9 ||       16
twenty          |    20 ||       24
"""


def test_exactly_by_the_terms_of_today():
    check(azure_hybrid_benefit_machine, TODAY, EXACT)
    check(azure_hybrid_benefit_machine, date(2023, 4, 1), EXACT)


def test_in_blocks_of_8():
    for day in (date(2016, 10, 1), TODAY):
        check(azure_hybrid_benefit_machine, day, BLOCKS, ahb_rounding="blocks_of_8")


def test_in_sets_of_16():
    for day in (date(2016, 10, 1), TODAY):
        check(azure_hybrid_benefit_machine, day, SETS, ahb_rounding="sets_of_16")


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2023, 3, 31)])
def test_until_march_2023_the_terms_counted_groups_of_8(day):
    check(azure_hybrid_benefit_machine, day, OLD)


def test_active_cores_of_a_constrained_size():
    table = """
case        | vcpus | underlying_vcpus || virtual_cores | licenses
------------|-------|------------------||---------------|---------
constrained |     4 |               16 ||             4 |        8
not said    |       |               16 ||               |
"""
    check(azure_hybrid_benefit_machine, TODAY, table, ahb_constrained_vcpus="active")


def packed(machines, reading="sets_of_16", day=TODAY):
    """Pack machines of one customer: virtual cores and how many are alike."""
    settings = Settings(day, {"ahb_rounding": reading})
    rows = pl.LazyFrame(machines, schema={"vcpus": pl.Int64, "machines": pl.Int64}, orient="row")
    sized = evaluate(rows, azure_hybrid_benefit_machine, settings).with_columns(
        entity_id=pl.lit("main"), licenses=column_name(azure_hybrid_benefit_machine, "licenses")
    )
    return compute(azure_hybrid_benefit_machine, "packing", settings, machines=sized).collect().to_dicts()


def test_an_estate_is_packed_by_sizes_and_not_by_the_sum_of_its_cores():
    found = packed([(16, 6), (8, 100), (2, 854)])[0]
    assert (found["machines"], found["sets"], found["licenses"]) == (960, 483, 483 * 16)


@pytest.mark.parametrize(
    ("machines", "licenses", "sets", "unshared"),
    [
        ([(8, 1)], 16, 1, 8),
        ([(8, 2)], 16, 1, 0),
        ([(8, 3)], 32, 2, 8),
        ([(9, 1), (8, 1)], 32, 2, 8),
        ([(20, 1), (4, 1)], 48, 3, 8),
        ([(None, 1), (4, 1)], None, None, None),
        ([], 0, 0, 0),
    ],
    ids=["one", "two", "three", "a large one shares nothing", "nor a stacked one", "unknown", "none"],
)
def test_what_shares_a_set(machines, licenses, sets, unshared):
    found = packed(machines)
    expected = {"licenses": licenses, "sets": sets, "unshared_licenses": unshared}
    assert [{k: row[k] for k in expected} for row in found] == ([expected] if machines else [])


@pytest.mark.parametrize(("day", "licenses"), [(date(2016, 10, 1), 16), (date(2023, 3, 31), 16), (date(2023, 4, 1), 8)])
def test_a_customers_minimum_until_march_2023(day, licenses):
    assert packed([(4, 1)], "exact", day)[0]["licenses"] == licenses
    assert packed([(4, 0)], "exact", day)[0]["licenses"] == 0


def bins(sizes):
    """Fill sets one machine after the other: a set of 16 takes one machine, or two of up to 8."""
    halves = sum(1 for v in sizes if v <= 8)
    whole = sum(-(-v // 16) for v in sizes if v > 8)
    return whole + (halves + 1) // 2


@given(st.lists(st.integers(1, 130), max_size=40))
def test_packing_agrees_with_filling_sets(sizes):
    found = packed([(v, 1) for v in sizes])
    assert [row["sets"] for row in found] == ([bins(sizes)] if sizes else [])


@given(st.lists(st.integers(1, 130), min_size=1, max_size=20))
def test_no_reading_is_below_a_closer_one(sizes):
    exact, blocks, sets = (
        packed([(v, 1) for v in sizes], reading)[0]["licenses"] for reading in ("exact", "blocks_of_8", "sets_of_16")
    )
    assert exact <= blocks <= sets
    assert exact == sum(max(8, v) for v in sizes)
    assert blocks == sum(-(-max(8, v) // 8) * 8 for v in sizes)
