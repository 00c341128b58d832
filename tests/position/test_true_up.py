from datetime import date

import polars as pl
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


def test_the_order_goes_to_the_running_enrollment_with_the_nearest_anniversary():
    agreements = CANONICAL["agreements"].conform(
        pl.LazyFrame(
            {
                "entity_id": ["main"] * 3,
                "agreement_id": ["A", "B", "C"],
                "enrollment_id": ["A1", "B1", "C1"],
                "program": ["ea", "ea", "ea"],
                "start_date": [date(2024, 12, 1), date(2024, 9, 1), date(2020, 7, 15)],
                "end_date": [date(2027, 11, 30), date(2027, 8, 31), date(2023, 7, 14)],
                "anniversary_date": [None, None, None],
            },
            schema_overrides={"anniversary_date": pl.Date},
        )
    )
    row = true_up(plan_of(4), prices_of(*SMALL_AND_LARGE), agreements, SETTINGS).collect().to_dicts()[0]
    assert (row["enrollment_id"], row["window_opens"], row["window_closes"]) == (
        "B1",
        date(2026, 7, 3),
        date(2026, 8, 2),
    )


@given(short=st.integers(1, 200), small=st.integers(1, 40), large=st.integers(1, 400))
def test_no_other_mix_of_packs_costs_less(short, small, large):
    rows = lines(plan_of(short), prices_of((2, small, "license", DAY), (16, large, "license", DAY)))
    cost = sum(row[3] for row in rows)
    assert sum(row[2] for row in rows) >= short
    mixes = [(n, max(0, -(-(short - 16 * n) // 2))) for n in range(-(-short // 16) + 1)]
    assert cost == min(n * large + m * small for n, m in mixes)
