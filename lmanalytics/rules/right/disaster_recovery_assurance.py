"""Whether licenses and access licenses have the Software Assurance on which disaster recovery rests.

The right to run backup instances ends with the coverage of the servers; all access and management licenses under
which they are used must be covered as well.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right._conditions import Condition, first_obstacle

FACTS = "runs"
ANSWER = "obstacle_of_licenses"


class Reason(ReasonBase):
    """What the licenses lack."""

    NO_SOFTWARE_ASSURANCE = "No license of the production server's software has Software Assurance during the run."
    ASSURANCE_UNKNOWN = "Whether the licenses of the production server have Software Assurance is not known."
    ACCESS_WITHOUT_SA = "A CAL, External Connector or Server Management License has no Software Assurance."
    ACCESS_UNKNOWN = "Whether all access and management licenses have Software Assurance is not known."


UNKNOWN = tuple(r.code for r in Reason if r.name.endswith("_UNKNOWN"))
"""Reasons for which more data would help."""


@rule(unit="flag", cite="requirements", start="2016-10-01", decides_null=True)
def has_server_sa(
    has_software: pl.Expr,
    os_product: pl.Expr,
    licenses: pl.Expr,
    licenses_with_sa: pl.Expr,
    *,
    partial_software_assurance: str,
) -> pl.Expr:
    """Whether the production server is covered: of a product no, some or all licenses; what needs none is."""
    some = licenses_with_sa > 0
    partial = pl.lit(partial_software_assurance == "sufficient") | (licenses_with_sa >= licenses)
    return (
        pl.when(~some)
        .then(statement=False)
        .when(os_product.is_null())
        .then(None)
        .when(~has_software)
        .then(statement=True)
        .when(some & partial)
        .then(statement=True)
    )


@rule(unit="code", cite="requirements", start="2016-10-01", decides_null=True)
def obstacle_of_licenses(has_server_sa: pl.Expr, has_access_sa: pl.Expr) -> pl.Expr:
    """What the licenses lack; null when they lack nothing."""
    return first_obstacle(
        [
            Condition(has_server_sa, Reason.NO_SOFTWARE_ASSURANCE, Reason.ASSURANCE_UNKNOWN),
            Condition(has_access_sa, Reason.ACCESS_WITHOUT_SA, Reason.ACCESS_UNKNOWN),
        ]
    )
