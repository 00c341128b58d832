"""Benefits that a device has by Software Assurance of its Windows, or by a VDA license.

Where the inventory records neither, there is none. The right to buy the add-on per user needs a primary user.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.schemas import MONEY

FACTS = "devices"
ANSWER = "coverage"


class Reason(ReasonBase):
    """Why a device has a benefit, or has not."""

    WINDOWS_SOFTWARE_ASSURANCE = "Windows of the device has active Software Assurance."
    VIRTUAL_DESKTOP_ACCESS = "The device has a VDA license."
    COVERAGE_EXPIRED = "Software Assurance or the VDA license of the device has ended."
    NO_COVERAGE = "Neither Software Assurance of Windows nor a VDA license is recorded for the device."
    SOFTWARE_ASSURANCE_ONLY = "The benefit needs Software Assurance; a VDA license does not bring it."
    SUPPORT_ENDED = "The device has the benefit, but the software is no longer supported."
    PRIMARY_DEVICE = "It is the covered primary device of its user."
    NO_PRIMARY_USER = "It is nobody's primary device."
    EDITION_NOT_QUALIFYING = "The device is not licensed for Windows Pro or Enterprise."
    EDITION_UNKNOWN = "It is not known for which edition of Windows the device is licensed."
    QUALIFYING_EDITION = "The device is licensed for Windows Pro or Enterprise."
    SMALL_SCREEN = "The integrated screen of the device is small enough."
    SCREEN_TOO_LARGE = "The device is not licensed for Windows Pro or Enterprise, and its screen is too large."
    DEVICE_UNKNOWN = "Neither the edition of Windows nor the size of the screen settles it."


@rule(unit="code", cite="benefit", start="2014-11-24", decides_null=True)
def coverage(sa_active_until: pl.Expr, vda_until: pl.Expr, *, as_of: date) -> pl.Expr:
    """What covers the device: Software Assurance before VDA."""
    by_sa, by_vda = sa_active_until.cast(pl.Date) >= as_of, vda_until.cast(pl.Date) >= as_of
    return (
        pl.when(by_sa)
        .then(Reason.WINDOWS_SOFTWARE_ASSURANCE.lit)
        .when(by_vda)
        .then(Reason.VIRTUAL_DESKTOP_ACCESS.lit)
        .when(sa_active_until.is_not_null() | vda_until.is_not_null())
        .then(Reason.COVERAGE_EXPIRED.lit)
        .otherwise(Reason.NO_COVERAGE.lit)
    )


@rule(unit="date", cite="benefit", start="2014-11-24", decides_null=True)
def covered_until(sa_active_until: pl.Expr, vda_until: pl.Expr) -> pl.Expr:
    """Last day of Software Assurance or VDA, whichever is later."""
    return pl.max_horizontal(sa_active_until.cast(pl.Date), vda_until.cast(pl.Date))


@rule(unit="code", cite="benefit", start="2014-11-24")
def sideloading(coverage: pl.Expr) -> pl.Expr:
    """Why Enterprise Sideloading is available or not: it needs Software Assurance."""
    by_vda = coverage == Reason.VIRTUAL_DESKTOP_ACCESS.code
    return pl.when(by_vda).then(Reason.SOFTWARE_ASSURANCE_ONLY.lit).otherwise(coverage)


@rule(unit="code", cite="benefit", start="2014-11-24")
def desktop_optimization(coverage: pl.Expr, *, optimization_support_end: date, as_of: date) -> pl.Expr:
    """Why the Microsoft Desktop Optimization Pack is available or not; it may still be used without support."""
    is_unsupported = _is_covered(coverage) & (pl.lit(as_of) > pl.lit(optimization_support_end))
    return pl.when(is_unsupported).then(Reason.SUPPORT_ENDED.lit).otherwise(coverage)


@rule(unit="code", cite="benefit", start="2014-11-24")
def virtualization(coverage: pl.Expr) -> pl.Expr:
    """Why virtual desktops may be accessed, and instances run locally in virtual machines, or not."""
    return coverage


@rule(unit="flag", cite="brochure", start="2014-11-24")
def is_edition_qualifying(windows_edition: pl.Expr, *, qualifying_windows: pl.DataFrame) -> pl.Expr:
    """Whether the device is licensed for an edition on which Windows Enterprise may be installed."""
    return windows_edition.cast(pl.String).is_in(qualifying_windows["edition"].to_list())


@rule(unit="code", cite="per_user", start="2014-11-24", decides_null=True)
def add_on_purchase(coverage: pl.Expr, is_edition_qualifying: pl.Expr, primary_user_id: pl.Expr) -> pl.Expr:
    """Why the add-on per user may be bought or not: for the covered primary device of a user."""
    by_sa = coverage == Reason.WINDOWS_SOFTWARE_ASSURANCE.code
    return (
        pl.when(~_is_covered(coverage))
        .then(coverage)
        .when(primary_user_id.is_null())
        .then(Reason.NO_PRIMARY_USER.lit)
        .when(by_sa & is_edition_qualifying.is_null())
        .then(Reason.EDITION_UNKNOWN.lit)
        .when(by_sa & ~is_edition_qualifying)
        .then(Reason.EDITION_NOT_QUALIFYING.lit)
        .otherwise(Reason.PRIMARY_DEVICE.lit)
    )


@rule(unit="flag", cite="local_use", start="2014-11-24")
def is_screen_small(screen_inches: pl.Expr, *, largest_screen: str) -> pl.Expr:
    """Whether the integrated screen is small enough; null where its size is no number."""
    inches = screen_inches.cast(pl.String).str.strip_chars().cast(_INCHES, strict=False)
    return inches <= pl.lit(largest_screen).cast(_INCHES)


@rule(unit="code", cite="local_use", start="2014-11-24", decides_null=True)
def local_installation(is_edition_qualifying: pl.Expr, is_screen_small: pl.Expr) -> pl.Expr:
    """Why a user licensed for Windows Enterprise may install it on the device, or may not."""
    return (
        pl.when(is_edition_qualifying)
        .then(Reason.QUALIFYING_EDITION.lit)
        .when(is_screen_small)
        .then(Reason.SMALL_SCREEN.lit)
        .when(is_edition_qualifying.is_null() | is_screen_small.is_null())
        .then(Reason.DEVICE_UNKNOWN.lit)
        .otherwise(Reason.SCREEN_TOO_LARGE.lit)
    )


_INCHES = MONEY
ENTITLED = tuple(
    r.code
    for r in (
        Reason.WINDOWS_SOFTWARE_ASSURANCE,
        Reason.VIRTUAL_DESKTOP_ACCESS,
        Reason.SUPPORT_ENDED,
        Reason.PRIMARY_DEVICE,
        Reason.QUALIFYING_EDITION,
        Reason.SMALL_SCREEN,
    )
)
UNKNOWN = (Reason.EDITION_UNKNOWN.code, Reason.DEVICE_UNKNOWN.code)


def _is_covered(coverage: pl.Expr) -> pl.Expr:
    return coverage.is_in([Reason.WINDOWS_SOFTWARE_ASSURANCE.code, Reason.VIRTUAL_DESKTOP_ACCESS.code])
