from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.position.true_up import true_up
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL

SETTINGS = Settings(date(2026, 6, 30))


def plan_of(*shortages, needs_sa=False):
    rows = pl.LazyFrame(
        {"subject_id": [f"h{i}" for i in range(len(shortages))], "short": shortages},
        schema_overrides={"short": pl.Int64, "subject_id": pl.String},
    )
    return rows.with_columns(
        entity_id=pl.lit("main"),
        product=pl.lit("Windows Server"),
        edition=pl.lit("Standard"),
        metric=pl.lit("core"),
        needs_sa=pl.lit(needs_sa),
    )


def prices_of(*rows):
    columns = ["pack_size", "unit_price", "purchase_type", "valid_from"]
    frame = pl.LazyFrame(rows, schema=columns, orient="row").with_columns(
        entity_id=pl.lit("main"),
        product=pl.lit("Windows Server"),
        edition=pl.lit("Standard"),
        metric=pl.lit("core"),
        currency=pl.lit("USD"),
    )
    return CANONICAL["prices"].conform(frame)


DAY = date(2026, 1, 1)
SMALL_AND_LARGE = ((2, 140, "license", DAY), (16, 1100, "license", DAY))


def lines(plan, prices, agreements=None):
    table = true_up(plan, prices, agreements, SETTINGS).collect()
    return table.select("pack_size", "packs", "licenses", "cost").rows()


def test_needs_are_added_up_before_they_are_rounded_to_packs():
    assert lines(plan_of(9, 9, 9), prices_of((2, 140, "license", DAY))) == [(2, 14, 28, 14 * 140)]


def test_large_packs_are_filled_first_where_they_pay():
    assert lines(plan_of(120), prices_of(*SMALL_AND_LARGE)) == [(2, 4, 8, 560), (16, 7, 112, 7700)]


def test_one_more_large_pack_where_it_costs_no_more_than_the_rest():
    assert lines(plan_of(31), prices_of(*SMALL_AND_LARGE)) == [(16, 2, 32, 2200)]


def test_large_packs_that_do_not_pay_are_left_alone():
    assert lines(plan_of(32), prices_of((2, 140, "license", DAY), (16, 1200, "license", DAY))) == [(2, 16, 32, 2240)]


def test_the_price_in_force_is_the_last_that_started():
    later = ((2, 150, "license", date(2026, 6, 30)), (2, 999, "license", date(2026, 7, 1)))
    assert lines(plan_of(4), prices_of((2, 140, "license", DAY), *later)) == [(2, 2, 4, 300)]


def test_individually_licensed_machines_are_bought_with_software_assurance():
    prices = prices_of((2, 140, "license", DAY), (2, 210, "license_and_sa", DAY))
    assert lines(plan_of(8, needs_sa=True), prices) == [(2, 4, 8, 840)]


def test_without_prices_the_licenses_are_named_and_their_cost_is_unknown():
    table = true_up(plan_of(9), None, None, SETTINGS).collect()
    assert table.select("pack_size", "packs", "licenses", "cost", "reason").rows() == [(1, 9, 9, None, "no_price")]


def test_nothing_short_is_an_update_statement():
    table = true_up(plan_of(0, 0), None, None, SETTINGS).collect()
    assert table.select("basis", "licenses", "reason").rows() == [("update_statement", 0, "nothing_due")]


def test_without_any_need_that_is_known_there_is_neither_order_nor_statement():
    assert true_up(plan_of(), None, None, SETTINGS).collect().is_empty()


def test_each_entity_pays_its_own_prices_and_without_any_those_of_main():
    later = date(2026, 2, 1)
    main, other = prices_of((2, 140, "license", DAY)), prices_of((2, 300, "license", later))
    prices = pl.concat([main, other.with_columns(entity_id=pl.lit("other"))])
    plan = pl.concat([plan_of(4).with_columns(entity_id=pl.lit(e)) for e in ("main", "other", "third")])
    table = true_up(plan, prices, None, SETTINGS).collect()
    assert table.select("entity_id", "cost").rows() == [("main", 280), ("other", 600), ("third", 280)]


def test_the_cheapest_offer_of_a_pack_counts_and_currencies_are_not_mixed():
    offers = prices_of((2, 140, "license", DAY), (2, 150, "license", date(2026, 2, 1)))
    offers = offers.with_columns(program=pl.Series(["csp", "ea"]))
    assert lines(plan_of(4), offers) == [(2, 2, 4, 280)]
    mixed = offers.with_columns(currency=pl.Series(["USD", "EUR"]))
    assert lines(plan_of(4), mixed) == [(1, 4, 4, None)]


def test_an_update_statement_says_when_something_is_not_computable():
    unknown = pl.LazyFrame({"entity_id": ["main"], "product": ["Windows Server"]})
    assert true_up(plan_of(0), None, None, SETTINGS, unknown).collect()["reason"].to_list() == ["nothing_known_due"]
    other = unknown.with_columns(entity_id=pl.lit("other"))
    assert true_up(plan_of(0), None, None, SETTINGS, other).collect()["reason"].to_list() == ["nothing_due"]


def enrollments_of(*rows):
    columns = ["entity_id", "enrollment_id", "start_date", "end_date", "last_order_on"]
    dates = dict.fromkeys(columns[2:], pl.Date)
    frame = pl.LazyFrame(rows, schema=columns, orient="row", schema_overrides=dates)
    return CANONICAL["agreements"].conform(frame.with_columns(agreement_id=pl.lit("E"), program=pl.lit("ea")))


NEAR = ("main", "near", date(2024, 9, 1), date(2027, 8, 31), None)
FAR = ("main", "far", date(2024, 12, 1), date(2027, 11, 30), None)
PAST = ("main", "past", date(2020, 7, 15), date(2023, 7, 14), None)


def placed(plan, agreements, settings=SETTINGS, **more):
    table = true_up(plan, prices_of(*SMALL_AND_LARGE), agreements, settings, **more).collect()
    return table.select("enrollment_id", "basis", "window_opens", "window_closes").sort("enrollment_id").rows()


def test_the_order_goes_to_the_enrollment_whose_window_closes_first_and_the_others_send_a_statement():
    assert placed(plan_of(4), enrollments_of(NEAR, FAR, PAST)) == [
        ("far", "update_statement", date(2026, 10, 2), date(2026, 11, 1)),
        ("near", "high_water_mark", date(2026, 7, 3), date(2026, 8, 2)),
    ]


def test_where_nothing_is_short_every_running_enrollment_sends_a_statement():
    assert [row[:2] for row in placed(plan_of(0), enrollments_of(NEAR, FAR, PAST))] == [
        ("far", "update_statement"),
        ("near", "update_statement"),
    ]


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        (date(2026, 8, 2), date(2026, 7, 3), date(2026, 8, 2)),  # its last day
        (date(2026, 8, 3), date(2027, 8, 1), date(2027, 8, 31)),  # closed: the last window of the enrollment
        (date(2025, 8, 3), date(2026, 7, 3), date(2026, 8, 2)),  # closed: that of the next anniversary
        (date(2027, 8, 31), date(2027, 8, 1), date(2027, 8, 31)),  # the day the enrollment expires
    ],
)
def test_a_window_that_has_closed_is_never_named(day, opens, closes):
    assert [row[2:] for row in placed(plan_of(4), enrollments_of(NEAR), Settings(day))] == [(opens, closes)]


def listed_of(*rows):
    frame = pl.LazyFrame(rows, schema=["enrollment_id", "product", "is_enterprise_product"], orient="row")
    return CANONICAL["agreement_products"].conform(
        frame.with_columns(entity_id=pl.lit("main"), agreement_id=pl.lit("E"))
    )


def test_an_enrollment_that_lists_the_product_comes_first_and_says_how_it_is_counted():
    agreements = enrollments_of(NEAR, FAR)
    for is_enterprise, basis in ((True, "count_at_order"), (False, "high_water_mark")):
        found = placed(plan_of(4), agreements, products=listed_of(("far", "Windows Server", is_enterprise)))
        assert [row[:2] for row in found] == [("far", basis), ("near", "update_statement")]


def test_a_product_that_no_enrollment_lists_is_counted_as_the_policy_says():
    settings = Settings(SETTINGS.as_of, {"true_up_unlisted_product": "enterprise"})
    assert [row[1] for row in placed(plan_of(4), enrollments_of(NEAR), settings)] == ["count_at_order"]


def held_of(*enrollments):
    frame = pl.LazyFrame({"enrollment_id": list(enrollments)}, schema={"enrollment_id": pl.String})
    return frame.with_columns(entity_id=pl.lit("main"), agreement_id=pl.lit("E"), product=pl.lit("Windows Server"))


def test_an_enrollment_under_which_the_product_was_ordered_comes_before_a_nearer_one():
    found = placed(plan_of(4), enrollments_of(NEAR, FAR), licenses=held_of("far"))
    assert [row[:2] for row in found] == [("far", "high_water_mark"), ("near", "update_statement")]


def test_a_product_new_to_the_enrollment_is_ordered_in_the_month_of_first_use():
    table = true_up(plan_of(4), prices_of(*SMALL_AND_LARGE), enrollments_of(NEAR), SETTINGS, licenses=held_of())
    rows = table.select("reason", "window_opens", "window_closes").collect().rows()
    assert rows == [("new_product", date(2026, 6, 30), date(2026, 6, 30))]


def test_the_highest_use_counts_since_the_latest_of_start_last_order_and_anniversary():
    ordered = ("main", "near", date(2024, 9, 1), date(2027, 8, 31), date(2026, 1, 20))
    fresh = ("main", "far", date(2026, 5, 1), date(2029, 4, 30), None)
    table = true_up(plan_of(0), None, enrollments_of(ordered, fresh), SETTINGS).collect()
    found = dict(table.select("enrollment_id", "counted_since").rows())
    assert found == {"near": date(2026, 1, 20), "far": date(2026, 5, 1)}
    table = true_up(plan_of(0), None, enrollments_of(NEAR), SETTINGS).collect()
    assert table["counted_since"].to_list() == [date(2025, 9, 1)]


@given(short=st.integers(1, 200), small=st.integers(1, 40), large=st.integers(1, 400))
def test_no_other_mix_of_packs_costs_less(short, small, large):
    rows = lines(plan_of(short), prices_of((2, small, "license", DAY), (16, large, "license", DAY)))
    cost = sum(row[3] for row in rows)
    assert sum(row[2] for row in rows) >= short
    mixes = [(n, max(0, -(-(short - 16 * n) // 2))) for n in range(-(-short // 16) + 1)]
    assert cost == min(n * large + m * small for n, m in mixes)
