"""Where own Windows Server licenses may be used: own servers, and those of an outsourcer.

On dedicated servers of an Authorized Outsourcer they are used as on own ones. On shared ones the Flexible
Virtualization Benefit permits licensing by virtual machine. A Listed Provider's servers take licenses by
physical core only while they are dedicated and the licenses are old enough.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "physical_core_use"


class Reason(ReasonBase):
    """Whether own licenses may be used on a server, by physical core or by virtual machine."""

    ALLOWED = "The server is the customer's own, or an outsourcer's that the terms treat alike."
    OLD_LICENSES_ONLY = "A Listed Provider's dedicated server takes only licenses acquired before 1 October 2019."
    SHARED_SERVER = "A server shared with other customers cannot be licensed by physical core."
    NOT_YET = "Before the Flexible Virtualization Benefit an outsourcer's shared servers took no own licenses."
    LISTED_PROVIDER = "A Listed Provider's servers take no Windows Server licenses by virtual machine."


@rule(unit="code", cite="outsourcing", start="2016-10-01", end="2019-09-30", name="physical_core_use")
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


@rule(unit="code", cite="outsourcing", start="2016-10-01", end="2022-09-30", name="virtual_core_use")
def virtual_core_use_before_flexible_virtualization(operator: pl.Expr) -> pl.Expr:
    """By virtual machine: nowhere yet."""
    return pl.when(operator.is_not_null()).then(Reason.NOT_YET.lit)


@rule(unit="code", cite="flexible_virtualization", start="2022-10-01")
def virtual_core_use(operator: pl.Expr) -> pl.Expr:
    """By virtual machine: own servers and those of Authorized Outsourcers, shared or dedicated."""
    return pl.when(operator == "listed_provider").then(Reason.LISTED_PROVIDER.lit).otherwise(Reason.ALLOWED.lit)
