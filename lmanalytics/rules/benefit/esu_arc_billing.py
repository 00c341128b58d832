"""Extended Security Updates through Azure Arc: from when they are billed, and how many resources they take."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "subscriptions"
ANSWER = "back_bill_from"


class Reason(ReasonBase):
    """What a subscription pays for the time before it."""

    NOTHING_BACK = "Subscribed before the updates began; nothing is billed for the time before."
    FROM_YEAR_START = "Subscribed during a year of updates; the year is billed from its first day."
    FROM_SUPPORT_END = "Subscribed after support ended; everything since then is billed."
    TRANSITION = "Years before were covered by volume licensing, so nothing is billed for the time before."


@rule(
    unit="code", cite="sql", start="2023-09-01", decides_null=True,
    optional=("product", "subscribed_on", "first_day", "is_volume_licensed_before"),
)  # fmt: skip
def back_billing(
    product: pl.Expr,
    subscribed_on: pl.Expr,
    first_day: pl.Expr,
    is_volume_licensed_before: pl.Expr,
    *,
    back_billed_to_support_end: str,
) -> pl.Expr:
    """What is billed for the time before a subscription; updates begin on `first_day`, after support ended."""
    transition = is_volume_licensed_before.cast(pl.Boolean).fill_null(value=False)
    whole = product == back_billed_to_support_end
    late = subscribed_on.cast(pl.Date) > first_day.cast(pl.Date)
    return (
        pl.when(~late)
        .then(Reason.NOTHING_BACK.lit)
        .when(late & whole & transition)
        .then(Reason.TRANSITION.lit)
        .when(late & whole)
        .then(Reason.FROM_SUPPORT_END.lit)
        .when(late)
        .then(Reason.FROM_YEAR_START.lit)
    )


@rule(unit="date", cite="sql", start="2023-09-01", decides_null=True, optional=("first_day", "year_start"))
def back_bill_from(back_billing: pl.Expr, first_day: pl.Expr, year_start: pl.Expr) -> pl.Expr:
    """First day that is billed for the time before the subscription; none where nothing is."""
    return (
        pl.when(back_billing == Reason.FROM_SUPPORT_END.code)
        .then(first_day.cast(pl.Date))
        .when(back_billing == Reason.FROM_YEAR_START.code)
        .then(year_start.cast(pl.Date))
    )


@rule(unit="date", cite="sql", start="2023-09-01", optional=("subscribed_on", "first_day"))
def recurring_from(subscribed_on: pl.Expr, first_day: pl.Expr) -> pl.Expr:
    """First day of the running charge: that of the subscription, and not before the updates begin."""
    day, begins = subscribed_on.cast(pl.Date), first_day.cast(pl.Date)
    return pl.when(day < begins).then(begins).when(day >= begins).then(day)


@rule(unit="month", cite="windows_server", start="2023-09-01", optional=("subscribed_on",))
def months_back_billed(back_bill_from: pl.Expr, subscribed_on: pl.Expr, *, months_per_year: int) -> pl.Expr:
    """Calendar months before that of the subscription that are billed with it."""
    day = subscribed_on.cast(pl.Date)
    years = (day.dt.year() - back_bill_from.dt.year()).cast(pl.Int64)
    return years * months_per_year + (day.dt.month().cast(pl.Int64) - back_bill_from.dt.month().cast(pl.Int64))


@rule(unit="date", cite="windows_server", start="2023-09-01", decides_null=True)
def first_days_back_billed(back_bill_from: pl.Expr, months_back_billed: pl.Expr) -> pl.Expr:
    """The months that are billed with the subscription, each by its first day."""
    first = back_bill_from.dt.month_start()
    end = first.dt.offset_by(pl.format("{}mo", months_back_billed))
    return pl.date_ranges(first, end, interval="1mo", closed="left")


@rule(unit="license", cite="limits", start="2023-09-01", optional=("cores",))
def license_resources(cores: pl.Expr, *, max_cores_per_resource: int) -> pl.Expr:
    """License resources in Azure that hold so many cores."""
    return (cores.cast(pl.Int64) + max_cores_per_resource - 1) // max_cores_per_resource


@rule(unit="license", cite="limits", start="2023-09-01", optional=("cores",))
def resource_groups(license_resources: pl.Expr, *, max_resources_per_group: int) -> pl.Expr:
    """Resource groups that hold so many license resources."""
    return (license_resources + max_resources_per_group - 1) // max_resources_per_group


@rule(unit="flag", cite="sql", start="2023-09-01", optional=("days_disconnected",))
def is_new_subscription(days_disconnected: pl.Expr, *, max_days_disconnected: int) -> pl.Expr:
    """Whether a server that reconnects after so many days starts anew, and is billed as a late subscription is."""
    return days_disconnected.cast(pl.Int64) > max_days_disconnected
