"""Whether Extended Security Updates may be had for one server and one year.

The licenses need Software Assurance, or are subscriptions, with a month left when the coverage of the year
begins. Editions outside the offer cannot have them; the last years of some offers exist in Azure alone.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "server_years"
ANSWER = "is_eligible"


class Reason(ReasonBase):
    """Why a server may, may not, or may perhaps have a year of updates."""

    ENOUGH_SA = "Enough Software Assurance, or subscription, is left when the coverage of the year begins."
    SA_NOT_NEEDED = "This offering asks for no Software Assurance."
    HOSTED = "The provider's license is included; the customer needs no Software Assurance of its own."
    FREE = "The updates are part of what the place where it runs costs."
    DEVELOPMENT = "Software for development and test takes the updates of the production servers."
    EDITION_NOT_OFFERED = "No Extended Security Updates are offered for this edition."
    EDITION_UNKNOWN = "The edition is unknown, so it is not known whether updates are offered for it."
    AZURE_ONLY = "This year is offered in Azure alone."
    HOST_NOT_AUTHORIZED = "Under licenses that a provider includes they are sold at Authorized Mobility Partners alone."
    HOST_UNKNOWN = "Whether the provider that includes the license is an Authorized Mobility Partner is unknown."
    CHANNEL_NOT_OFFERED = "The offering is not sold for licenses that a provider includes."
    NO_SA = "No license has Software Assurance or is a subscription when the coverage of the year begins."
    TOO_LITTLE_SA = "Software Assurance, or the subscription, ends less than a month after the coverage begins."
    SA_UNKNOWN = "It is not known how much Software Assurance is left when the coverage of the year begins."
    DAYS_UNKNOWN = "The first day of this year has not been published."


_ALLOWED = tuple(
    reason.code for reason in (Reason.ENOUGH_SA, Reason.SA_NOT_NEEDED, Reason.HOSTED, Reason.FREE, Reason.DEVELOPMENT)
)
_UNDECIDED = (Reason.EDITION_UNKNOWN, Reason.HOST_UNKNOWN, Reason.SA_UNKNOWN, Reason.DAYS_UNKNOWN)
_OPEN = tuple(reason.code for reason in _UNDECIDED)


@rule(
    unit="date",
    cite="terms",
    start="2018-07-12",
    decides_null=True,
    optional=("recorded_start", "period_start"),
)
def coverage_start(recorded_start: pl.Expr, period_start: pl.Expr, *, as_of: date, esu_coverage_begins: str) -> pl.Expr:
    """First day of the actual coverage: as recorded, else as the year begins, or as it is bought today."""
    begins = period_start.cast(pl.Date)
    if esu_coverage_begins == "when_bought":
        begins = pl.max_horizontal(begins, pl.when(begins.is_not_null()).then(pl.lit(as_of)))
    return pl.coalesce(recorded_start.cast(pl.Date), begins)


@rule(unit="date", cite="terms", start="2018-07-12")
def sa_needed_until(coverage_start: pl.Expr, *, esu_sa_month: str, min_sa_months: int, min_sa_days: int) -> pl.Expr:
    """Earliest last day of Software Assurance that leaves a month at the start of the coverage, that day included."""
    month = f"{min_sa_months}mo" if esu_sa_month == "calendar_month" else f"{min_sa_days}d"
    return coverage_start.dt.offset_by(month).dt.offset_by("-1d")


@rule(unit="flag", cite="terms", start="2018-07-12", optional=("sa_end",))
def has_month_left(sa_needed_until: pl.Expr, sa_end: pl.Expr) -> pl.Expr:
    """Whether Software Assurance, or the subscription, lasts long enough after the coverage begins."""
    return sa_end.cast(pl.Date) >= sa_needed_until


@rule(unit="flag", cite="terms", start="2018-07-12", optional=("sa_months_remaining",))
def has_months_left(sa_months_remaining: pl.Expr, *, min_sa_months: int) -> pl.Expr:
    """Whether the months of Software Assurance that remain are enough."""
    return sa_months_remaining.cast(pl.Int64) >= min_sa_months


@rule(unit="month", cite="terms", start="2018-07-12")
def minimum_months(*, min_sa_months: int) -> pl.Expr:
    """Months of Software Assurance that must remain when the coverage of a year begins."""
    return pl.lit(min_sa_months, pl.Int64)


@rule(
    unit="code", cite="terms", start="2018-07-12", decides_null=True,
    optional=("is_edition_offered", "is_azure", "is_azure_only", "is_free", "is_development"),
)  # fmt: skip
def offer(
    is_edition_offered: pl.Expr,
    coverage_start: pl.Expr,
    is_azure: pl.Expr,
    is_azure_only: pl.Expr,
    is_free: pl.Expr,
    is_development: pl.Expr,
) -> pl.Expr:
    """What the offering says without regard to Software Assurance; null where it leaves the answer to it."""
    barred = is_azure_only.cast(pl.Boolean) & ~is_azure.cast(pl.Boolean).fill_null(value=False)
    return (
        pl.when(is_development.cast(pl.Boolean))
        .then(Reason.DEVELOPMENT.lit)
        .when(is_edition_offered.is_null())
        .then(Reason.EDITION_UNKNOWN.lit)
        .when(~is_edition_offered.cast(pl.Boolean))
        .then(Reason.EDITION_NOT_OFFERED.lit)
        .when(barred)
        .then(Reason.AZURE_ONLY.lit)
        .when(coverage_start.is_null())
        .then(Reason.DAYS_UNKNOWN.lit)
        .when(is_free.cast(pl.Boolean))
        .then(Reason.FREE.lit)
    )


@rule(
    unit="code", cite="hosted", start="2018-07-12", decides_null=True,
    optional=("is_hosted", "is_sold_hosted", "is_authorized_host", "needs_sa"),
)  # fmt: skip
def own_coverage(
    has_month_left: pl.Expr,
    is_hosted: pl.Expr,
    is_sold_hosted: pl.Expr,
    is_authorized_host: pl.Expr,
    needs_sa: pl.Expr,
    *,
    client_esu_needs_sa: str,
) -> pl.Expr:
    """What the server's own licenses say; null where it is not stated until when they have Software Assurance."""
    asks_sa = (needs_sa.cast(pl.Boolean) | (client_esu_needs_sa == "yes")).fill_null(value=True)
    hosted, authorized = is_hosted.cast(pl.Boolean), is_authorized_host.cast(pl.Boolean)
    return (
        pl.when(hosted & ~is_sold_hosted.cast(pl.Boolean).fill_null(value=False))
        .then(Reason.CHANNEL_NOT_OFFERED.lit)
        .when(hosted & authorized)
        .then(Reason.HOSTED.lit)
        .when(hosted & ~authorized)
        .then(Reason.HOST_NOT_AUTHORIZED.lit)
        .when(hosted)
        .then(Reason.HOST_UNKNOWN.lit)
        .when(~asks_sa)
        .then(Reason.SA_NOT_NEEDED.lit)
        .when(has_month_left)
        .then(Reason.ENOUGH_SA.lit)
        .when(~has_month_left)
        .then(Reason.TOO_LITTLE_SA.lit)
    )


@rule(
    unit="code", cite="terms", start="2018-07-12", decides_null=True,
    optional=("sa_licenses", "sa_licenses_too_short", "sa_licenses_open", "licenses_to_cover"),
)  # fmt: skip
def pooled_coverage(
    sa_licenses: pl.Expr, sa_licenses_too_short: pl.Expr, sa_licenses_open: pl.Expr, licenses_to_cover: pl.Expr
) -> pl.Expr:
    """What all licenses together say: those with enough Software Assurance against all that need it.

    Licenses with too little, or whose end is not known, decide only where none has enough; licenses that
    cover some servers but not all decide nothing.
    """
    enough, asked = sa_licenses.cast(pl.Int64), licenses_to_cover.cast(pl.Int64)
    return (
        pl.when((enough >= asked) & (enough > 0))
        .then(Reason.ENOUGH_SA.lit)
        .when(enough.is_null() | (enough > 0) | (sa_licenses_open.cast(pl.Int64) > 0))
        .then(Reason.SA_UNKNOWN.lit)
        .when(sa_licenses_too_short.cast(pl.Int64) > 0)
        .then(Reason.TOO_LITTLE_SA.lit)
        .otherwise(Reason.NO_SA.lit)
    )


@rule(unit="code", cite="terms", start="2018-07-12", decides_null=True)
def eligibility(offer: pl.Expr, own_coverage: pl.Expr, pooled_coverage: pl.Expr) -> pl.Expr:
    """Why a server may or may not have the year: the offering first, then its own licenses, then all."""
    return pl.coalesce(offer, own_coverage, pooled_coverage)


@rule(unit="flag", cite="terms", start="2018-07-12", decides_null=True)
def is_eligible(eligibility: pl.Expr) -> pl.Expr:
    """Whether the year may be had; unknown where what decides it is."""
    return pl.when(~eligibility.is_in(_OPEN)).then(eligibility.is_in(_ALLOWED))
