"""Which licenses may be on a Listed Provider's dedicated servers: old ones, for versions as old.

Since October 2019 outsourcing rights no longer reach the dedicated servers of a Listed Provider. Licenses
acquired before then keep them, without Software Assurance, for versions that were released before then.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "licenses"
ANSWER = "acquisition"


class Reason(ReasonBase):
    """Whether a license, or a version, may be on a Listed Provider's dedicated server."""

    EARLY = "Acquired before the terms for Listed Providers changed, so it may be on their dedicated servers."
    LATE = "Acquired since the terms for Listed Providers changed, so it may not be on their dedicated servers."
    ACQUISITION_UNKNOWN = "No document says when it was acquired, so it is not used on a Listed Provider's server."
    NOT_RESTRICTED = "The terms did not set Listed Providers apart yet."
    VERSION_ALLOWED = "The version was released before the terms changed."
    VERSION_TOO_NEW = "The version was released since the terms changed: no own license may run it there."
    VERSION_UNKNOWN = "No export says which version runs, so its licenses are taken to allow it."


@rule(unit="date", cite="listed_providers", start="2016-10-01", end="2019-09-30", name="acquired_before")
def acquired_before_restriction() -> pl.Expr:
    """Day before which a license must have been acquired: there is none yet."""
    return pl.lit(None, pl.Date)


@rule(unit="date", cite="listed_providers", start="2019-10-01")
def acquired_before(*, restricted_since: date) -> pl.Expr:
    """Day before which a license must have been acquired to be on a Listed Provider's dedicated server."""
    return pl.lit(restricted_since, pl.Date)


@rule(unit="flag", cite="listed_providers", start="2016-10-01", end="2019-09-30", name="is_early")
def is_early_before_restriction() -> pl.Expr:
    """Whether a license may be there: every one may."""
    return pl.lit(value=True)


@rule(unit="flag", cite="listed_providers", start="2019-10-01", optional=("acquired_on",))
def is_early(acquired_on: pl.Expr, acquired_before: pl.Expr) -> pl.Expr:
    """Whether a license was acquired early enough to be there; unknown where its acquisition is."""
    return acquired_on.cast(pl.Date) < acquired_before


@rule(unit="code", cite="listed_providers", start="2016-10-01", end="2019-09-30", name="acquisition")
def acquisition_before_restriction() -> pl.Expr:
    """Why a license may be there: nothing set Listed Providers apart."""
    return Reason.NOT_RESTRICTED.lit


@rule(unit="code", cite="listed_providers", start="2019-10-01", decides_null=True)
def acquisition(is_early: pl.Expr) -> pl.Expr:
    """Why a license may, or may not, be there."""
    known = pl.when(is_early).then(Reason.EARLY.lit).otherwise(Reason.LATE.lit)
    return pl.when(is_early.is_null()).then(Reason.ACQUISITION_UNKNOWN.lit).otherwise(known)


@rule(unit="code", cite="listed_providers", start="2016-10-01", end="2019-09-30", name="version_use")
def version_use_before_restriction() -> pl.Expr:
    """Whether a version may run there: every one may."""
    return Reason.NOT_RESTRICTED.lit


@rule(unit="code", cite="listed_providers", start="2019-10-01", decides_null=True, optional=("version_released_on",))
def version_use(version_released_on: pl.Expr, acquired_before: pl.Expr) -> pl.Expr:
    """Whether a version may run there under old licenses: one released before the terms changed."""
    released = version_released_on.cast(pl.Date)
    return (
        pl.when(released.is_null())
        .then(Reason.VERSION_UNKNOWN.lit)
        .when(released < acquired_before)
        .then(Reason.VERSION_ALLOWED.lit)
        .otherwise(Reason.VERSION_TOO_NEW.lit)
    )
