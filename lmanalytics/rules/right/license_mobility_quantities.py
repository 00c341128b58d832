"""How many licenses a deployment under License Mobility through Software Assurance takes.

An External Connector or server license covers so many OSEs, a core license a virtual core with a minimum for
the OSE, and System Center management licenses so many managed OSEs at a time.
"""

import polars as pl

from lmanalytics.rules.engine import rule
from lmanalytics.rules.mapping import mapped

FACTS = "mobility_deployments"
ANSWER = "licenses_required"
_CORE, _SERVER, _CONNECTOR = "core", "server", "external_connector"


@rule(unit="core_license", cite="table", start="2011-07-01")
def core_licenses(vcpus: pl.Expr, *, virtual_cores_per_core_license: int, min_cores_per_ose: int) -> pl.Expr:
    """Core licenses of one OSE: its virtual cores, raised to the minimum."""
    needed = (vcpus.cast(pl.Int64) + virtual_cores_per_core_license - 1) // virtual_cores_per_core_license
    return pl.max_horizontal(needed, min_cores_per_ose)


@rule(unit="core_license", cite="table", start="2011-07-01")
def min_core_licenses(*, min_cores_per_ose: int) -> pl.Expr:
    """Fewest core licenses of any OSE."""
    return pl.lit(min_cores_per_ose, pl.Int64)


@rule(unit="core", cite="table", start="2011-07-01")
def cores_per_core_license(*, virtual_cores_per_core_license: int) -> pl.Expr:
    """Virtual cores that a core license covers."""
    return pl.lit(virtual_cores_per_core_license, pl.Int64)


@rule(unit="license", cite="table", start="2011-07-01")
def server_licenses(oses: pl.Expr, *, oses_per_server_license: int) -> pl.Expr:
    """Server licenses of so many OSEs."""
    return (oses.cast(pl.Int64) + oses_per_server_license - 1) // oses_per_server_license


@rule(unit="license", cite="table", start="2011-07-01")
def external_connector_licenses(oses: pl.Expr, *, oses_per_external_connector: int) -> pl.Expr:
    """External Connector licenses of so many OSEs."""
    return (oses.cast(pl.Int64) + oses_per_external_connector - 1) // oses_per_external_connector


@rule(unit="license", cite="table", start="2011-07-01")
def grant_licenses(
    product: pl.Expr, version: pl.Expr, edition: pl.Expr, *, license_mobility_management: pl.DataFrame
) -> pl.Expr:
    """Management licenses that count together; null for what the table does not name."""
    return _looked_up("licenses_per_grant", product, version, edition, license_mobility_management)


@rule(unit="ose", cite="table", start="2011-07-01")
def grant_oses(
    product: pl.Expr, version: pl.Expr, edition: pl.Expr, *, license_mobility_management: pl.DataFrame
) -> pl.Expr:
    """Managed OSEs that these permit."""
    return _looked_up("managed_oses", product, version, edition, license_mobility_management)


@rule(unit="license", cite="table", start="2011-07-01")
def management_licenses(
    managed_before: pl.Expr,
    managed_oses: pl.Expr,
    grant_licenses: pl.Expr,
    grant_oses: pl.Expr,
    *,
    part_of_a_grant: str,
) -> pl.Expr:
    """Licenses that so many managed OSEs add to those that the same licenses manage already."""

    def of(oses: pl.Expr) -> pl.Expr:
        if part_of_a_grant == "no_right":
            return (oses + grant_oses - 1) // grant_oses * grant_licenses
        return (oses * grant_licenses + grant_oses - 1) // grant_oses

    before = managed_before.cast(pl.Int64)
    return of(before + managed_oses.cast(pl.Int64)) - of(before)


@rule(unit="ose", cite="table", start="2011-07-01", optional=("licenses_held",))
def managed_oses_allowed(
    licenses_held: pl.Expr, grant_licenses: pl.Expr, grant_oses: pl.Expr, *, part_of_a_grant: str
) -> pl.Expr:
    """Managed OSEs that the management licenses held permit in one Server Farm."""
    held = licenses_held.cast(pl.Int64)
    if part_of_a_grant == "no_right":
        return held // grant_licenses * grant_oses
    return held * grant_oses // grant_licenses


@rule(unit="ose", cite="table", start="2011-07-01", optional=("licenses_held",))
def oses_allowed(
    metric: pl.Expr, licenses_held: pl.Expr, *, oses_per_server_license: int, oses_per_external_connector: int
) -> pl.Expr:
    """OSEs that the server or External Connector licenses held permit."""
    held = licenses_held.cast(pl.Int64)
    return (
        pl.when(metric == _SERVER)
        .then(held * oses_per_server_license)
        .when(metric == _CONNECTOR)
        .then(held * oses_per_external_connector)
    )


@rule(unit="license", cite="table", start="2011-07-01", decides_null=True)
def licenses_required(
    product: pl.Expr,
    metric: pl.Expr,
    core_licenses: pl.Expr,
    server_licenses: pl.Expr,
    external_connector_licenses: pl.Expr,
    management_licenses: pl.Expr,
    *,
    license_mobility_management: pl.DataFrame,
) -> pl.Expr:
    """Licenses of the deployment by its license model; null where it or its size is unknown."""
    managing = product.cast(pl.String).is_in(license_mobility_management["product"].unique().to_list())
    return (
        pl.when(managing)
        .then(management_licenses)
        .when(metric == _CORE)
        .then(core_licenses)
        .when(metric == _SERVER)
        .then(server_licenses)
        .when(metric == _CONNECTOR)
        .then(external_connector_licenses)
    )


def _looked_up(value: str, product: pl.Expr, version: pl.Expr, edition: pl.Expr, table: pl.DataFrame) -> pl.Expr:
    keys = table.select(pl.concat_str("product", "version", "edition", separator="|"))["product"]
    asked = pl.concat_str([c.cast(pl.String) for c in (product, version, edition)], separator="|")
    return mapped(asked, keys, table[value], pl.Int64())
