"""Which licenses have the Azure Hybrid Benefit for Windows Server, and what may run under them in Azure.

Standard and Datacenter licenses have it while their coverage lasts, those that a suite grants included; the
suite's other components have not. In Azure either edition may run under either license.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "licenses"
ANSWER = "eligibility"

_AZURE = ["azure", "azure_dedicated_host"]


class Reason(ReasonBase):
    """Whether a license has the benefit."""

    ELIGIBLE = "Windows Server Standard and Datacenter licenses with coverage have the Azure Hybrid Benefit."
    OTHER_PRODUCT = "The Azure Hybrid Benefit for Windows Server is of licenses for Windows Server alone."
    OTHER_EDITION = "Only Standard and Datacenter have the Azure Hybrid Benefit."
    COVERAGE_ENDED = "The benefit needs active Software Assurance or a subscription."
    COVERAGE_UNKNOWN = "Whether Software Assurance or a subscription is active is not known."
    EITHER_EDITION = "In Azure either edition may run under a license of Standard or of Datacenter."
    BY_EDITION_RIGHTS = "Outside Azure a license runs its own edition, and lower ones that its terms name."


@rule(unit="flag", cite="suite", start="2016-10-01")
def is_eligible_product(product: pl.Expr, *, eligible_product: str) -> pl.Expr:
    """Whether a product, or a component of a suite, is the one whose licenses have the benefit."""
    return product == eligible_product


@rule(unit="code", cite="types_of_license", start="2016-10-01", decides_null=True, optional=("edition", "has_coverage"))
def eligibility(is_eligible_product: pl.Expr, edition: pl.Expr, has_coverage: pl.Expr) -> pl.Expr:
    """Whether a license has the benefit."""
    covered, name = has_coverage.cast(pl.Boolean), edition.cast(pl.String)
    return (
        pl.when(~is_eligible_product)
        .then(Reason.OTHER_PRODUCT.lit)
        .when(is_eligible_product.is_null())
        .then(None)
        .when(~(name.str.starts_with("Datacenter") | name.str.starts_with("Standard")))
        .then(Reason.OTHER_EDITION.lit)
        .when(covered.is_null())
        .then(Reason.COVERAGE_UNKNOWN.lit)
        .when(~covered)
        .then(Reason.COVERAGE_ENDED.lit)
        .otherwise(Reason.ELIGIBLE.lit)
    )


@rule(unit="code", cite="either_edition", start="2016-10-01", optional=("location",))
def edition_use(location: pl.Expr) -> pl.Expr:
    """By which right an edition runs under a license in a place."""
    where = location.cast(pl.String)
    return (
        pl.when(where.is_in(_AZURE))
        .then(Reason.EITHER_EDITION.lit)
        .when(where.is_not_null())
        .then(Reason.BY_EDITION_RIGHTS.lit)
    )
