"""Which products have License Mobility: through Software Assurance to a provider, and across Server Farms.

The terms speak of products "designated as having License Mobility" and leave the list to each product's
entry; providers publish parts of it. A product that no list names is not eligible until one is shown.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "mobility_deployments"
ANSWER = "through_sa"


class Reason(ReasonBase):
    """Whether a license is of the kind that has License Mobility."""

    LISTED = "The product is designated as having License Mobility."
    OPERATING_SYSTEM = "Windows and Windows Server are excluded from License Mobility through Software Assurance."
    DESKTOP_APPLICATION = "Desktop applications are excluded from License Mobility through Software Assurance."
    NOT_LISTED = "No list of products with License Mobility names this product."
    EDITION_NOT_LISTED = "The lists name other editions of this product only."
    EDITION_UNKNOWN = "Some editions of this product have License Mobility, and its edition is unknown."
    LICENSE_NOT_LISTED = "The lists name other kinds of licenses of this product only."
    NOT_ACROSS_FARMS = "The product may go to a provider, but not from one Server Farm to another."


@rule(unit="code", cite="designated", start="2011-07-01", optional=("edition", "metric"))
def through_sa(
    product: pl.Expr,
    edition: pl.Expr,
    metric: pl.Expr,
    *,
    license_mobility_products: pl.DataFrame,
    license_mobility_exclusions: pl.DataFrame,
) -> pl.Expr:
    """Whether a license of the product may be used on a provider's shared servers."""
    listed = license_mobility_products.filter("through_sa")
    return _excluded(product, license_mobility_exclusions, _listed(product, edition, metric, listed))


@rule(unit="code", cite="designated", start="2011-07-01", optional=("edition", "metric"))
def across_farms(
    product: pl.Expr,
    edition: pl.Expr,
    metric: pl.Expr,
    *,
    license_mobility_products: pl.DataFrame,
    license_mobility_exclusions: pl.DataFrame,
    system_center_across_farms: str,
) -> pl.Expr:
    """Whether a license may move within its Server Farm as often as needed, and on to another one."""
    by_policy = pl.lit(system_center_across_farms == "available") & (pl.col("product") == "System Center")
    listed = license_mobility_products.filter(pl.col("across_farms") | by_policy)
    found = _excluded(product, license_mobility_exclusions, _listed(product, edition, metric, listed))
    elsewhere = product.cast(pl.String).is_in(license_mobility_products["product"].to_list())
    unlisted = elsewhere & (found == Reason.NOT_LISTED.code)
    return pl.when(unlisted).then(Reason.NOT_ACROSS_FARMS.lit).otherwise(found)


def _excluded(product: pl.Expr, table: pl.DataFrame, otherwise: pl.Expr) -> pl.Expr:
    name = product.cast(pl.String)
    systems = table.filter(pl.col("kind") == Reason.OPERATING_SYSTEM.code)["product"].to_list()
    applications = table.filter(pl.col("kind") == Reason.DESKTOP_APPLICATION.code)["product"].to_list()
    return (
        pl.when(name.is_in(systems))
        .then(Reason.OPERATING_SYSTEM.lit)
        .when(name.is_in(applications))
        .then(Reason.DESKTOP_APPLICATION.lit)
        .otherwise(otherwise)
    )


def _listed(product: pl.Expr, edition: pl.Expr, metric: pl.Expr, table: pl.DataFrame) -> pl.Expr:
    """Give the first thing about a license that no row of the table names."""
    name, of = product.cast(pl.String), edition.cast(pl.String)
    every_edition = table.filter(pl.col("edition").is_null())["product"].to_list()
    editions = table.select(pl.concat_str("product", "edition", separator="|"))["product"].drop_nulls().to_list()
    every_metric = table.filter(pl.col("metric").is_null())["product"].to_list()
    metrics = table.select(pl.concat_str("product", "metric", separator="|"))["product"].drop_nulls().to_list()
    kind = pl.concat_str(name, metric.cast(pl.String), separator="|")
    return (
        pl.when(~name.is_in(table["product"].to_list()))
        .then(Reason.NOT_LISTED.lit)
        .when(~name.is_in(every_edition) & of.is_null())
        .then(Reason.EDITION_UNKNOWN.lit)
        .when(~name.is_in(every_edition) & ~pl.concat_str(name, of, separator="|").is_in(editions))
        .then(Reason.EDITION_NOT_LISTED.lit)
        .when(~name.is_in(every_metric) & ~kind.is_in(metrics).fill_null(value=False))
        .then(Reason.LICENSE_NOT_LISTED.lit)
        .otherwise(Reason.LISTED.lit)
    )
