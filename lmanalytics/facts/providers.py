"""Providers: whether one is a Listed Provider or an Authorized Outsourcer."""

from datetime import date

import polars as pl

from lmanalytics.schemas import ENTITY


def operators(providers: pl.LazyFrame | None, as_of: date) -> pl.LazyFrame:
    """Say for each provider how the terms treat its servers on `as_of`.

    An Authorized Outsourcer is any outsourcer that is not a Listed Provider and uses none as its data
    center provider.

    Args:
        providers: the canonical table; None where it was not given, so that every provider is unknown.
        as_of: the day of the position.

    Returns:
        entity_id, provider, operator (`listed_provider` or `authorized_outsourcer`), a row per provider.

    """
    if providers is None:
        return pl.LazyFrame(schema={ENTITY: pl.String, "provider": pl.String, "operator": pl.String})
    listed = pl.col("is_listed_provider") | pl.col("uses_listed_datacenter")
    return (
        providers.filter(pl.col("valid_from") <= as_of)
        .sort("valid_from", "row_id")
        .group_by(ENTITY, "provider")
        .agg(pl.col("is_listed_provider", "uses_listed_datacenter").last())
        .select(
            ENTITY,
            "provider",
            operator=pl.when(listed).then(pl.lit("listed_provider")).otherwise(pl.lit("authorized_outsourcer")),
        )
    )
