"""SQL Server by Server and CAL: server licenses for the OSEs that run it; CALs come on top.

Standard takes one license for each OSE. Enterprise was sold so before core licensing; with Software
Assurance renewed since then a license permits some virtual machines, up to a number of their cores.
"""

import polars as pl

from lmanalytics.rules.demand import _per_core
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "server_licenses"


class Reason(ReasonBase):
    """Whether an edition is licensed by Server and CAL."""

    SOLD = "Standard is sold by Server and CAL."
    RENEWED_ONLY = "Enterprise by Server and CAL is no longer sold; licenses with Software Assurance renewed remain."
    OTHER_EDITION = "This edition is not licensed by Server and CAL."


@rule(unit="code", cite="server_cal", start="2012-04-01")
def model(edition: pl.Expr) -> pl.Expr:
    """Whether the edition is licensed by Server and CAL."""
    return (
        pl.when(edition == "Standard")
        .then(Reason.SOLD.lit)
        .when(edition == "Enterprise")
        .then(Reason.RENEWED_ONLY.lit)
        .otherwise(Reason.OTHER_EDITION.lit)
    )


@rule(unit="license", cite="server_cal", start="2012-04-01", optional=("sql_oses",))
def server_licenses(sql_oses: pl.Expr, *, oses_per_license: int) -> pl.Expr:
    """Standard server licenses for the OSEs, physical or virtual, that run SQL Server."""
    return _per_core.rounded_up(sql_oses.cast(pl.Int64), oses_per_license)


@rule(unit="license", cite="legacy", start="2012-04-01", optional=("virtual_oses", "virtual_cores"))
def enterprise_server_licenses(
    virtual_oses: pl.Expr, virtual_cores: pl.Expr, *, virtual_oses_per_enterprise: int, cores_per_enterprise: int
) -> pl.Expr:
    """Legacy Enterprise licenses for the virtual machines that may run on one server, by number or by cores."""
    known = virtual_oses.is_not_null() & virtual_cores.is_not_null()
    most = pl.max_horizontal(
        _per_core.rounded_up(virtual_oses.cast(pl.Int64), virtual_oses_per_enterprise),
        _per_core.rounded_up(virtual_cores.cast(pl.Int64), cores_per_enterprise),
    )
    return pl.when(known).then(most)


@rule(unit="flag", cite="server_cal", start="2012-04-01", decides_null=True, optional=("licenses_owned",))
def is_offered(licenses_owned: pl.Expr, *, sql_server_and_cal: str) -> pl.Expr:
    """Whether Server and CAL is weighed against core licenses, of which the CALs are no part."""
    owned = (licenses_owned.cast(pl.Int64) > 0).fill_null(value=False)
    return {"where_owned": owned, "always": owned | True, "never": owned & False}[sql_server_and_cal]
