"""Whether a passive copy of SQL Server may be free at all: everything but how many an active OSE has free.

Each condition is decided by itself; the first that fails is the reason, else the first that is unknown.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right._conditions import Condition, first_obstacle

FACTS = "copies"
ANSWER = "obstacle"


class Reason(ReasonBase):
    """What keeps a passive copy from being free."""

    NO_OWN_LICENSE = "It needs no license of the customer's anyway: an evaluation, a free edition or another's license."
    NO_PRIMARY = "No active instance is named that it stands in for, so it needs licenses of its own."
    PRIMARY_UNKNOWN = "The instance that it stands in for is not in any export."
    PRIMARY_IS_PASSIVE = "The instance that it stands in for is passive itself."
    OSE_IS_ACTIVE = "An active instance in the same OSE needs licenses, which cover it as well."
    SERVES_READS = "It can be read, so it is not passive."
    READS_UNKNOWN = "No export says whether it can be read."
    NO_SOFTWARE_ASSURANCE = "The licenses with Software Assurance do not suffice for the active OSE."
    SOFTWARE_ASSURANCE_UNKNOWN = "Whether the active OSE has licenses with Software Assurance is not known."
    ACCESS_WITHOUT_SA = "Access licenses of the active OSE have no Software Assurance."
    ACCESS_UNKNOWN = "Whether the access licenses of the active OSE have Software Assurance is not known."
    MORE_THAN_PRIMARY = "It would need more licenses than the active OSE."
    CORES_UNKNOWN = "How many licenses it or the active OSE would need is not known."
    PLACE_UNKNOWN = "No export says where it or the active OSE runs."


UNKNOWN = tuple(r.code for r in Reason if r.name.endswith("_UNKNOWN"))
"""Reasons for which more data would help."""


@rule(unit="flag", cite="passive", start="2016-10-01", decides_null=True)
def needs_own_license(edition: pl.Expr, license_source: pl.Expr, is_evaluation: pl.Expr) -> pl.Expr:
    """Whether the copy would need a license of the customer's if no right freed it."""
    free_edition = edition.str.contains("Developer|Express|Evaluation").fill_null(value=False)
    others = license_source.is_in(["license_included", "spla", "visual_studio", "evaluation"]).fill_null(value=False)
    return ~(free_edition | others | is_evaluation.fill_null(value=False))


@rule(unit="flag", cite="passive", start="2016-10-01", decides_null=True)
def is_passive(is_readable: pl.Expr, *, unknown_readable: str) -> pl.Expr:
    """Whether the copy serves nothing; what is not said is unknown unless the policy says otherwise."""
    unsaid = pl.lit({"not_computable": None, "not_readable": False}[unknown_readable], pl.Boolean)
    return ~pl.when(is_readable.is_null()).then(unsaid).otherwise(is_readable.cast(pl.Boolean))


@rule(unit="flag", cite="quantity", start="2016-10-01")
def is_within_primary(licenses: pl.Expr, primary_licenses: pl.Expr) -> pl.Expr:
    """Whether it would need no more licenses than the active OSEs that it stands in for."""
    return licenses <= primary_licenses


@rule(unit="code", cite="passive", start="2016-10-01", decides_null=True)
def obstacle_of_use(
    has_primary: pl.Expr, is_ose_passive: pl.Expr, is_passive: pl.Expr, is_primary_active: pl.Expr
) -> pl.Expr:
    """What the copy does, or does not stand in for, that keeps it from being passive."""
    return first_obstacle(
        [
            Condition(has_primary, Reason.NO_PRIMARY, Reason.PRIMARY_UNKNOWN),
            Condition(is_ose_passive, Reason.OSE_IS_ACTIVE, Reason.PRIMARY_UNKNOWN),
            Condition(is_passive, Reason.SERVES_READS, Reason.READS_UNKNOWN),
            Condition(is_primary_active, Reason.PRIMARY_IS_PASSIVE, Reason.PRIMARY_UNKNOWN),
        ]
    )


@rule(unit="code", cite="quantity", start="2016-10-01", decides_null=True)
def obstacle_of_licenses(
    has_sa: pl.Expr, has_access_sa: pl.Expr, is_within_primary: pl.Expr, is_place_known: pl.Expr
) -> pl.Expr:
    """What the licenses of the active OSE lack."""
    placed = pl.when(is_place_known).then(statement=True)
    return first_obstacle(
        [
            Condition(has_sa, Reason.NO_SOFTWARE_ASSURANCE, Reason.SOFTWARE_ASSURANCE_UNKNOWN),
            Condition(has_access_sa, Reason.ACCESS_WITHOUT_SA, Reason.ACCESS_UNKNOWN),
            Condition(is_within_primary, Reason.MORE_THAN_PRIMARY, Reason.CORES_UNKNOWN),
            Condition(placed, Reason.PLACE_UNKNOWN, Reason.PLACE_UNKNOWN),
        ]
    )


@rule(unit="code", cite="passive", start="2016-10-01", decides_null=True)
def obstacle(needs_own_license: pl.Expr, obstacle_of_use: pl.Expr, obstacle_of_licenses: pl.Expr) -> pl.Expr:
    """What keeps the copy from being free; null when nothing does but the number of OSEs."""
    both = (obstacle_of_use, obstacle_of_licenses)
    failing = [pl.when(~code.is_in(UNKNOWN)).then(code) for code in both]
    return pl.when(~needs_own_license).then(Reason.NO_OWN_LICENSE.lit).otherwise(pl.coalesce(*failing, *both))
