"""Where own SQL Server licenses may be used, and when they need Software Assurance for it.

On dedicated servers of an outsourcer they are used as on own ones. Shared servers, and a Listed Provider's
dedicated ones, take them by virtual machine under License Mobility through Software Assurance.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "physical_core_use"


class Reason(ReasonBase):
    """Whether, and how, own licenses may be used on a server."""

    ALLOWED = "The server is the customer's own, or an outsourcer's that the terms treat alike."
    OLD_LICENSES_ONLY = "A Listed Provider's dedicated server takes only licenses acquired before 1 October 2019."
    SHARED_SERVER = "A server shared with other customers cannot be licensed by physical core."
    NEEDS_SA = "On such a server licenses by virtual machine need Software Assurance (License Mobility)."


@rule(unit="code", cite="outsourcing", start="2012-04-01", end="2019-09-30", name="physical_core_use")
def physical_core_use_before_listed_providers(operator: pl.Expr, is_dedicated: pl.Expr) -> pl.Expr:
    """By physical core: any server that is the customer's own or dedicated."""
    own = (operator == "customer") | is_dedicated
    return pl.when(own).then(Reason.ALLOWED.lit).otherwise(Reason.SHARED_SERVER.lit)


@rule(unit="code", cite="listed_providers", start="2019-10-01")
def physical_core_use(operator: pl.Expr, is_dedicated: pl.Expr) -> pl.Expr:
    """By physical core: own and dedicated servers, a Listed Provider's with old licenses only."""
    return (
        pl.when(operator == "customer")
        .then(Reason.ALLOWED.lit)
        .when(~is_dedicated)
        .then(Reason.SHARED_SERVER.lit)
        .when(operator == "listed_provider")
        .then(Reason.OLD_LICENSES_ONLY.lit)
        .otherwise(Reason.ALLOWED.lit)
    )


@rule(unit="code", cite="mobility", start="2012-04-01", end="2019-09-30", name="virtual_core_use")
def virtual_core_use_before_listed_providers(operator: pl.Expr, is_dedicated: pl.Expr) -> pl.Expr:
    """By virtual machine: freely on own and dedicated servers, on shared ones with Software Assurance."""
    own = (operator == "customer") | is_dedicated
    return pl.when(own).then(Reason.ALLOWED.lit).otherwise(Reason.NEEDS_SA.lit)


@rule(unit="code", cite="mobility", start="2019-10-01")
def virtual_core_use(operator: pl.Expr, is_dedicated: pl.Expr) -> pl.Expr:
    """By virtual machine: with Software Assurance on shared servers and on a Listed Provider's dedicated ones."""
    own = (operator == "customer") | (is_dedicated & (operator != "listed_provider"))
    return pl.when(own).then(Reason.ALLOWED.lit).otherwise(Reason.NEEDS_SA.lit)


@rule(unit="date", cite="listed_providers", start="2019-10-01")
def acquired_before(physical_core_use: pl.Expr, *, first_day_of_listed_providers: date) -> pl.Expr:
    """The day before which licenses by physical core must have been acquired; null where any serve."""
    old = physical_core_use == Reason.OLD_LICENSES_ONLY.code
    return pl.when(old).then(pl.lit(first_day_of_listed_providers))


@rule(unit="date", cite="listed_providers", start="2012-04-01", end="2019-09-30", name="acquired_before")
def acquired_before_listed_providers() -> pl.Expr:
    """The day before which licenses by physical core must have been acquired: any serve."""
    return pl.lit(None, pl.Date)
