"""System Center: client management licenses, for the systems of clients that are managed.

A client's system takes a client management license, by the OSE or by its user; the licenses of servers
(`system_center_cores`) do not serve it. They are sold by component of System Center, with Software Assurance.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "clients"
ANSWER = "client_licenses"


@rule(unit="license", cite="client_licenses", start="2016-10-01", optional=("managed_clients",))
def client_licenses(managed_clients: pl.Expr, *, licenses_per_client: int) -> pl.Expr:
    """Client management licenses by the OSE."""
    return managed_clients.cast(pl.Int64) * licenses_per_client


@rule(unit="license", cite="client_licenses", start="2016-10-01", optional=("users",))
def user_licenses(users: pl.Expr, *, licenses_per_user: int) -> pl.Expr:
    """Client management licenses by the user, whose clients they all serve."""
    return users.cast(pl.Int64) * licenses_per_user
