"""What each online subscription brings: its suite, storage for Office for the web, Windows Enterprise per user."""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.mapping import mapped

FACTS = "online_subscriptions"
ANSWER = "suite"
_NO_SUITE = "none"


class Reason(ReasonBase):
    """What became of a subscription."""

    PLAN_COUNTS = "The subscription counts for a benefit of Software Assurance."
    PLAN_IRRELEVANT = "The subscription has no part in a benefit of Software Assurance."
    PLAN_ENDED = "The subscription's term is over."
    PLAN_NOT_STARTED = "The subscription's term has not begun."
    PLAN_UNKNOWN = "The name of the subscription is not known, so neither is what it holds."


@rule(unit="text", cite="plans", start="2011-06-28")
def plan(sku: pl.Expr, *, online_plans: pl.DataFrame) -> pl.Expr:
    """The row of the table that the subscription's name or part number fits; null for an unknown one."""
    name = sku.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    name = name.str.replace(r"^microsoft ([a-z])", "${1}")
    found = pl.lit(None, pl.String)
    for pattern in reversed(online_plans["pattern"].to_list()):
        found = pl.when(name.str.contains(pattern)).then(pl.lit(pattern)).otherwise(found)
    return found


@rule(unit="code", cite="plans", start="2011-06-28")
def suite(plan: pl.Expr, *, online_plans: pl.DataFrame) -> pl.Expr:
    """The suite of the subscription: e3_e5, a3_a5 or none."""
    return mapped(plan, online_plans["pattern"], online_plans["suite"])


@rule(unit="flag", cite="plans", start="2011-06-28")
def has_storage(plan: pl.Expr, *, online_plans: pl.DataFrame) -> pl.Expr:
    """Whether it holds SharePoint Online or OneDrive for Business, where Office for the web edits."""
    return mapped(plan, online_plans["pattern"], online_plans["has_storage"], pl.Boolean())


@rule(unit="flag", cite="plans", start="2011-06-28")
def has_windows_user(plan: pl.Expr, *, online_plans: pl.DataFrame) -> pl.Expr:
    """Whether it licenses a user for Windows Enterprise."""
    return mapped(plan, online_plans["pattern"], online_plans["has_windows_user"], pl.Boolean())


@rule(unit="flag", cite="from_sa", start="2011-06-28")
def is_from_sa(sku: pl.Expr) -> pl.Expr:
    """Whether it was bought as From SA, on licenses with Software Assurance."""
    return sku.str.to_lowercase().str.contains(r"\bfrom ?sa\b|\bfsa\b")


@rule(unit="code", cite="plans", start="2011-06-28", decides_null=True)
def reason(
    plan: pl.Expr,
    suite: pl.Expr,
    has_storage: pl.Expr,
    has_windows_user: pl.Expr,
    start_date: pl.Expr,
    end_date: pl.Expr,
    *,
    as_of: date,
) -> pl.Expr:
    """What became of the subscription on the position date."""
    counts = (suite != _NO_SUITE) | has_storage | has_windows_user
    return (
        pl.when(end_date.cast(pl.Date) < as_of)
        .then(Reason.PLAN_ENDED.lit)
        .when(start_date.cast(pl.Date) > as_of)
        .then(Reason.PLAN_NOT_STARTED.lit)
        .when(plan.is_null())
        .then(Reason.PLAN_UNKNOWN.lit)
        .when(counts)
        .then(Reason.PLAN_COUNTS.lit)
        .otherwise(Reason.PLAN_IRRELEVANT.lit)
    )
