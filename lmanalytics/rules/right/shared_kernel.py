"""Virtuozzo: every guest shares the kernel of its host's Windows Server, so that one server has one edition."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "oses"
ANSWER = "edition_fit"


class Reason(ReasonBase):
    """Whether a guest can run the edition that the exports state."""

    NO_SHARED_KERNEL = "Its host does not run Virtuozzo, or it does not run Windows Server."
    SAME_EDITION = "It has the edition of its host."
    OTHER_EDITION = "It shares the kernel of its host and cannot run another edition: one of the two is stated wrongly."
    EDITION_UNKNOWN = "The edition of the guest or of its host is not stated."


@rule(unit="code", cite="virtuozzo", start="2016-10-01", decides_null=True)
def edition_fit(hypervisor: pl.Expr, os_product: pl.Expr, os_edition: pl.Expr, host_os_edition: pl.Expr) -> pl.Expr:
    """Whether the guest's edition is that of its host; Datacenter: Azure Edition is Datacenter."""
    shares = ((hypervisor == "virtuozzo") & (os_product == "Windows Server")).fill_null(value=False)
    guest, host = (edition.str.extract(r"^(\w+)") for edition in (os_edition, host_os_edition))
    return (
        pl.when(~shares)
        .then(Reason.NO_SHARED_KERNEL.lit)
        .when(guest.is_null() | host.is_null())
        .then(Reason.EDITION_UNKNOWN.lit)
        .when(guest != host)
        .then(Reason.OTHER_EDITION.lit)
        .otherwise(Reason.SAME_EDITION.lit)
    )
