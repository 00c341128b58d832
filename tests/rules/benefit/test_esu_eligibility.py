from calendar import monthrange
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import esu_eligibility
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 1, 31)
MONTH = """
case                          | recorded_start | period_start | sa_end     || coverage_start | sa_needed_until | has_month_left
------------------------------|----------------|--------------|------------||----------------|-----------------|---------------
a month to the day            |                | 2024-10-09   | 2024-11-08 || 2024-10-09     | 2024-11-08      | true
more                          |                | 2024-10-09   | 2024-11-09 || 2024-10-09     | 2024-11-08      | true
one day short                 |                | 2024-10-09   | 2024-11-07 || 2024-10-09     | 2024-11-08      | false
the end of the month is less  |                | 2024-10-09   | 2024-10-31 || 2024-10-09     | 2024-11-08      | false
the recorded start counts     | 2024-12-01     | 2024-10-09   | 2024-12-31 || 2024-12-01     | 2024-12-31      | true
a short month                 | 2025-01-31     | 2024-10-09   | 2025-02-27 || 2025-01-31     | 2025-02-27      | true
ended before                  |                | 2025-10-15   | 2024-12-31 || 2025-10-15     | 2025-11-14      | false
end unknown                   |                | 2025-10-15   |            || 2025-10-15     | 2025-11-14      |
start unknown                 |                |              | 2025-12-31 ||                |                 |
"""
THIRTY = """
case                    | recorded_start | period_start | sa_end     || sa_needed_until | has_month_left
------------------------|----------------|--------------|------------||-----------------|---------------
thirty days             |                | 2024-10-09   | 2024-11-07 || 2024-11-07      | true
one day short           |                | 2024-10-09   | 2024-11-06 || 2024-11-07      | false
one more unknown        | 2024-10-09     | 2024-10-09   |            || 2024-11-07      |
"""
TODAY = """
case                      | recorded_start | period_start | sa_end     || coverage_start
--------------------------|----------------|--------------|------------||---------------
the year has begun        |                | 2025-10-15   | 2026-11-08 || 2026-01-31
the year has not begun    |                | 2026-07-15   | 2026-11-08 || 2026-07-15
recorded all the same     | 2025-11-01     | 2025-10-15   | 2026-11-08 || 2025-11-01
no year                   |                |              | 2026-11-08 ||
"""
MONTHS = """
case          | sa_months_remaining || has_months_left | minimum_months
--------------|---------------------||-----------------|---------------
none          |                   0 || false           | 1
one           |                   1 || true            | 1
many          |                  14 || true            | 1
unknown       |                     ||                 | 1
"""
Reason = esu_eligibility.Reason
GOOD = {
    "is_edition_offered": True, "period_start": date(2025, 10, 15),
    "recorded_start": None, "sa_end": None, "is_azure": False, "is_azure_only": False, "is_free": False,
    "is_development": False, "is_hosted": False, "is_sold_hosted": True, "is_authorized_host": True, "needs_sa": True,
    "sa_licenses": 100, "sa_licenses_too_short": 0, "sa_licenses_open": 0, "licenses_to_cover": 100,
}  # fmt: skip
SCHEMA = {
    "is_edition_offered": pl.Boolean, "is_sold_hosted": pl.Boolean, "period_start": pl.Date, "recorded_start": pl.Date,
    "sa_end": pl.Date,
    **dict.fromkeys(("is_azure", "is_azure_only", "is_free", "is_development", "is_hosted", "needs_sa"), pl.Boolean),
    "is_authorized_host": pl.Boolean,
    **dict.fromkeys(("sa_licenses", "sa_licenses_too_short", "sa_licenses_open", "licenses_to_cover"), pl.Int64),
}  # fmt: skip


def decided(policies=None, **changed):
    row = GOOD | changed
    frame = pl.LazyFrame({name: [value] for name, value in row.items()}, schema=SCHEMA)
    found = evaluate(frame, esu_eligibility, Settings(DAY, policies or {})).collect()
    names = [column_name(esu_eligibility, n) for n in ("eligibility", "is_eligible")]
    return tuple(found.select(names).row(0))


def test_a_month_of_software_assurance():
    check(esu_eligibility, DAY, MONTH)
    check(esu_eligibility, DAY, THIRTY, esu_sa_month="thirty_days")
    check(esu_eligibility, DAY, TODAY, esu_coverage_begins="when_bought")
    check(esu_eligibility, DAY, MONTHS)


@pytest.mark.parametrize(
    ("changed", "reason", "is_eligible"),
    [
        ({}, Reason.ENOUGH_SA, True),
        ({"licenses_to_cover": 101}, Reason.SA_UNKNOWN, None),
        ({"sa_licenses": 0, "licenses_to_cover": 0}, Reason.NO_SA, False),
        ({"sa_licenses": 0}, Reason.NO_SA, False),
        ({"sa_licenses": 0, "sa_licenses_too_short": 5}, Reason.TOO_LITTLE_SA, False),
        ({"sa_licenses": 0, "sa_licenses_open": 5, "sa_licenses_too_short": 5}, Reason.SA_UNKNOWN, None),
        ({"sa_licenses": None}, Reason.SA_UNKNOWN, None),
        ({"sa_licenses": 0, "sa_end": date(2025, 11, 14)}, Reason.ENOUGH_SA, True),
        ({"sa_end": date(2025, 11, 13)}, Reason.TOO_LITTLE_SA, False),
        ({"needs_sa": False, "sa_licenses": 0}, Reason.SA_NOT_NEEDED, True),
        ({"is_hosted": True, "sa_licenses": 0}, Reason.HOSTED, True),
        ({"is_hosted": True, "is_authorized_host": False}, Reason.HOST_NOT_AUTHORIZED, False),
        ({"is_hosted": True, "is_authorized_host": None}, Reason.HOST_UNKNOWN, None),
        ({"is_hosted": True, "is_authorized_host": False, "is_sold_hosted": False}, Reason.CHANNEL_NOT_OFFERED, False),
        ({"is_hosted": False, "is_authorized_host": None}, Reason.ENOUGH_SA, True),
        ({"is_hosted": True, "is_sold_hosted": False}, Reason.CHANNEL_NOT_OFFERED, False),
        ({"is_hosted": True, "is_sold_hosted": None}, Reason.CHANNEL_NOT_OFFERED, False),
        ({"is_free": True, "sa_licenses": 0}, Reason.FREE, True),
        ({"period_start": None}, Reason.DAYS_UNKNOWN, None),
        ({"is_azure_only": True}, Reason.AZURE_ONLY, False),
        ({"is_azure_only": True, "is_azure": None}, Reason.AZURE_ONLY, False),
        ({"is_azure_only": True, "is_azure": True, "is_free": True}, Reason.FREE, True),
        ({"is_edition_offered": False}, Reason.EDITION_NOT_OFFERED, False),
        ({"is_edition_offered": None}, Reason.EDITION_UNKNOWN, None),
        ({"is_development": True, "is_edition_offered": False}, Reason.DEVELOPMENT, True),
    ],
)
def test_every_reason(changed, reason, is_eligible):
    assert decided(**changed) == (reason.code, is_eligible)


def test_every_reason_occurs_above():
    seen = {case[1] for case in test_every_reason.pytestmark[0].args[1]}
    assert seen == set(Reason)


def test_the_terms_except_no_client():
    changed = {"needs_sa": False, "sa_licenses": 0}
    assert decided(policies={"client_esu_needs_sa": "yes"}, **changed) == (Reason.NO_SA.code, False)


def one_month_on(day):
    """The day before the same day of the next month, or before the last one where that month is shorter."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1])) - timedelta(days=1)


@given(st.dates(date(2019, 1, 1), date(2030, 1, 1)), st.integers(-40, 80))
def test_agrees_with_the_calendar(start, days):
    end = start + timedelta(days=days)
    frame = pl.LazyFrame({"period_start": [start], "sa_end": [end]})
    found = evaluate(frame, esu_eligibility, Settings(DAY)).collect()
    assert found[column_name(esu_eligibility, "has_month_left")].item() is (end >= one_month_on(start))
