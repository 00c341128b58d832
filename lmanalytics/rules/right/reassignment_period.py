"""The days that a license stays where it was assigned: not to be moved on a short-term basis."""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "license_assignments"
ANSWER = "earliest_allowed"


@rule(unit="date", cite="short_term", start="2011-07-01")
def earliest_allowed(
    last_assigned_on: pl.Expr, *, min_days_between_assignments: int, last_day_of_period: str
) -> pl.Expr:
    """First day on which what was last assigned on a day may be assigned elsewhere."""
    extra = 0 if last_day_of_period == "allowed" else 1
    return last_assigned_on.cast(pl.Date).dt.offset_by(f"{min_days_between_assignments + extra}d")


@rule(unit="day", cite="short_term", start="2011-07-01")
def days_since(last_assigned_on: pl.Expr, assigned_on: pl.Expr) -> pl.Expr:
    """Days from the last assignment to this one."""
    return (assigned_on.cast(pl.Date) - last_assigned_on.cast(pl.Date)).dt.total_days()


@rule(unit="flag", cite="short_term", start="2011-07-01")
def is_after_period(assigned_on: pl.Expr, earliest_allowed: pl.Expr) -> pl.Expr:
    """Whether the new assignment is no longer short-term."""
    return assigned_on.cast(pl.Date) >= earliest_allowed


@rule(unit="flag", cite="short_term", start="2011-07-01")
def is_on_last_day(days_since: pl.Expr, *, min_days_between_assignments: int) -> pl.Expr:
    """Whether it falls on the one day that the text leaves open."""
    return days_since == min_days_between_assignments


@rule(unit="day", cite="short_term", start="2011-07-01", optional=("is_bound",))
def min_days(is_bound: pl.Expr, *, min_days_between_assignments: int) -> pl.Expr:
    """Days that must pass before a move: those of the terms for a move that they bind, none for one that is free."""
    bound = is_bound.cast(pl.Boolean)
    return pl.when(bound).then(min_days_between_assignments).when(~bound).then(0)
