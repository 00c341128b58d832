"""Which edition of the terms governs a license: that of the day it was acquired, of its version, or of today.

Terms change while licenses stay. New versions come with terms of their own, which govern their use; an earlier
version under the same license stays under the terms that it came with.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "licenses"
ANSWER = "governed_on"


class Reason(ReasonBase):
    """Which day's terms govern the latest version that a license may run."""

    AT_ACQUISITION = "The terms of the day on which it was acquired govern it."
    AT_VERSION_UPGRADE = "The version that it may run came later, and brought its own terms."
    CURRENT = "The terms of the day of the position govern it."
    ACQUISITION_UNKNOWN = "It is not known when it was acquired, so neither is which terms govern it."


@rule(unit="date", cite="agreement", start="2001-10-01", optional=("acquired_on",))
def if_at_acquisition(acquired_on: pl.Expr) -> pl.Expr:
    """Day whose terms govern, if a license keeps those under which it was acquired."""
    return acquired_on.cast(pl.Date)


@rule(unit="date", cite="new_version", start="2001-10-01", decides_null=True, optional=("version_released_on",))
def if_at_version_upgrade(if_at_acquisition: pl.Expr, version_released_on: pl.Expr) -> pl.Expr:
    """Day whose terms govern, if a new version is subject to its own: that of the release, where it came later."""
    latest = pl.max_horizontal(if_at_acquisition, version_released_on.cast(pl.Date))
    return pl.when(if_at_acquisition.is_not_null()).then(latest)


@rule(unit="date", cite="product_terms", start="2001-10-01")
def if_current(*, as_of: object) -> pl.Expr:
    """Day whose terms govern, if it is always today's."""
    return pl.lit(as_of).cast(pl.Date)


@rule(unit="date", cite="new_version", start="2001-10-01", decides_null=True)
def governed_on(
    if_at_acquisition: pl.Expr, if_at_version_upgrade: pl.Expr, if_current: pl.Expr, *, terms_edition: str
) -> pl.Expr:
    """Day whose terms govern the latest version that the license may run."""
    chosen = {
        "at_acquisition": if_at_acquisition,
        "at_version_upgrade": if_at_version_upgrade,
        "current": if_current,
    }
    return chosen[terms_edition]


@rule(unit="code", cite="new_version", start="2001-10-01", decides_null=True)
def reason(governed_on: pl.Expr, if_at_acquisition: pl.Expr, *, terms_edition: str) -> pl.Expr:
    """Why that day's terms govern."""
    later = governed_on > if_at_acquisition
    known = (
        Reason.CURRENT.lit
        if terms_edition == "current"
        else pl.when(later).then(Reason.AT_VERSION_UPGRADE.lit).otherwise(Reason.AT_ACQUISITION.lit)
    )
    return pl.when(governed_on.is_null()).then(Reason.ACQUISITION_UNKNOWN.lit).otherwise(known)
