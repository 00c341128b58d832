"""The License Mobility verification form: with each partner, within days of the deployment."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.mapping import mapped

FACTS = "mobility_deployments"
ANSWER = "form_status"


class Reason(ReasonBase):
    """How the form of a deployment day stands."""

    NOT_REQUIRED = "These deployments need no verification form."
    CONFIRMED = "A form was submitted in time and is confirmed."
    SUBMITTED = "A form was submitted in time; it is not confirmed yet."
    SUBMITTED_LATE = "A form was submitted after the last day for it."
    REPLACED_LATE = "The form in its time was rejected, and the one that stands came after the last day for it."
    REJECTED = "The last form was rejected, and no other has been submitted since."
    STILL_TIME = "No form was submitted yet, and there is still time."
    OVERDUE = "No form was submitted, and the last day for it has passed."


_STATUS = {
    Reason.NOT_REQUIRED: "not_required", Reason.CONFIRMED: "on_time", Reason.SUBMITTED: "on_time",
    Reason.SUBMITTED_LATE: "late", Reason.REPLACED_LATE: "late", Reason.REJECTED: "rejected",
    Reason.STILL_TIME: "pending", Reason.OVERDUE: "missing",
}  # fmt: skip


@rule(unit="date", cite="within_days", start="2011-07-01")
def form_due(deployed_on: pl.Expr, *, submit_within_days: int) -> pl.Expr:
    """Last day on which the form is in time."""
    return deployed_on.cast(pl.Date).dt.offset_by(f"{submit_within_days}d")


@rule(unit="day", cite="within_days", start="2011-07-01")
def days_to_submit(*, submit_within_days: int) -> pl.Expr:
    """Days from a deployment within which the form has to be submitted."""
    return pl.lit(submit_within_days, pl.Int64)


@rule(unit="flag", cite="each_partner", start="2011-07-01", decides_null=True)
def is_required(needs_mobility: pl.Expr, is_azure: pl.Expr, *, form_for_azure: str) -> pl.Expr:
    """Whether the deployments need a form: those under License Mobility, on Azure as the policy says."""
    exempt = pl.lit(form_for_azure == "not_required") & is_azure.cast(pl.Boolean).fill_null(value=False)
    return needs_mobility.cast(pl.Boolean).fill_null(value=True) & ~exempt


@rule(
    unit="code",
    cite="each_partner",
    start="2011-07-01",
    decides_null=True,
    optional=("standing_on", "standing_confirmed_on", "first_submitted_on"),
)
def standing(
    is_required: pl.Expr,
    form_due: pl.Expr,
    first_submitted_on: pl.Expr,
    standing_on: pl.Expr,
    standing_confirmed_on: pl.Expr,
    *,
    as_of: object,
) -> pl.Expr:
    """How the form stands: `standing_on` is the day of the first form that was not rejected, if there is one."""
    first, stands = first_submitted_on.cast(pl.Date), standing_on.cast(pl.Date)
    late = stands > form_due
    return (
        pl.when(~is_required)
        .then(Reason.NOT_REQUIRED.lit)
        .when(stands.is_null() & first.is_not_null())
        .then(Reason.REJECTED.lit)
        .when(late & (first <= form_due))
        .then(Reason.REPLACED_LATE.lit)
        .when(late)
        .then(Reason.SUBMITTED_LATE.lit)
        .when(stands.is_not_null() & standing_confirmed_on.is_not_null())
        .then(Reason.CONFIRMED.lit)
        .when(stands.is_not_null())
        .then(Reason.SUBMITTED.lit)
        .when(form_due >= pl.lit(as_of))
        .then(Reason.STILL_TIME.lit)
        .otherwise(Reason.OVERDUE.lit)
    )


@rule(unit="code", cite="each_partner", start="2011-07-01")
def form_status(standing: pl.Expr) -> pl.Expr:
    """The same in the words of the answer: on_time, late, missing, rejected, not_required, pending."""
    return mapped(standing, [reason.code for reason in _STATUS], _STATUS.values())


@rule(unit="date", cite="each_partner", start="2011-07-01")
def counts_from(deployed_on: pl.Expr, *, one_form_serves: str) -> pl.Expr:
    """First day of a form that can serve a deployment: any, or its own day where each deployment needs one."""
    any_day = pl.lit(one_form_serves == "the_partner")
    return pl.when(any_day).then(pl.date(1, 1, 1)).otherwise(deployed_on.cast(pl.Date))
