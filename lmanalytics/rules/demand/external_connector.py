"""External Connectors: access of any number of external users to one server, instead of access licenses.

An external user is no employee, on-site agent or contractor of the customer or its affiliates. One connector is
assigned to a physical server, whatever its edition, and covers it with all virtual machines on it. Under License
Mobility one connector with Software Assurance covers one OSE on shared servers.
"""

import polars as pl

from lmanalytics.rules.demand.price_list import PER_LICENSE
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "external_access"
ANSWER = "connectors"


class Reason(ReasonBase):
    """Which way to license external users is taken, and how far a connector reaches."""

    EXTERNAL_CONNECTOR = "So many external users cost more by the user than by connectors."
    USER_CALS = "So few external users cost no more by the user than by connectors."
    PHYSICAL_SERVER_AND_ALL_VMS_ON_IT = "A connector covers a physical server and all virtual machines on it."
    ONE_VM = "A connector covers one virtual machine."


@rule(unit="code", cite="per_server", start="2016-10-01")
def covers(*, external_connector_scope: str) -> pl.Expr:
    """What one connector covers on the customer's own servers."""
    by_server = external_connector_scope == "per_server"
    return Reason.PHYSICAL_SERVER_AND_ALL_VMS_ON_IT.lit if by_server else Reason.ONE_VM.lit


@rule(unit="license", cite="mobility", start="2016-10-01", optional=("oses_on_shared_servers",))
def connectors_with_sa(oses_on_shared_servers: pl.Expr, *, connectors_per_mobile_ose: int) -> pl.Expr:
    """Connectors for OSEs on shared servers, which need active Software Assurance."""
    return oses_on_shared_servers.cast(pl.Int64).fill_null(0) * connectors_per_mobile_ose


@rule(unit="license", cite="per_server", start="2016-10-01", optional=("oses",))
def connectors(
    physical_servers: pl.Expr,
    oses: pl.Expr,
    connectors_with_sa: pl.Expr,
    *,
    connectors_per_server: int,
    external_connector_scope: str,
) -> pl.Expr:
    """Connectors for all servers that external users reach."""
    reached = physical_servers if external_connector_scope == "per_server" else oses.cast(pl.Int64)
    return reached * connectors_per_server + connectors_with_sa


@rule(unit="user", cite="per_server", start="2016-10-01", optional=("connector_price", "cal_price"))
def cheaper_above_users(connector_price: pl.Expr, cal_price: pl.Expr, *, published_cheaper_above_users: int) -> pl.Expr:
    """The most external users for whom licenses by the user cost no more than a connector.

    Without both prices the approximate number that is published.
    """
    one, each = connector_price.cast(PER_LICENSE), cal_price.cast(PER_LICENSE)
    priced = one.is_not_null() & (each > 0)
    by_price = (one // pl.when(each > 0).then(each)).cast(pl.Int64)
    return pl.when(priced).then(by_price).otherwise(pl.lit(published_cheaper_above_users, pl.Int64))


@rule(unit="code", cite="per_server", start="2016-10-01", optional=("external_users", "connector_price", "cal_price"))
def cheapest(
    external_users: pl.Expr,
    connectors: pl.Expr,
    connector_price: pl.Expr,
    cal_price: pl.Expr,
    cheaper_above_users: pl.Expr,
) -> pl.Expr:
    """The way to license the external users that costs less; by the user where both cost the same."""
    users = external_users.cast(pl.Int64)
    by_price = users * cal_price.cast(PER_LICENSE) > connectors * connector_price.cast(PER_LICENSE)
    dearer = by_price.fill_null(users > connectors * cheaper_above_users)
    return pl.when(dearer).then(Reason.EXTERNAL_CONNECTOR.lit).when(~dearer).then(Reason.USER_CALS.lit)
