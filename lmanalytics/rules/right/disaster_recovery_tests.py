"""When backup instances may run for tests: within one week every 90 days, for each backup OSE.

The week begins with the first test that none of the weeks before it holds; the next may begin 90 days after.
"""

import polars as pl

from lmanalytics.rules.engine import frame_rule
from lmanalytics.rules.right._runs import same

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
    from_end = days_between_windows + test_window_days - 1
    after = days_between_windows if test_window_repeats == "after_start" else from_end
    days = tests.select(*_OSE, "run_id", "ended_at", day=pl.col("started_at").dt.date()).sort("day")
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
            next_opens=pl.col("window_opens") + pl.duration(days=after),
            is_in_window=(pl.col("day") < last) & (pl.col("ended_at") <= last.cast(pl.Datetime("us"))),
        )
        .sort(*_OSE, "run_id")
    )


def _openings(days: pl.LazyFrame, after: int) -> pl.DataFrame:
    """Give every day on which a window opens: from the first day of each OSE to the next that is late enough."""
    rows = days.select(*_OSE, "day").unique().sort(*_OSE, "day").with_columns(ose=same(_OSE)).collect()
    if rows.is_empty():
        return rows.select(*_OSE, window_opens="day")
    number = pl.col("day").to_physical().cast(pl.Int64)
    stride = number.max() - number.min() + after + 1
    rows = rows.with_columns(at=pl.col("ose") * stride + number - number.min())
    following = pl.col("at").search_sorted(pl.col("at") + after)
    target = pl.col("ose").gather(following.clip(upper_bound=pl.len() - 1))
    is_own = (following < pl.len()) & (target == pl.col("ose"))
    leads = rows.select(pl.when(is_own).then(following)).to_series()
    openings = rows.select(pl.arg_where(pl.col("ose") != pl.col("ose").shift(1, fill_value=0))).to_series()
    found = [openings]
    while not openings.is_empty():
        openings = leads.gather(openings).drop_nulls()
        found.append(openings.cast(found[0].dtype))
    return rows.select(*_OSE, window_opens="day")[pl.concat(found)]
