"""Workplace Discount Program, Online Services: does the customer take part.

Membership of the Applications pool waives the threshold; without it enough subscriptions of the suites reach it.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "workplace_customers"
ANSWER = "participation"
_WIDER = "subscriptions_or_coverage"


class Reason(ReasonBase):
    """Why a customer takes part in the online option, or does not."""

    THRESHOLD_WAIVED_BY_APPLICATIONS_SAM = "Membership of the Applications pool waives the threshold."
    THRESHOLD_REACHED = "The customer has enough online subscriptions."
    OFFICE_COVERAGE = "Software Assurance of Office, or subscriptions bought as From SA, let the customer take part."
    BELOW_THRESHOLD = "The customer has no membership of the Applications pool and too few online subscriptions."
    PARTICIPATION_UNKNOWN = "Neither memberships nor online subscriptions that were given settle whether it takes part."


@rule(
    unit="license", cite="home_use", start="2015-07-01", decides_null=True, optional=("a3_a5_licenses", "is_education")
)
def licenses_counted(e3_e5_licenses: pl.Expr, a3_a5_licenses: pl.Expr, is_education: pl.Expr) -> pl.Expr:
    """Subscriptions that count: E3 and E5; A3 and A5 of education and non-profit customers as well."""
    academic = pl.when(is_education.cast(pl.Boolean)).then(a3_a5_licenses.cast(pl.Int64)).otherwise(0)
    return e3_e5_licenses.cast(pl.Int64) + academic.fill_null(0)


@rule(
    unit="flag",
    cite="home_use",
    start="2015-07-01",
    decides_null=True,
    optional=("unknown_licenses",),
)
def reaches_threshold(licenses_counted: pl.Expr, unknown_licenses: pl.Expr, *, online_threshold: int) -> pl.Expr:
    """Whether there are enough subscriptions; null where those of unknown name could make the difference."""
    enough = licenses_counted >= online_threshold
    perhaps = licenses_counted + unknown_licenses.cast(pl.Int64).fill_null(0) >= online_threshold
    return pl.when(enough).then(pl.lit(value=True)).when(~perhaps).then(pl.lit(value=False))


@rule(
    unit="code",
    cite="benefit",
    start="2015-07-01",
    decides_null=True,
    optional=("office_licenses_with_sa", "from_sa_licenses"),
)
def participation(
    has_membership: pl.Expr,
    reaches_threshold: pl.Expr,
    office_licenses_with_sa: pl.Expr,
    from_sa_licenses: pl.Expr,
    *,
    workplace_threshold: str,
) -> pl.Expr:
    """Why the customer takes part, or does not."""
    covered = (office_licenses_with_sa.cast(pl.Int64).fill_null(0) > 0) | (
        from_sa_licenses.cast(pl.Int64).fill_null(0) > 0
    )
    member = has_membership.cast(pl.Boolean)
    return (
        pl.when(member)
        .then(Reason.THRESHOLD_WAIVED_BY_APPLICATIONS_SAM.lit)
        .when(reaches_threshold)
        .then(Reason.THRESHOLD_REACHED.lit)
        .when(covered & (workplace_threshold == _WIDER))
        .then(Reason.OFFICE_COVERAGE.lit)
        .when(member.is_null() | reaches_threshold.is_null())
        .then(Reason.PARTICIPATION_UNKNOWN.lit)
        .otherwise(Reason.BELOW_THRESHOLD.lit)
    )
