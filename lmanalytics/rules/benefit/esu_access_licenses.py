"""Access licenses of servers with Extended Security Updates: they need Software Assurance, but no updates."""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "access_licenses"
ANSWER = "access"


class Reason(ReasonBase):
    """Whether an access license may be used with an updated server."""

    COVERED = "The access license has active Software Assurance, or is a subscription."
    NO_SA = "The access license gives access to a server with active updates and has no Software Assurance."
    NOT_REQUIRED = "The server has no active updates, so its access licenses need no Software Assurance for them."
    WAIVED = "On Azure Stack the terms waive Software Assurance on access licenses."
    SA_UNKNOWN = "It is not known until when the access license has Software Assurance."
    OTHER_LICENSE = "Management licenses give no access to a server."


@rule(unit="license", cite="terms", start="2018-07-12")
def updates_for_access_licenses(*, updates_per_access_license: int) -> pl.Expr:
    """Update licenses that an access license needs: none, and none are sold."""
    return pl.lit(updates_per_access_license, pl.Int64)


@rule(unit="flag", cite="stack", start="2018-07-12", optional=("is_waived",), decides_null=True)
def is_sa_required(has_updates: pl.Expr, is_waived: pl.Expr) -> pl.Expr:
    """Whether access licenses need Software Assurance: where updates are active, unless Azure Stack waives it."""
    waived = is_waived.cast(pl.Boolean).fill_null(value=False)
    return has_updates.cast(pl.Boolean) & ~waived


@rule(
    unit="code", cite="terms", start="2018-07-12", decides_null=True,
    optional=("kind", "is_waived", "sa_active_until", "has_sa"),
)  # fmt: skip
def access(
    kind: pl.Expr,
    has_updates: pl.Expr,
    is_waived: pl.Expr,
    is_sa_required: pl.Expr,
    sa_active_until: pl.Expr,
    has_sa: pl.Expr,
    *,
    as_of: date,
) -> pl.Expr:
    """Whether an access license may be used with the server on the day of the position."""
    covered = pl.coalesce(has_sa.cast(pl.Boolean), sa_active_until.cast(pl.Date) >= as_of)
    waived = is_waived.cast(pl.Boolean).fill_null(value=False)
    return (
        pl.when(kind == "server_management_license")
        .then(Reason.OTHER_LICENSE.lit)
        .when(has_updates.cast(pl.Boolean) & waived)
        .then(Reason.WAIVED.lit)
        .when(~is_sa_required)
        .then(Reason.NOT_REQUIRED.lit)
        .when(covered)
        .then(Reason.COVERED.lit)
        .when(~covered)
        .then(Reason.NO_SA.lit)
        .otherwise(Reason.SA_UNKNOWN.lit)
    )


@rule(unit="flag", cite="terms", start="2018-07-12", decides_null=True)
def is_gap(access: pl.Expr) -> pl.Expr:
    """Whether the access license lacks Software Assurance; unknown where its end is."""
    return pl.when(access != Reason.SA_UNKNOWN.code).then(access == Reason.NO_SA.code)
