from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import disaster_recovery_tests

DAY = date(2026, 6, 30)
NINE = timedelta(hours=9)


def windows(tests, **policies):
    """Give (ose, day, hours) their windows, in the order of the tests."""
    rows = [
        {"entity_id": "main", "ose_id": ose, "run_id": f"{i:04}", "started_at": midnight(day) + NINE,
         "ended_at": midnight(day) + NINE + timedelta(hours=hours)}
        for i, (ose, day, hours) in enumerate(tests)
    ]  # fmt: skip
    schema = {
        "entity_id": pl.String,
        "ose_id": pl.String,
        "run_id": pl.String,
        "started_at": pl.Datetime("us"),
        "ended_at": pl.Datetime("us"),
    }
    found = compute(
        disaster_recovery_tests, "windows", Settings(DAY, policies), tests=pl.LazyFrame(rows, schema=schema)
    )
    return found.collect().sort("run_id").to_dicts()


def midnight(day):
    return datetime.combine(day, datetime.min.time())


def permitted(days, **policies):
    return [row["is_in_window"] for row in windows([("o", day, 3) for day in days], **policies)]


def test_a_week_and_the_next_after_ninety_days():
    days = [
        date(2026, 3, 2),
        date(2026, 3, 8),
        date(2026, 3, 9),
        date(2026, 5, 30),
        date(2026, 5, 31),
        date(2026, 6, 6),
    ]
    assert permitted(days) == [True, True, False, False, True, True]
    first = windows([("o", days[0], 3)])[0]
    assert (first["window_opens"], first["window_closes"], first["next_opens"]) == (days[0], days[1], days[4])


def test_days_counted_from_the_end_of_the_week():
    days = [date(2026, 3, 2), date(2026, 5, 31), date(2026, 6, 5), date(2026, 6, 6)]
    assert permitted(days, test_window_repeats="after_end") == [True, False, False, True]


def test_a_test_that_was_not_permitted_opens_no_week():
    days = [date(2026, 1, 5), date(2026, 2, 20), date(2026, 4, 5), date(2026, 5, 21)]
    assert permitted(days) == [True, False, True, False]


@pytest.mark.parametrize(("hours", "kept"), [(15, True), (16, False), (15 + 24 * 6, False)])
def test_a_test_on_the_last_day_ends_with_it(hours, kept):
    found = windows([("o", date(2026, 3, 2), 3), ("o", date(2026, 3, 8), hours)])
    assert [row["is_in_window"] for row in found] == [True, kept]


def test_a_test_may_last_the_whole_week():
    assert windows([("o", date(2026, 3, 2), 7 * 24 - 9)])[0]["is_in_window"]
    assert not windows([("o", date(2026, 3, 2), 7 * 24 - 8)])[0]["is_in_window"]


def test_each_backup_has_weeks_of_its_own():
    tests = [("a", date(2026, 3, 2), 3), ("b", date(2026, 3, 20), 3), ("a", date(2026, 3, 20), 3)]
    assert [row["is_in_window"] for row in windows(tests)] == [True, True, False]


def test_no_tests_no_weeks():
    assert windows([]) == []


def by_hand(days):
    """Go through the days of one backup in order."""
    opened, kept = None, {}
    for day in sorted(days):
        if opened is None or day >= opened + timedelta(days=90):
            opened = day
        kept[day] = day < opened + timedelta(days=7)
    return [kept[day] for day in days]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 800), min_size=1, max_size=30))
def test_against_going_through_the_days(offsets):
    days = [date(2020, 1, 1) + timedelta(days=n) for n in offsets]
    assert permitted(days) == by_hand(days)
