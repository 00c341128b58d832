"""Servers licensed per running instance with access licenses: Exchange, SharePoint, Skype for Business, Project.

One server license is assigned to a physical server and permits one running instance there, in the physical OSE
or in one virtual machine; a passive copy that runs is a running instance like any other. Who reaches the server
needs access licenses besides (`client_access`).

Exchange has two editions: Standard mounts a few databases, Enterprise many. The others have one: what they can
do depends on the access licenses.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "instances"
ANSWER = "server_licenses"
_SHARED = ("azure", "azure_dedicated_host", "provider_shared")


class Reason(ReasonBase):
    """What a running instance requires."""

    ONE_RUNNING_INSTANCE_PER_LICENSE = "One running instance requires one server license."
    TOO_MANY_DATABASES = "No edition mounts that many databases."
    EDITION_UNKNOWN = "No export says which edition it is, or how many databases it mounts."
    MOBILITY = "On a provider's servers it requires a server license with active Software Assurance."


@frame_rule(unit="code", cite="per_instance", start="2016-10-01")
def license_models(installs: pl.LazyFrame, *, server_products: pl.DataFrame) -> pl.LazyFrame:
    """Add to installs how their product is licensed: license_model and has_editions; null for what no rule knows."""
    known = server_products.lazy().select("product", "license_model", "has_editions")
    return installs.join(known, on="product", how="left")


@rule(unit="license", cite="per_instance", start="2016-10-01")
def server_licenses(running_instances: pl.Expr, *, licenses_per_instance: int) -> pl.Expr:
    """Server licenses of the running instances, whatever their work."""
    return running_instances * licenses_per_instance


@rule(unit="license", cite="mobility", start="2016-10-01", optional=("location", "operator"))
def licenses_with_sa(server_licenses: pl.Expr, location: pl.Expr, operator: pl.Expr) -> pl.Expr:
    """Those of them that need active Software Assurance: on shared servers, and on those of a Listed Provider."""
    listed = (location == "provider_dedicated") & (operator == "listed_provider")
    is_mobile = location.is_in(_SHARED) | listed.fill_null(value=False)
    return pl.when(is_mobile.fill_null(value=False)).then(server_licenses).otherwise(0)


@rule(unit="text", cite="exchange", start="2016-10-01", decides_null=True, optional=("edition", "mounted_databases"))
def edition_required(
    edition: pl.Expr, mounted_databases: pl.Expr, has_editions: pl.Expr, *, max_databases_standard: int
) -> pl.Expr:
    """The edition that its databases require; with few or an unknown number of them, the one that is installed."""
    many = mounted_databases.cast(pl.Int64) > max_databases_standard
    few = ~many
    named = pl.coalesce(edition.cast(pl.String), pl.when(few).then(pl.lit("Standard")))
    return pl.when(has_editions).then(pl.when(many.fill_null(value=False)).then(pl.lit("Enterprise")).otherwise(named))


@rule(unit="code", cite="exchange", start="2016-10-01", decides_null=True, optional=("mounted_databases",))
def verdict(
    has_editions: pl.Expr,
    edition_required: pl.Expr,
    licenses_with_sa: pl.Expr,
    mounted_databases: pl.Expr,
    *,
    max_databases_enterprise: int,
) -> pl.Expr:
    """Whether one license will do, of which kind, or why that is not known."""
    beyond = mounted_databases.cast(pl.Int64) > max_databases_enterprise
    return (
        pl.when(has_editions & beyond)
        .then(Reason.TOO_MANY_DATABASES.lit)
        .when(has_editions & edition_required.is_null())
        .then(Reason.EDITION_UNKNOWN.lit)
        .when(licenses_with_sa > 0)
        .then(Reason.MOBILITY.lit)
        .otherwise(Reason.ONE_RUNNING_INSTANCE_PER_LICENSE.lit)
    )
