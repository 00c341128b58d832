"""Passive fail-over instances of SQL Server on a partner's shared servers."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "mobility_deployments"
ANSWER = "failover"


class Reason(ReasonBase):
    """Whether passive instances need licenses of their own."""

    FREE = "Passive fail-over instances in one OSE need no license beside those of production."
    NOT_SQL_SERVER = "The fail-over right is one of SQL Server alone."
    PRODUCTION_UNKNOWN = "The production deployment is not named, or not among the deployments."
    PRODUCTION_ENDED = "The production deployment does not run under License Mobility any more."
    OTHER_PARTNER = "Production runs on another partner's servers."
    ANOTHER_OSE = "Only one OSE may hold the passive instances of a production deployment."
    SIZE_UNKNOWN = "The licenses that production or the passive instances require are unknown."
    MORE_LICENSES = "The passive instances would require more licenses than production."


@rule(unit="code", cite="failover", start="2011-07-01", decides_null=True)
def failover(
    product: pl.Expr,
    passive_licenses: pl.Expr,
    production_licenses: pl.Expr,
    is_production_known: pl.Expr,
    is_production_running: pl.Expr,
    is_same_partner: pl.Expr,
    passive_number: pl.Expr,
) -> pl.Expr:
    """Whether passive instances are free; they are numbered from 1 for each production deployment."""
    return (
        pl.when(product != "SQL Server")
        .then(Reason.NOT_SQL_SERVER.lit)
        .when(~is_production_known.cast(pl.Boolean).fill_null(value=False))
        .then(Reason.PRODUCTION_UNKNOWN.lit)
        .when(~is_production_running.cast(pl.Boolean).fill_null(value=True))
        .then(Reason.PRODUCTION_ENDED.lit)
        .when(~is_same_partner.cast(pl.Boolean))
        .then(Reason.OTHER_PARTNER.lit)
        .when(passive_number > 1)
        .then(Reason.ANOTHER_OSE.lit)
        .when(passive_licenses.is_null() | production_licenses.is_null())
        .then(Reason.SIZE_UNKNOWN.lit)
        .when(passive_licenses > production_licenses)
        .then(Reason.MORE_LICENSES.lit)
        .otherwise(Reason.FREE.lit)
    )


@rule(unit="flag", cite="failover", start="2011-07-01")
def is_free(failover: pl.Expr) -> pl.Expr:
    """Whether they need no license; unknown where the deployments do not say."""
    unknown = [Reason.PRODUCTION_UNKNOWN.code, Reason.SIZE_UNKNOWN.code]
    return pl.when(~failover.is_in(unknown)).then(failover == Reason.FREE.code)


@rule(unit="core_license", cite="failover", start="2011-07-01", decides_null=True)
def failover_licenses(
    failover: pl.Expr, passive_licenses: pl.Expr, production_licenses: pl.Expr, *, mobility_failover_excess: str
) -> pl.Expr:
    """Core or server licenses that the passive instances take beside those of production; null where unknown."""
    unknown = failover.is_in([Reason.PRODUCTION_UNKNOWN.code, Reason.SIZE_UNKNOWN.code])
    is_larger = (failover == Reason.MORE_LICENSES.code) & pl.lit(mobility_failover_excess == "excess_alone")
    return (
        pl.when(failover == Reason.FREE.code)
        .then(pl.lit(0, pl.Int64))
        .when(is_larger)
        .then(passive_licenses - production_licenses)
        .when(~unknown)
        .then(passive_licenses)
        .cast(pl.Int64)
    )
