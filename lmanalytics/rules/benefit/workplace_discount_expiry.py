"""When a software license of the Workplace Discount Program expires: at the earliest of four events, and which."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "workplace_software"
ANSWER = "expires_on"


class Reason(ReasonBase):
    """What ends the license; of events on one day the first of these."""

    TERMINATION_OF_EMPLOYMENT = "Employment ends."
    END_OF_SOFTWARE_ASSURANCE = "Software Assurance of the copy that the employee uses at work ends."
    NO_LONGER_A_USER = "The employee no longer uses the licensed copy."
    OTHER_VERSION_INSTALLED = "The employee installs a prior or later version under the program."


@rule(unit="date", cite="benefit", start="2015-07-01", decides_null=True)
def expires_on(employed_to: pl.Expr, coverage_end: pl.Expr, assigned_to: pl.Expr, other_version_on: pl.Expr) -> pl.Expr:
    """Last day of the license; null while none of the four events has a date."""
    days = (employed_to, coverage_end, assigned_to, other_version_on)
    return pl.min_horizontal(d.cast(pl.Date) for d in days)


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True)
def trigger(
    expires_on: pl.Expr,
    employed_to: pl.Expr,
    coverage_end: pl.Expr,
    assigned_to: pl.Expr,
    other_version_on: pl.Expr,
) -> pl.Expr:
    """The event that ends the license."""
    return (
        pl.when(employed_to.cast(pl.Date) == expires_on)
        .then(Reason.TERMINATION_OF_EMPLOYMENT.lit)
        .when(coverage_end.cast(pl.Date) == expires_on)
        .then(Reason.END_OF_SOFTWARE_ASSURANCE.lit)
        .when(assigned_to.cast(pl.Date) == expires_on)
        .then(Reason.NO_LONGER_A_USER.lit)
        .when(other_version_on.cast(pl.Date) == expires_on)
        .then(Reason.OTHER_VERSION_INSTALLED.lit)
    )
