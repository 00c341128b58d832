"""When backup instances may run for tests: within one week every 90 days, for each backup OSE.

The week begins with the first test that none of the weeks before it holds; the next may begin 90 days after.
"""

import polars as pl

from lmanalytics.rules.engine import frame_rule

FACTS = "tests"
ANSWER = "windows"
_OSE = ["entity_id", "ose_id"]


@frame_rule(unit="date", cite="testing", start="2016-10-01")
def windows(
    tests: pl.LazyFrame, *, test_window_days: int, days_between_windows: int, test_window_repeats: str
) -> pl.LazyFrame:
    """Find the week of each test, and whether the test keeps to it.

    Args:
        tests: entity_id, ose_id, run_id, started_at, ended_at; one row per test.
        test_window_days: days of a window.
        days_between_windows: days from one window to the next.
        test_window_repeats: whether they are counted from the start or from the end of a window.

    Returns:
        entity_id, ose_id, run_id, window_opens, window_closes (both inclusive), next_opens, is_in_window.

    """
    from_start = days_between_windows
    from_end = days_between_windows + test_window_days - 1
    after = pl.duration(days=from_start if test_window_repeats == "after_start" else from_end)
    days = tests.select(*_OSE, "run_id", "ended_at", day=pl.col("started_at").dt.date()).sort("day", *_OSE, "run_id")
    opens = _openings(days, after).lazy().sort("window_opens")
    last = pl.col("window_opens") + pl.duration(days=test_window_days)
    return (
        days.join_asof(
            opens, left_on="day", right_on="window_opens", by=_OSE, strategy="backward", check_sortedness=False
        )
        .select(
            *_OSE,
            "run_id",
            "window_opens",
            window_closes=last - pl.duration(days=1),
            next_opens=pl.col("window_opens") + after,
            is_in_window=(pl.col("day") < last) & (pl.col("ended_at") <= last.cast(pl.Datetime("us"))),
        )
        .sort(*_OSE, "run_id")
    )


def _openings(days: pl.LazyFrame, after: pl.Expr) -> pl.DataFrame:
    """Give every day on which a window opens: a pass per window, over the tests that come after it."""
    left = days.select(*_OSE, "day").unique().collect()
    found = [left.group_by(_OSE).agg(window_opens=pl.col("day").min())]
    while not left.is_empty():
        left = (
            left.join(found[-1], on=_OSE).filter(pl.col("day") >= pl.col("window_opens") + after).drop("window_opens")
        )
        found.append(left.group_by(_OSE).agg(window_opens=pl.col("day").min()))
    return pl.concat(found)
