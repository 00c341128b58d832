"""Office for the web and Office Online Server: editing documents by the right of a device's Office.

Users of the licensed device edit from it; its primary user edits from any device. Office for the web also needs
SharePoint Online or OneDrive for Business.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "devices"
ANSWER = "office_online_server"


class Reason(ReasonBase):
    """Why documents may be edited, or not."""

    LICENSED_DEVICE = "The device is licensed with a qualifying Office that has active Software Assurance."
    PRIMARY_USER = "The device is licensed with a qualifying Office, so its primary user may edit from any device."
    NO_PRIMARY_USER = "No primary user of the device is recorded."
    OFFICE_COVERAGE_EXPIRED = "Software Assurance of the device's Office has ended."
    OFFICE_NOT_COVERED = "No Software Assurance of the device's Office is recorded."
    OFFICE_NOT_QUALIFYING = "No qualifying edition of Office is recorded for the device."
    NO_ONLINE_PLAN = "No plan of SharePoint Online or OneDrive for Business is active."
    ONLINE_PLAN_UNKNOWN = "It is not known whether a plan of SharePoint Online or OneDrive for Business is active."


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True)
def office_online_server(
    office_edition: pl.Expr, office_sa_until: pl.Expr, *, qualifying_office: pl.DataFrame, as_of: date
) -> pl.Expr:
    """Why Office Online Server may be used from the device, or not."""
    qualifies = office_edition.cast(pl.String).is_in(qualifying_office["edition"].to_list()).fill_null(value=False)
    return (
        pl.when(~qualifies)
        .then(Reason.OFFICE_NOT_QUALIFYING.lit)
        .when(office_sa_until.is_null())
        .then(Reason.OFFICE_NOT_COVERED.lit)
        .when(office_sa_until.cast(pl.Date) < as_of)
        .then(Reason.OFFICE_COVERAGE_EXPIRED.lit)
        .otherwise(Reason.LICENSED_DEVICE.lit)
    )


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True, optional=("has_online_plan",))
def office_for_the_web(office_online_server: pl.Expr, has_online_plan: pl.Expr) -> pl.Expr:
    """Why Office for the web may be used from the device, or not."""
    may = office_online_server == Reason.LICENSED_DEVICE.code
    plan = has_online_plan.cast(pl.Boolean)
    return (
        pl.when(may & plan.is_null())
        .then(Reason.ONLINE_PLAN_UNKNOWN.lit)
        .when(may & ~plan)
        .then(Reason.NO_ONLINE_PLAN.lit)
        .otherwise(office_online_server)
    )


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True)
def office_online_server_anywhere(office_online_server: pl.Expr, primary_user_id: pl.Expr) -> pl.Expr:
    """Why the primary user may use Office Online Server from any device, or not."""
    return _anywhere(office_online_server, primary_user_id)


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True)
def office_for_the_web_anywhere(office_for_the_web: pl.Expr, primary_user_id: pl.Expr) -> pl.Expr:
    """Why the primary user may use Office for the web from any device, or not."""
    return _anywhere(office_for_the_web, primary_user_id)


@rule(unit="date", cite="benefit", start="2015-07-01", decides_null=True, optional=("online_plan_until",))
def web_until(office_sa_until: pl.Expr, online_plan_until: pl.Expr) -> pl.Expr:
    """Last day of Office for the web: that of Software Assurance or of the online plan, whichever is earlier."""
    return pl.min_horizontal(office_sa_until.cast(pl.Date), online_plan_until.cast(pl.Date))


def _anywhere(on_device: pl.Expr, primary_user_id: pl.Expr) -> pl.Expr:
    unknown = Reason.ONLINE_PLAN_UNKNOWN.code
    return (
        pl.when(primary_user_id.is_null() & on_device.is_in([Reason.LICENSED_DEVICE.code, unknown]))
        .then(Reason.NO_PRIMARY_USER.lit)
        .when(on_device == Reason.LICENSED_DEVICE.code)
        .then(Reason.PRIMARY_USER.lit)
        .otherwise(on_device)
    )


ENTITLED = (Reason.LICENSED_DEVICE.code, Reason.PRIMARY_USER.code)
UNKNOWN = (Reason.ONLINE_PLAN_UNKNOWN.code,)
