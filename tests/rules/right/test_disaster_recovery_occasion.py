from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import disaster_recovery_occasion
from lmanalytics.rules.right.disaster_recovery_occasion import Reason

DAY = date(2026, 6, 30)
NOON = datetime(2026, 3, 2, 12)  # noqa: DTZ001 (logs of runs name no zone)
TIMES = ("started_at", "ended_at", "production_down_from", "production_down_to")
# purpose, in window; hours from noon: run from, to, production down from, to; what is wrong
RUNS = [
    ("test", True, 0, 1, None, None, None),
    ("test", False, 0, 1, None, None, "outside_test_window"),
    ("test", None, 0, 1, None, None, "test_window_unknown"),
    ("disaster", None, 0, 5, 0, 5, None),
    ("disaster", None, 1, 4, 0, 5, None),
    ("disaster", None, -1, 4, 0, 5, "before_outage"),
    ("disaster", None, 0, 6, 0, 5, "after_outage"),
    ("disaster", None, 0, 500, 0, None, None),
    ("disaster", None, 0, 5, None, None, "outage_unknown"),
    ("disaster", None, 0, 6, None, 5, "after_outage"),
    ("transfer", None, 5, 8, 0, 5, None),
    ("transfer", None, -7 * 24, -7 * 24 + 1, 0, 5, None),
    ("transfer", None, -7 * 24 - 1, -7 * 24, 0, 5, "transfer_too_early"),
    ("transfer", None, 5, 5 + 7 * 24, 0, 5, None),
    ("transfer", None, 6, 6 + 7 * 24, 0, 5, "transfer_too_late"),
    ("transfer", None, -24, 6 * 24 + 1, 0, 5, "transfer_too_long"),
    ("transfer", None, 0, 1, None, None, "outage_unknown"),
    ("transfer", None, 5, 8, 0, None, None),
]


def obstacle(purpose, in_window, *hours, day=DAY, **policies):
    times = {name: None if h is None else NOON + timedelta(hours=h) for name, h in zip(TIMES, hours, strict=True)}
    schema = {"purpose": pl.String, "is_in_window": pl.Boolean, **dict.fromkeys(TIMES, pl.Datetime("us"))}
    facts = pl.LazyFrame([{"purpose": purpose, "is_in_window": in_window, **times}], schema=schema)
    found = evaluate(facts, disaster_recovery_occasion, Settings(day, policies)).collect()
    return found["disaster_recovery_occasion__obstacle_of_occasion"].item()


@pytest.mark.parametrize("row", RUNS)
@pytest.mark.parametrize("day", [date(2016, 10, 1), DAY])
def test_runs(row, day):
    assert obstacle(*row[:-1], day=day) == row[-1]


@pytest.mark.parametrize(("reading", "days"), [("one_day", 1), ("three_days", 3), ("one_week", 7)])
def test_how_long_brief_is_is_a_policy(reading, days):
    run = ("transfer", None, 5)
    assert obstacle(*run, 5 + days * 24, 0, 5, brief_period=reading) is None
    assert obstacle(*run, 6 + days * 24, 0, 5, brief_period=reading) == "transfer_too_late"


def test_every_reason_occurs():
    assert {row[-1] for row in RUNS} - {None} == {reason.code for reason in Reason}


@settings(max_examples=80, deadline=None)
@given(st.integers(-400, 400), st.integers(0, 400), st.integers(0, 100))
def test_transfers_against_comparing_hours(begin, length, down):
    end, week = begin + length, 7 * 24
    expected = (
        "transfer_too_early" if begin < -week
        else "transfer_too_late" if end > down + week
        else "transfer_too_long" if length > week
        else None
    )  # fmt: skip
    assert obstacle("transfer", None, begin, end, 0, down) == expected
