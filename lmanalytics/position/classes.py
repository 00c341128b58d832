"""Lots and needs with equal attributes become classes; the rest of the position works on those."""

import polars as pl

SUPPLY = ["entity_id", "product", "edition", "metric", "version_right", "has_sa", "tied_to_host_id"]
NEEDS = ["entity_id", "product", "edition", "metric", "version", "needs_sa", "bound_to"]


def supply_classes(licenses: pl.LazyFrame, versions: pl.DataFrame) -> pl.LazyFrame:
    """Add up lots with equal rights.

    Args:
        licenses: the `licenses` answer, one row per lot in force.
        versions: product, version, version_rank (1 is the oldest).

    Returns:
        supply_class, SUPPLY, version_rank, quantity.

    """
    return (
        licenses.with_columns(has_sa=pl.col("sa_active"))
        .group_by(SUPPLY)
        .agg(pl.col("quantity").sum())
        .join(
            versions.lazy().rename({"version": "version_right"}).select("product", "version_right", "version_rank"),
            on=["product", "version_right"],
            how="left",
        )
        .sort(SUPPLY)
        .with_columns(supply_class=_name(SUPPLY))
    )


def bind(plan: pl.LazyFrame, licenses: pl.LazyFrame) -> pl.LazyFrame:
    """Mark the subjects to which some license is bound, so that only they may draw on it."""
    bound = licenses.select("entity_id", bound_to=pl.col("tied_to_host_id")).drop_nulls().unique()
    return plan.join(
        bound.with_columns(subject_id=pl.col("bound_to")), on=["entity_id", "subject_id"], how="left"
    ).with_columns(needs_sa=pl.col("demand_class").str.contains("sa", literal=True).fill_null(value=False))


def demand_classes(plan: pl.LazyFrame, versions: pl.DataFrame) -> pl.LazyFrame:
    """Add up needs with equal attributes.

    Args:
        plan: chosen options with `needs_sa` and `bound_to` (see `bind`).
        versions: product, version, version_rank.

    Returns:
        demand_class, NEEDS, version_rank, subject_id (where bound), unit_price, quantity.

    """
    return (
        plan.filter(pl.col("licenses_required").is_not_null())
        .group_by(NEEDS)
        .agg(
            pl.col("licenses_required").sum().alias("quantity"),
            pl.col("unit_price").max(),
            pl.col("currency").drop_nulls().first(),
        )
        .join(versions.lazy().select("product", "version", "version_rank"), on=["product", "version"], how="left")
        .sort(NEEDS)
        .with_columns(demand_class=_name(NEEDS), subject_id=pl.col("bound_to"))
    )


def _name(columns: list[str]) -> pl.Expr:
    return pl.concat_str([pl.col(c).cast(pl.String).fill_null("-") for c in columns], separator="|")
