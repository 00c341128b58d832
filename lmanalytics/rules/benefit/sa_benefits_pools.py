"""The product pool of each license: what statement or price list says, else the pool of its product.

Benefits of Software Assurance are granted by pool. A bundle is a license in the pool of each of its parts.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "licenses"
ANSWER = "pooled"
_STATED = "stated"
_NAME = ["product", "edition"]


class Reason(ReasonBase):
    """How the pool of a license is known."""

    POOL_STATED = "The statement or the price list names the pool."
    POOL_OF_PRODUCT = "Licenses of this product belong to the pool."
    POOL_BY_POLICY = "No source names the pool of this product; the policy in force does."
    POOL_UNKNOWN = "No source names the pool of this product."


@frame_rule(unit="license", cite="pools", start="2001-10-01")
def pooled(licenses: pl.LazyFrame, *, product_pools: pl.DataFrame, visual_studio_pool: str) -> pl.LazyFrame:
    """Add to each license its pool and its family of products; a bundle has a row for each of its pools.

    Args:
        licenses: any columns, among them product, edition and pool (as stated, or null).
        product_pools: pattern, family, pool.
        visual_studio_pool: the reading for products whose pool no source names.

    Returns:
        The rows with pool (null where it is not known), family (null for an unknown product) and pool_reason.

    """
    columns = [c for c in licenses.collect_schema().names() if c != "pool"]
    names = licenses.select(_NAME).unique().with_columns(_pattern=_first_pattern(product_pools["pattern"].to_list()))
    parts = product_pools.lazy().select(
        _pattern="pattern",
        _part=pl.col("family").str.split(";").list.eval(pl.int_range(pl.len())),
        _family=pl.col("family").str.split(";"),
        _pools=pl.col("pool").str.split(";"),
        _pool=pl.coalesce(pl.col("pool").str.split(";"), pl.lit([None], pl.List(pl.String))),
    )
    by_part = (
        licenses.join(names, on=_NAME, how="left", nulls_equal=True)
        .join(parts.explode("_part", "_family", "_pool"), on="_pattern", how="left")
        .with_columns(_is_named=pl.col("_pools").list.contains(pl.col("pool")).fill_null(value=False))
    )
    is_stated = pl.col("pool").is_not_null()
    part_of_pool = pl.when(pl.col("_is_named")).then(pl.col("_pool") == pl.col("pool")).otherwise(pl.col("_part") == 0)
    assumed = pl.lit(None if visual_studio_pool == _STATED else visual_studio_pool, pl.String)
    is_placed, is_assumed = pl.col("_pool").is_not_null(), pl.col("_family").is_not_null() & assumed.is_not_null()
    return by_part.filter(~is_stated | part_of_pool.fill_null(value=True)).select(
        *columns,
        pool=pl.coalesce("pool", "_pool", pl.when(pl.col("_family").is_not_null()).then(assumed)),
        family="_family",
        pool_reason=pl.when(is_stated)
        .then(Reason.POOL_STATED.lit)
        .when(is_placed)
        .then(Reason.POOL_OF_PRODUCT.lit)
        .when(is_assumed)
        .then(Reason.POOL_BY_POLICY.lit)
        .otherwise(Reason.POOL_UNKNOWN.lit),
    )


def _first_pattern(patterns: list[str]) -> pl.Expr:
    """The first pattern that fits a name."""
    text = pl.concat_str(pl.col(_NAME), separator=" ", ignore_nulls=True).str.to_lowercase()
    found = pl.lit(None, pl.String)
    for pattern in reversed(patterns):
        found = pl.when(text.str.contains(pattern)).then(pl.lit(pattern)).otherwise(found)
    return found
