"""Rights that a suite's licenses grant: the licenses of its components, beside the suite's own."""

import sys

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule
from lmanalytics.rules.parameters import load_rule_file

FACTS = "purchases"
ANSWER = "components"


class Reason(ReasonBase):
    """How a component's license came to be."""

    SUITE_COMPONENT = "Granted by a license of the suite that holds it; it is no license of its own."


@frame_rule(unit="license", cite="suite", start="2012-04-01")
def components(licenses: pl.LazyFrame, *, suite_components: pl.DataFrame) -> pl.LazyFrame:
    """List the component licenses that suite licenses grant, for the same days and with the same coverage.

    A component can be used wherever a license of its product can; it cannot be stepped up on its own. Suites of
    access licenses have no version: their components reach the versions that Software Assurance reaches.

    Returns:
        The columns of `licenses`; license_id is the suite's with the component's name, and with its edition where
        the suite itself has none.

    """
    granted = suite_components.lazy().rename({"suite": "product"}).drop("reference")
    columns = licenses.collect_schema().names()
    return (
        licenses.join(granted, on=["product", "edition"], nulls_equal=True, maintain_order="left")
        .with_columns(
            license_id=pl.format("{}:{}", "license_id", _name()),
            metric=pl.coalesce("component_metric", "metric"),
            product="component",
            edition="component_edition",
            quantity=pl.col("quantity") * pl.col("licenses_per_suite_license"),
            reason=pl.when(pl.col("reason").is_in(["purchased", "stepped_up", "subscribed", "as_stated"]))
            .then(Reason.SUITE_COMPONENT.lit)
            .otherwise("reason"),
        )
        .select(columns)
    )


def is_component(license_id: pl.Expr) -> pl.Expr:
    """Whether a license is one that a suite's license grants, by its id."""
    names = load_rule_file(sys.modules[__name__]).table("suite_components").select(_name().unique())
    return pl.any_horizontal(license_id.str.ends_with(f":{name}") for name in sorted(names.to_series()))


def _name() -> pl.Expr:
    """Name a component, with its edition where the suite has none."""
    own_edition = pl.when(pl.col("edition").is_null()).then("component_edition")
    name = pl.concat_str("component", own_edition, separator=" ", ignore_nulls=True)
    return name.str.to_lowercase().str.replace_all(" ", "_")


@frame_rule(unit="license", cite="grant", start="2012-04-01")
def grants(licenses: pl.LazyFrame, license_grants: pl.LazyFrame) -> pl.LazyFrame:
    """List what licenses with active coverage grant of another product, in the ratio of the offer.

    Args:
        licenses: entity_id, license_id, product, quantity, sa_active.
        license_grants: product, granted_product, licenses, granted (so many for so many).

    Returns:
        entity_id, license_id, product (granted), quantity, is_marked (a statement marks it with an asterisk).

    """
    return (
        licenses.filter("sa_active")
        .join(license_grants, on="product", how="inner")
        .select(
            "entity_id",
            "license_id",
            product="granted_product",
            quantity=pl.col("quantity") * pl.col("granted") // pl.col("licenses"),
            is_marked=pl.lit(value=True),
        )
    )
