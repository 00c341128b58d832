"""Whether Software Assurance may be attached to a license, and for how long Open License pays for it.

Coverage is bought with the license or renews coverage that has not lapsed. OEM and retail licenses, and licenses
received by transfer, have some days. A gap cannot be repaired; what moved to an online service may come back.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "coverage_offers"
ANSWER = "is_attachable"


class Reason(ReasonBase):
    """When, and for how long, coverage may return."""

    ANNIVERSARY_OR_RENEWAL = "At the anniversary of the enrollment, or when it is renewed."
    REMAINDER_OF_THE_ENROLLMENT = "For what remains of the enrollment's term."


@rule(
    unit="date",
    cite="purchasing",
    start="2001-10-01",
    decides_null=True,
    optional=("sa_end", "transferred_on", "program", "acquired_on"),
)
def attach_by(
    program: pl.Expr,
    acquired_on: pl.Expr,
    transferred_on: pl.Expr,
    sa_end: pl.Expr,
    *,
    oem_attach_days: int,
    transfer_attach_days: int,
) -> pl.Expr:
    """Last day to order the first coverage of the present owner: with the license, or some days after."""
    unbroken = sa_end >= transferred_on
    return (
        pl.when(transferred_on.is_not_null())
        .then(pl.when(unbroken).then(transferred_on.dt.offset_by(f"{transfer_attach_days}d")))
        .when(sa_end.is_not_null())
        .then(None)
        .when(program.is_in(["oem", "fpp"]))
        .then(acquired_on.dt.offset_by(f"{oem_attach_days}d"))
        .otherwise(acquired_on)
    )


@rule(unit="date", cite="purchasing", start="2001-10-01", decides_null=True, optional=("program",))
def renew_by(program: pl.Expr, sa_end: pl.Expr, *, open_license_renewal_days: int) -> pl.Expr:
    """Last day on which renewed coverage may start: the day after the old one ends; Open License has days of grace."""
    grace = pl.when(program == "open_license").then(open_license_renewal_days).otherwise(0)
    return sa_end.cast(pl.Date).dt.offset_by(pl.format("{}d", grace + 1))


@rule(
    unit="flag",
    cite="purchasing",
    start="2001-10-01",
    decides_null=True,
    optional=("sa_end", "transferred_on", "program", "acquired_on"),
)
def is_attachable(
    attach_by: pl.Expr,
    renew_by: pl.Expr,
    ordered_on: pl.Expr,
    coverage_start: pl.Expr,
    acquired_on: pl.Expr,
    transferred_on: pl.Expr,
    sa_end: pl.Expr,
) -> pl.Expr:
    """Whether coverage ordered on a day and starting on a day may be attached to the license."""
    undated = sa_end.is_null() & transferred_on.is_null() & acquired_on.is_null()
    first = (ordered_on <= attach_by).fill_null(value=False)
    renewed = (coverage_start <= renew_by).fill_null(value=False)
    return first | renewed | undated


@rule(unit="flag", cite="reattach", start="2016-02-01", optional=("program",))
def is_reattachable(program: pl.Expr, moved_online: pl.Expr, *, reattach_program: str) -> pl.Expr:
    """Whether coverage may return to licenses that left it: for an online service, in the program that permits it."""
    return (program.cast(pl.String) == reattach_program) & moved_online


@rule(unit="license", cite="reattach", start="2016-02-01")
def reattachable(originally_held: pl.Expr, reattach_requested: pl.Expr, is_reattachable: pl.Expr) -> pl.Expr:
    """Licenses to which coverage may return: no more than were held."""
    return pl.when(is_reattachable).then(pl.min_horizontal(originally_held, reattach_requested)).otherwise(0)


@rule(unit="text", cite="reattach", start="2016-02-01")
def reattach_when(is_reattachable: pl.Expr) -> pl.Expr:
    """When coverage that left a license for an online service may return to it."""
    return pl.when(is_reattachable).then(Reason.ANNIVERSARY_OR_RENEWAL.lit)


@rule(unit="text", cite="reattach", start="2016-02-01")
def reattach_term(is_reattachable: pl.Expr) -> pl.Expr:
    """How long coverage that returned lasts."""
    return pl.when(is_reattachable).then(Reason.REMAINDER_OF_THE_ENROLLMENT.lit)


@rule(unit="text", cite="purchasing", start="2001-10-01")
def needed_instead(is_attachable: pl.Expr) -> pl.Expr:
    """What has to be bought where coverage cannot be attached."""
    return pl.when(~is_attachable).then(pl.lit("new L&SA"))


@rule(unit="month", cite="open_license", start="2001-10-01")
def open_license_months_covered(agreement_months_left: pl.Expr, *, open_license_months_paid: int) -> pl.Expr:
    """Months that coverage under Open License lasts: it ends with the authorization."""
    return pl.min_horizontal(agreement_months_left, pl.lit(open_license_months_paid))


@rule(unit="month", cite="open_license", start="2001-10-01")
def open_license_months_charged(agreement_months_left: pl.Expr, *, open_license_months_paid: int) -> pl.Expr:
    """Months of coverage that Open License charges, however few are left."""
    return pl.when(agreement_months_left.is_not_null()).then(open_license_months_paid)


@rule(unit="date", cite="month_end", start="2001-10-01")
def month_end_of_term(signed_on: pl.Expr, term_months: pl.Expr) -> pl.Expr:
    """Last day of coverage where a program lets it run to the end of the month in which the term ends."""
    last_day = signed_on.dt.offset_by(pl.format("{}mo", term_months)).dt.offset_by("-1d")
    return last_day.dt.month_end()
