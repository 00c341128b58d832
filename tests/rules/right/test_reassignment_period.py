from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import reassignment_period
from tests.tables import check

AS_OF = date(2026, 6, 30)

MOVES = """
case                       | last_assigned_on | assigned_on | is_bound || earliest_allowed | days_since | is_after_period | is_on_last_day | min_days
---------------------------|------------------|-------------|----------||------------------|------------|-----------------|----------------|---------
the same day               | 2026-01-05       | 2026-01-05  | true     || 2026-04-05       |          0 | false           | false          |       90
eighty-five days           | 2026-01-05       | 2026-03-31  | true     || 2026-04-05       |         85 | false           | false          |       90
the day before the last    | 2026-01-05       | 2026-04-04  | true     || 2026-04-05       |         89 | false           | false          |       90
the ninetieth day          | 2026-01-05       | 2026-04-05  | true     || 2026-04-05       |         90 | true            | true           |       90
the day after              | 2026-01-05       | 2026-04-06  | true     || 2026-04-05       |         91 | true            | false          |       90
across a leap day          | 2024-01-01       | 2024-03-31  | true     || 2024-03-31       |         90 | true            | true           |       90
a free move                | 2026-01-05       | 2026-01-06  | false    || 2026-04-05       |          1 | false           | false          |        0
never assigned before      |                  | 2026-01-06  |          ||                  |            |                 |                |
no new assignment          | 2026-01-05       |             | true     || 2026-04-05       |            |                 |                |       90
"""


def test_ninety_days_with_the_last_one_allowed():
    check(reassignment_period, AS_OF, MOVES)


def test_the_other_reading_takes_the_ninetieth_day_as_within():
    table = """
    case               | last_assigned_on | assigned_on | is_bound || earliest_allowed | is_after_period | is_on_last_day
    -------------------|------------------|-------------|----------||------------------|-----------------|---------------
    the ninetieth day  | 2026-01-05       | 2026-04-05  | true     || 2026-04-06       | false           | true
    the day after      | 2026-01-05       | 2026-04-06  | true     || 2026-04-06       | true            | false
    """
    check(reassignment_period, AS_OF, table, last_day_of_period="not_allowed")


DAYS = st.dates(date(2016, 1, 1), date(2030, 12, 31))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=20), st.sampled_from(["allowed", "not_allowed"]))
def test_it_agrees_with_a_calendar(moves, reading):
    frame = pl.LazyFrame(
        {
            "last_assigned_on": [a for a, _ in moves],
            "assigned_on": [b for _, b in moves],
            "is_bound": [True] * len(moves),
        }
    )
    got = evaluate(frame, reassignment_period, Settings(AS_OF, {"last_day_of_period": reading})).collect()
    after = [b - a >= timedelta(90) if reading == "allowed" else b - a > timedelta(90) for a, b in moves]
    assert got["reassignment_period__is_after_period"].to_list() == after
