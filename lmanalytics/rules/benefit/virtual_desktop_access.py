"""Windows Virtual Desktop Access (VDA): which devices may access virtual desktops, and how many at once.

Software Assurance of a device's Windows includes it; a thin client, a foreign PC or one without coverage needs a
VDA license of its own. Devices count, not users: shifts that share a device share its license.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "devices"
ANSWER = "needs_license"


@rule(unit="flag", cite="eligible", start="2014-03-01", decides_null=True)
def is_covered(sa_active_until: pl.Expr, vda_until: pl.Expr, *, as_of: date) -> pl.Expr:
    """Whether the device's Windows has active Software Assurance, or the device a VDA license."""
    covered = (sa_active_until.cast(pl.Date) >= as_of, vda_until.cast(pl.Date) >= as_of)
    return covered[0].fill_null(value=False) | covered[1].fill_null(value=False)


@rule(unit="flag", cite="faq", start="2014-03-01")
def needs_license(is_covered: pl.Expr) -> pl.Expr:
    """Whether the device needs a VDA license to access virtual desktops."""
    return ~is_covered


@rule(unit="license", cite="faq", start="2014-03-01", optional=("devices",))
def licenses_needed(needs_license: pl.Expr, devices: pl.Expr) -> pl.Expr:
    """VDA licenses that devices of one kind need, one each."""
    return pl.when(needs_license).then(devices.cast(pl.Int64)).otherwise(0)


@rule(unit="ose", cite="concurrent", start="2014-03-01", optional=("licensed_devices",))
def remote_machines(licensed_devices: pl.Expr, *, remote_machines_per_device: int) -> pl.Expr:
    """Virtual machines that licensed devices may access at once."""
    return licensed_devices.cast(pl.Int64) * remote_machines_per_device


@rule(unit="ose", cite="concurrent", start="2014-03-01", optional=("licensed_devices",))
def local_machines(licensed_devices: pl.Expr, *, local_machines_per_device: int) -> pl.Expr:
    """Instances that may run in virtual machines on licensed devices."""
    return licensed_devices.cast(pl.Int64) * local_machines_per_device


@rule(unit="date", cite="faq", start="2014-03-01", optional=("assigned_on",))
def reassignable_on(assigned_on: pl.Expr, *, reassign_days: int) -> pl.Expr:
    """First day on which a VDA license may be assigned to another device."""
    return assigned_on.cast(pl.Date).dt.offset_by(f"{reassign_days}d")
