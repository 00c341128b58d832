"""Support for products with Extended Security Updates: which plans bring it, and for what."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "agreements"
ANSWER = "support"


class Reason(ReasonBase):
    """Whether a support plan covers a product with updates."""

    INCLUDED = "The plan brings support for installing the updates and for what they break."
    NO_UPDATES = "Without updates no support is to be had for the product."
    PLAN_EXCLUDED = "The plan brings no support for products with updates."
    PLAN_UNKNOWN = "No support plan is stated; updates bring no support of their own."


@rule(unit="code", cite="terms", start="2018-07-12", decides_null=True, optional=("support_plan", "has_updates"))
def support(support_plan: pl.Expr, has_updates: pl.Expr, *, esu_support_plans: pl.DataFrame) -> pl.Expr:
    """Whether support comes with the updates under a plan."""
    plans = esu_support_plans["support_plan"].to_list()
    plan = support_plan.cast(pl.String).str.to_lowercase().str.replace_all(r"[^a-z]+", "_").str.strip_chars("_")
    return (
        pl.when(~has_updates.cast(pl.Boolean))
        .then(Reason.NO_UPDATES.lit)
        .when(support_plan.is_null())
        .then(Reason.PLAN_UNKNOWN.lit)
        .when(plan.is_in(plans))
        .then(Reason.INCLUDED.lit)
        .otherwise(Reason.PLAN_EXCLUDED.lit)
    )


@rule(unit="flag", cite="issues", start="2018-07-12", optional=("issue",))
def is_issue_supported(issue: pl.Expr, *, esu_supported_issues: pl.DataFrame) -> pl.Expr:
    """Whether support extends to an issue: the updates themselves, and what they break."""
    return issue.is_in(esu_supported_issues["issue"].to_list())
