"""Workplace Discount Program, Online Services: may an employee acquire Microsoft 365 Family or Personal.

The customer takes part by Software Assurance Membership of the Applications pool or by the number of its online
subscriptions. An employee acquires one; it may be renewed whatever becomes of employment and membership.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.benefit.workplace_discount_participation import Reason as Participation
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "workplace_online"
ANSWER = "is_eligible"
_RENEWAL_PRICE = "then-current WDP price"


class Reason(ReasonBase):
    """Why an employee may acquire a discounted subscription, or may not."""

    NOT_EMPLOYED = "Only employees may acquire a subscription; one that was acquired before may be renewed."
    EMPLOYMENT_UNKNOWN = "It is not known whether the person is an employee."
    SUBSCRIPTION_ACQUIRED = "The employee has acquired the one subscription; it may be renewed at the current price."
    NOT_YET_OFFERED = "Discounted subscriptions were not offered yet."
    RENEWAL = "A subscription may be renewed at the current price, whatever became of employment and membership."
    NOTHING_TO_RENEW = "No subscription was acquired before that could be renewed."


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True, optional=("subscriptions_acquired",))
def reason(
    participation: pl.Expr,
    day: pl.Expr,
    employed_from: pl.Expr,
    employed_to: pl.Expr,
    subscriptions_acquired: pl.Expr,
    *,
    max_subscriptions: int,
    offered_since: date,
) -> pl.Expr:
    """Why the employee may acquire a subscription on the day, or may not."""
    first, last, on = employed_from.cast(pl.Date), employed_to.cast(pl.Date), day.cast(pl.Date)
    unknown = [Participation.PARTICIPATION_UNKNOWN.code, Participation.BELOW_THRESHOLD.code]
    return (
        pl.when(on < pl.lit(offered_since))
        .then(Reason.NOT_YET_OFFERED.lit)
        .when(subscriptions_acquired.cast(pl.Int64) >= max_subscriptions)
        .then(Reason.SUBSCRIPTION_ACQUIRED.lit)
        .when((first > on) | (last < on))
        .then(Reason.NOT_EMPLOYED.lit)
        .when(participation.is_in(unknown))
        .then(participation)
        .when(first.is_null())
        .then(Reason.EMPLOYMENT_UNKNOWN.lit)
        .otherwise(participation)
    )


@rule(unit="flag", cite="benefit", start="2015-07-01")
def is_eligible(reason: pl.Expr) -> pl.Expr:
    """Whether the employee may acquire, or has acquired and may renew, a discounted subscription."""
    unknown = [Participation.PARTICIPATION_UNKNOWN.code, Reason.EMPLOYMENT_UNKNOWN.code]
    return pl.when(~reason.is_in(unknown)).then(reason.is_in(list(ENTITLED)))


@rule(unit="license", cite="benefit", start="2015-07-01")
def subscriptions_left(is_eligible: pl.Expr, reason: pl.Expr, *, max_subscriptions: int) -> pl.Expr:
    """Subscriptions that the employee may still acquire."""
    may = is_eligible & (reason != Reason.SUBSCRIPTION_ACQUIRED.code)
    return pl.when(may).then(max_subscriptions).otherwise(0)


@rule(unit="code", cite="benefit", start="2015-07-01", optional=("has_acquired",))
def renewal(has_acquired: pl.Expr) -> pl.Expr:
    """Why a subscription may be renewed, or may not: one acquired before may, whoever holds it now."""
    return pl.when(has_acquired.cast(pl.Boolean)).then(Reason.RENEWAL.lit).otherwise(Reason.NOTHING_TO_RENEW.lit)


@rule(unit="text", cite="benefit", start="2015-07-01")
def renewal_price(renewal: pl.Expr) -> pl.Expr:
    """The price of a renewal: what the program asks on the day."""
    return pl.when(renewal == Reason.RENEWAL.code).then(pl.lit(_RENEWAL_PRICE))


ENTITLED = (
    Participation.THRESHOLD_WAIVED_BY_APPLICATIONS_SAM.code,
    Participation.THRESHOLD_REACHED.code,
    Participation.OFFICE_COVERAGE.code,
    Reason.SUBSCRIPTION_ACQUIRED.code,
)
