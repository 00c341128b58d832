"""Windows Server by virtual machine: core licenses of one OSE, with Software Assurance or a subscription.

One licensed virtual machine is one OSE or one container with Hyper-V isolation, and any number of
containers without it. The licenses move with it at any time inside one Server Farm.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "oses"
ANSWER = "core_licenses"


class Reason(ReasonBase):
    """Whether, and how freely, an OSE may be licensed by itself."""

    ALLOWED = "Software Assurance is active, or the licenses are subscriptions."
    NEEDS_SA = "Licensing by virtual machine needs active Software Assurance or subscription licenses."
    ANY_TIME = "Licenses move with the virtual machine at any time inside one Server Farm."
    ONCE_PER_PERIOD = "Between Server Farms licenses move no more often than once in the days that the terms set."


@rule(unit="core_license", cite="by_virtual_machine", start="2022-10-01")
def core_licenses(vcpus: pl.Expr, *, min_licenses_per_ose: int) -> pl.Expr:
    """The virtual cores of the OSE, raised to the minimum of an OSE."""
    return pl.max_horizontal(vcpus, min_licenses_per_ose)


@rule(unit="core_license", cite="by_virtual_machine", start="2022-10-01")
def min_licenses(*, min_licenses_per_ose: int) -> pl.Expr:
    """Fewest core licenses of any OSE that is licensed by itself."""
    return pl.lit(min_licenses_per_ose, pl.Int64)


@rule(unit="ose", cite="containers", start="2022-10-01")
def oses_allowed(*, oses_per_licensed_ose: int) -> pl.Expr:
    """OSEs, or containers with Hyper-V isolation, in one licensed virtual machine."""
    return pl.lit(oses_per_licensed_ose, pl.Int64)


@rule(unit="code", cite="containers", start="2022-10-01")
def process_containers_allowed() -> pl.Expr:
    """Containers without Hyper-V isolation in one licensed virtual machine: any number."""
    return pl.lit("unlimited")


@rule(unit="code", cite="by_virtual_machine", start="2022-10-01", optional=("sa_or_subscription",))
def eligibility(sa_or_subscription: pl.Expr) -> pl.Expr:
    """Whether the licenses may be used for an OSE by itself."""
    covered = sa_or_subscription.cast(pl.Boolean)
    return pl.when(covered).then(Reason.ALLOWED.lit).when(~covered).then(Reason.NEEDS_SA.lit)


@rule(unit="code", cite="movement", start="2022-10-01", optional=("is_same_farm",))
def movement(is_same_farm: pl.Expr) -> pl.Expr:
    """How freely licenses follow a virtual machine from one server to another."""
    stays = is_same_farm.cast(pl.Boolean)
    return pl.when(stays).then(Reason.ANY_TIME.lit).when(~stays).then(Reason.ONCE_PER_PERIOD.lit)
