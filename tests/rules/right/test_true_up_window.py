from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import true_up_window
from tests.tables import check

ENROLLMENTS = """
case                              | anniversary_date | start_date || next_anniversary | window_opens | window_closes
----------------------------------|------------------|------------||------------------|--------------|--------------
stated, in the future             | 2027-06-01       | 2024-06-01 || 2027-06-01       | 2027-04-02   | 2027-05-02
stated, long past                 | 2024-09-15       | 2023-09-15 || 2026-09-15       | 2026-07-17   | 2026-08-16
today is the anniversary          | 2025-06-30       | 2024-06-30 || 2026-06-30       | 2026-05-01   | 2026-05-31
yesterday was the anniversary     | 2025-06-29       | 2024-06-29 || 2027-06-29       | 2027-04-30   | 2027-05-30
not stated: that of the start     |                  | 2024-01-01 || 2027-01-01       | 2026-11-02   | 2026-12-02
leap day                          | 2024-02-29       | 2024-02-29 || 2027-02-28       | 2026-12-30   | 2027-01-29
neither is known                  |                  |            ||                  |              |
"""


def test_the_window_before_the_next_anniversary():
    check(true_up_window, date(2026, 6, 30), ENROLLMENTS)


ORDERS = """
case                                    | anniversary_date | start_date | end_date   || is_final | order_opens | order_closes
----------------------------------------|------------------|------------|------------||----------|-------------|-------------
in the future                           | 2027-06-01       | 2025-06-01 | 2028-05-31 || false    | 2027-04-02  | 2027-05-02
the window closes today                 | 2026-07-30       | 2025-07-30 | 2028-07-29 || false    | 2026-05-31  | 2026-06-30
it closed yesterday: a year on          | 2026-07-29       | 2025-07-29 | 2028-07-28 || false    | 2027-05-30  | 2027-06-29
it closed, and the last one follows     | 2026-07-01       | 2025-07-01 | 2027-06-30 || true     | 2027-05-31  | 2027-06-30
the last year, its window is open       | 2026-07-01       | 2023-07-01 | 2026-06-30 || true     | 2026-05-31  | 2026-06-30
the last year, it opens in a month      | 2026-08-30       | 2023-08-30 | 2026-08-29 || true     | 2026-07-30  | 2026-08-29
the end is stated as the anniversary    | 2026-08-30       | 2023-08-30 | 2026-08-30 || true     | 2026-07-31  | 2026-08-30
expired yesterday                       | 2026-06-30       | 2023-06-30 | 2026-06-29 || true     |             |
no end is known                         | 2027-06-01       | 2024-06-01 |            || false    | 2027-04-02  | 2027-05-02
nothing is known                        |                  |            |            || false    |             |
"""


def test_the_window_that_is_open_or_opens_next():
    check(true_up_window, date(2026, 6, 30), ORDERS)


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    start=st.dates(date(2017, 1, 1), date(2026, 12, 31)),
    years=st.integers(1, 5),
)
def test_no_window_is_closed_and_each_is_as_long_as_it_says(day, start, years):
    end = start.replace(year=start.year + years, day=min(start.day, 28)) - timedelta(days=1)
    facts = pl.LazyFrame(
        {"anniversary_date": [None], "start_date": [start], "end_date": [end]},
        schema_overrides={"anniversary_date": pl.Date},
    )
    found = evaluate(facts, true_up_window, Settings(day)).collect().to_dicts()[0]
    opens, closes = found["true_up_window__order_opens"], found["true_up_window__order_closes"]
    if end < day:
        assert (opens, closes) == (None, None)
        return
    assert closes >= day
    assert (closes - opens).days == 30
    assert closes <= end
    if closes < end:
        assert (found["true_up_window__order_anniversary"] - closes).days == 30
