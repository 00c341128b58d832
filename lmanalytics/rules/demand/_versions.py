"""The order of every product's versions, and the newest of those that are in use."""

import polars as pl

from lmanalytics.rules.entitlement import new_version_rights
from lmanalytics.rules.entitlement.new_version_rights import alias
from lmanalytics.rules.parameters import Settings, load_rule_file


def releases(settings: Settings) -> pl.LazyFrame:
    """Order the versions released until the day of the position.

    A product that follows the versions of another (Remote Desktop Services those of Windows Server) has them, too.

    Returns:
        product, _alias (the name without what only some call it), version, version_rank.

    """
    file = load_rule_file(new_version_rights)
    families = file.table("version_families").lazy().select(follower="product", product="family")
    known = file.table("product_versions").lazy().filter(pl.col("ga_date") <= settings.as_of)
    days = known.group_by("product", "version").agg(pl.col("ga_date").min())
    followed = days.join(families, on="product").select("version", "ga_date", product="follower")
    ordered = pl.concat([days, followed.select("product", "version", "ga_date")]).sort("product", "ga_date", "version")
    rank = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("product")
    return ordered.select("product", "version", _alias=alias(pl.col("version")), version_rank=rank)


def newest(rows: pl.LazyFrame, by: list[str], settings: Settings) -> pl.LazyFrame:
    """Give the newest known version of each group.

    Args:
        rows: `by` (product among them) and version, as installed.
        by: what a group has in common.
        settings: the run's date.

    Returns:
        `by`, version (as the terms name it); null where none is known.

    """
    ranked = (
        rows.select(*by, _alias=alias(pl.col("version")))
        .join(releases(settings), on=["product", "_alias"], how="left")
        .group_by(by)
        .agg(pl.col("version_rank").max())
    )
    named = releases(settings).select("product", "version", "version_rank")
    return ranked.join(named, on=["product", "version_rank"], how="left").select(*by, "version")
