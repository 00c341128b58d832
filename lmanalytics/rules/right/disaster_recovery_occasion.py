"""When a backup instance may run: for tests, while production is down, and briefly around that for the transfer."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right._conditions import Condition, first_obstacle

FACTS = "runs"
ANSWER = "obstacle_of_occasion"


class Reason(ReasonBase):
    """What is wrong with the time of a run."""

    OUTSIDE_TEST_WINDOW = "The test is not within the one week every 90 days."
    TEST_WINDOW_UNKNOWN = "Which week of tests it belongs to is not known."
    BEFORE_OUTAGE = "It started before the production server was down."
    AFTER_OUTAGE = "It ran on after the production server was up again; a transfer is a run of its own."
    OUTAGE_UNKNOWN = "No export says when the production server was down."
    TRANSFER_TOO_EARLY = "The transfer started more than a brief period before the disaster."
    TRANSFER_TOO_LATE = "The transfer ended more than a brief period after production was recovered."
    TRANSFER_TOO_LONG = "The transfer took longer than a brief period."


UNKNOWN = tuple(r.code for r in Reason if r.name.endswith("_UNKNOWN"))
"""Reasons for which more data would help."""


@rule(unit="code", cite="occasions", start="2016-10-01", decides_null=True)
def obstacle_of_test(is_in_window: pl.Expr) -> pl.Expr:
    """What is wrong with a test."""
    return first_obstacle([Condition(is_in_window, Reason.OUTSIDE_TEST_WINDOW, Reason.TEST_WINDOW_UNKNOWN)])


@rule(unit="code", cite="occasions", start="2016-10-01", decides_null=True)
def obstacle_of_disaster(
    started_at: pl.Expr, ended_at: pl.Expr, production_down_from: pl.Expr, production_down_to: pl.Expr
) -> pl.Expr:
    """What is wrong with a run during a disaster: production must be down all the while; without an end it still is."""
    until = (ended_at <= production_down_to).fill_null(value=True)
    return first_obstacle(
        [
            Condition(started_at >= production_down_from, Reason.BEFORE_OUTAGE, Reason.OUTAGE_UNKNOWN),
            Condition(until, Reason.AFTER_OUTAGE, Reason.OUTAGE_UNKNOWN),
        ]
    )


@rule(unit="code", cite="occasions", start="2016-10-01", decides_null=True)
def obstacle_of_transfer(
    started_at: pl.Expr,
    ended_at: pl.Expr,
    production_down_from: pl.Expr,
    production_down_to: pl.Expr,
    *,
    brief_period: str,
    brief_periods: pl.DataFrame,
) -> pl.Expr:
    """What is wrong with a transfer: it is brief, and around the time of the disaster."""
    brief = pl.duration(days=brief_periods.filter(pl.col("reading") == brief_period)["days"].item())
    late = (ended_at <= production_down_to + brief).fill_null(value=True)
    return first_obstacle(
        [
            Condition(started_at >= production_down_from - brief, Reason.TRANSFER_TOO_EARLY, Reason.OUTAGE_UNKNOWN),
            Condition(late, Reason.TRANSFER_TOO_LATE, Reason.OUTAGE_UNKNOWN),
            Condition(ended_at - started_at <= brief, Reason.TRANSFER_TOO_LONG, Reason.OUTAGE_UNKNOWN),
        ]
    )


@rule(unit="code", cite="occasions", start="2016-10-01", decides_null=True)
def obstacle_of_occasion(
    purpose: pl.Expr, obstacle_of_test: pl.Expr, obstacle_of_disaster: pl.Expr, obstacle_of_transfer: pl.Expr
) -> pl.Expr:
    """What is wrong with the time of the run, by its purpose; null when nothing is."""
    return (
        pl.when(purpose == "test")
        .then(obstacle_of_test)
        .when(purpose == "disaster")
        .then(obstacle_of_disaster)
        .otherwise(obstacle_of_transfer)
    )
