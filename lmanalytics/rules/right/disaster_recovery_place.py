"""Where a backup instance may run: on a server dedicated to disaster recovery, or in Azure by Azure Site Recovery.

It may be neither on the production server nor in its cluster. Windows Server in Azure needs the Azure Hybrid Benefit.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right._conditions import Condition, first_obstacle

FACTS = "runs"
ANSWER = "obstacle_of_place"
_AZURE = ["azure", "azure_dedicated_host"]
_NEEDS_NOTHING = ["azure_hybrid_benefit", "license_included"]


class Reason(ReasonBase):
    """What is wrong with the place of a backup instance."""

    SAME_CLUSTER = "OSE in the same cluster as production."
    SAME_SERVER = "OSE on the same server as production."
    PRODUCTION_UNKNOWN = "Where the production OSE or the backup OSE runs is not known."
    NOT_DEDICATED = "The server is not dedicated to disaster recovery."
    DEDICATED_UNKNOWN = "No export says whether the server is dedicated to disaster recovery."
    NOT_SITE_RECOVERY = "In Azure it must be managed by Azure Site Recovery."
    WINDOWS_IN_AZURE = "Windows Server in Azure needs the Azure Hybrid Benefit."
    WINDOWS_LICENSE_UNKNOWN = "Whether it runs Windows Server in Azure, and by which license, is not known."
    LISTED_PROVIDER_UNKNOWN = "A Listed Provider's server takes only licenses acquired before 1 October 2019."


UNKNOWN = tuple(r.code for r in Reason if r.name.endswith("_UNKNOWN"))
"""Reasons for which more data would help."""


@rule(unit="flag", cite="permitted_use", start="2016-10-01")
def is_in_azure(target: pl.Expr) -> pl.Expr:
    """Whether Azure Site Recovery brings the backup instance up in Azure."""
    return target == "azure_site_recovery"


@rule(unit="flag", cite="permitted_use", start="2016-10-01", decides_null=True)
def is_place_dedicated(is_in_azure: pl.Expr, is_dr_dedicated: pl.Expr, location: pl.Expr) -> pl.Expr:
    """Whether its server is dedicated to disaster recovery; in Azure none need be."""
    elsewhere = location.is_in(_AZURE).fill_null(value=False)
    return pl.when(is_in_azure | elsewhere).then(statement=True).otherwise(is_dr_dedicated.cast(pl.Boolean))


@rule(unit="flag", cite="permitted_use", start="2016-10-01", decides_null=True)
def is_by_site_recovery(is_in_azure: pl.Expr, location: pl.Expr) -> pl.Expr:
    """Whether a backup instance in Azure is managed by Azure Site Recovery."""
    return is_in_azure | ~location.is_in(_AZURE).fill_null(value=False)


@rule(unit="flag", cite="hybrid_benefit", start="2016-10-01", decides_null=True)
def is_windows_permitted(is_in_azure: pl.Expr, os_product: pl.Expr, license_source: pl.Expr) -> pl.Expr:
    """Whether its system may run there: anything on a server; in Azure, Windows Server not by this right alone."""
    windows = os_product == "Windows Server"
    return (
        pl.when(~is_in_azure | ~windows).then(statement=True).otherwise(windows & license_source.is_in(_NEEDS_NOTHING))
    )


@rule(unit="flag", cite="hybrid_benefit", start="2016-10-01", decides_null=True)
def is_license_used_twice(is_in_azure: pl.Expr, os_product: pl.Expr, license_source: pl.Expr) -> pl.Expr:
    """Whether the same Windows Server licenses, Standard too, may meanwhile serve production on its own server."""
    return (is_in_azure & (os_product == "Windows Server")).fill_null(value=False) & (
        license_source == "azure_hybrid_benefit"
    ).fill_null(value=False)


@rule(
    unit="flag",
    cite="outsourcing",
    start="2016-10-01",
    end="2019-09-30",
    name="is_operator_permitted",
    decides_null=True,
)
def is_operator_permitted_before_listed_providers(is_in_azure: pl.Expr) -> pl.Expr:
    """Whether those who operate the server may: any outsourcer."""
    return is_in_azure.is_not_null()


@rule(unit="flag", cite="outsourcing", start="2019-10-01", decides_null=True)
def is_operator_permitted(is_in_azure: pl.Expr, operator: pl.Expr) -> pl.Expr:
    """Whether those who operate the server may; unknown for Listed Providers, whose servers take old licenses only."""
    listed = ~is_in_azure & (operator == "listed_provider").fill_null(value=False)
    return pl.when(~listed).then(statement=True)


@rule(unit="code", cite="permitted_use", start="2016-10-01", decides_null=True)
def obstacle_of_place(
    is_same_cluster: pl.Expr,
    is_same_server: pl.Expr,
    is_place_dedicated: pl.Expr,
    is_by_site_recovery: pl.Expr,
    is_windows_permitted: pl.Expr,
    is_operator_permitted: pl.Expr,
) -> pl.Expr:
    """What is wrong with the place; null when nothing is."""
    return first_obstacle(
        [
            Condition(~is_same_cluster, Reason.SAME_CLUSTER, Reason.PRODUCTION_UNKNOWN),
            Condition(~is_same_server, Reason.SAME_SERVER, Reason.PRODUCTION_UNKNOWN),
            Condition(is_by_site_recovery, Reason.NOT_SITE_RECOVERY, Reason.PRODUCTION_UNKNOWN),
            Condition(is_place_dedicated, Reason.NOT_DEDICATED, Reason.DEDICATED_UNKNOWN),
            Condition(is_windows_permitted, Reason.WINDOWS_IN_AZURE, Reason.WINDOWS_LICENSE_UNKNOWN),
            Condition(is_operator_permitted, Reason.LISTED_PROVIDER_UNKNOWN, Reason.LISTED_PROVIDER_UNKNOWN),
        ]
    )
