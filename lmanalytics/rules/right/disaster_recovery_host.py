"""Whether a disaster recovery server needs no Windows Server license: the Hyper-V Replica exception.

It holds outside Azure, for a server that replicates by Hyper-V and serves as nothing but a destination of replicas.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right._conditions import Condition, first_obstacle

FACTS = "hosts"
ANSWER = "is_license_waived"


class Reason(ReasonBase):
    """Why the server needs no license, or why it needs one."""

    REPLICA_SERVER = "It only receives and tests replicas by Hyper-V, so its Windows Server needs no license."
    NOT_HYPER_V = "It does not replicate by Hyper-V."
    HYPERVISOR_UNKNOWN = "No export says which virtualization software it runs."
    OTHER_USE = "Its own system is used for something else than as a destination of replicas."
    USE_UNKNOWN = "No export says what its own system is used for."
    NOT_DEDICATED = "It is not dedicated to disaster recovery."
    SERVES_PRODUCTION = "OSEs other than those of disaster recovery run on it."
    IN_AZURE = "The exception does not hold in Azure."
    NO_SOFTWARE_ASSURANCE = "No license of Windows Server has Software Assurance."
    ASSURANCE_UNKNOWN = "Whether licenses of Windows Server have Software Assurance is not known."


UNKNOWN = tuple(r.code for r in Reason if r.name.endswith("_UNKNOWN"))
"""Reasons for which more data would help."""


@rule(unit="flag", cite="additional_use", start="2016-10-01", decides_null=True)
def is_outside_azure(provider: pl.Expr) -> pl.Expr:
    """Whether the server is not one of Azure's."""
    return ~provider.str.to_lowercase().str.contains("azure|microsoft").fill_null(value=False)


@rule(unit="code", cite="additional_use", start="2016-10-01", decides_null=True)
def reason(
    hypervisor: pl.Expr,
    host_os_use: pl.Expr,
    is_dr_dedicated: pl.Expr,
    serves_production: pl.Expr,
    is_outside_azure: pl.Expr,
    has_windows_sa: pl.Expr,
) -> pl.Expr:
    """The first condition that fails, else the first that is unknown, else that all hold."""
    conditions = [
        Condition(host_os_use == "replica_target", Reason.OTHER_USE, Reason.USE_UNKNOWN),
        Condition(hypervisor == "hyper_v", Reason.NOT_HYPER_V, Reason.HYPERVISOR_UNKNOWN),
        Condition(is_dr_dedicated.cast(pl.Boolean), Reason.NOT_DEDICATED, Reason.USE_UNKNOWN),
        Condition(~serves_production.cast(pl.Boolean), Reason.SERVES_PRODUCTION, Reason.USE_UNKNOWN),
        Condition(is_outside_azure, Reason.IN_AZURE, Reason.USE_UNKNOWN),
        Condition(has_windows_sa, Reason.NO_SOFTWARE_ASSURANCE, Reason.ASSURANCE_UNKNOWN),
    ]
    return pl.coalesce(first_obstacle(conditions), Reason.REPLICA_SERVER.lit)


@rule(unit="flag", cite="additional_use", start="2016-10-01")
def is_license_waived(reason: pl.Expr) -> pl.Expr:
    """Whether the server needs no Windows Server license; null where that is not known."""
    return pl.when(~reason.is_in(UNKNOWN)).then(reason == Reason.REPLICA_SERVER.code)
