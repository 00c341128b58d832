"""What a license costs: the price list on the day of the position."""

from datetime import date

import polars as pl

from lmanalytics.schemas import DEFAULT_ENTITY, ENTITY

PER_LICENSE = pl.Decimal(38, 10)
"""Keeps the price of one license exact for packs of up to 16 and prices of four decimals."""

_SCHEMA = {
    ENTITY: pl.String(),
    "product": pl.String(),
    "metric": pl.String(),
    "edition": pl.String(),
    "price": PER_LICENSE,
    "price_with_sa": PER_LICENSE,
    "currency": pl.String(),
}


def all_products(prices: pl.LazyFrame | None, as_of: date) -> pl.LazyFrame:
    """Find the cheapest price of one license without and with Software Assurance.

    Of each pack the price in force counts, of several packs the cheapest per license. Where an entity's
    prices for an edition are in more than one currency none of them is used, since they do not compare.

    Args:
        prices: the canonical table; None gives no prices.
        as_of: the day of the position.

    Returns:
        entity_id, product, metric, edition, price (a license alone, or with Software Assurance where it is not
        sold alone), price_with_sa, currency; prices of `main` hold for an entity that has none of the product,
        which `for_entity` sees to.

    """
    if prices is None:
        return pl.LazyFrame(schema=_SCHEMA)
    license_of = [ENTITY, "product", "metric", "edition"]
    pack = [*license_of, "purchase_type", "program", "version", "pack_size"]
    in_force = (
        prices.filter(
            (pl.col("valid_from") <= as_of)
            & (pl.col("pack_size") > 0)
            & pl.col("purchase_type").is_in(["license", "license_and_sa"])
        )
        .sort(*pack, "valid_from", "row_id", nulls_last=True)
        .group_by(pack, maintain_order=True)
        .agg(pl.col("unit_price", "currency").last())
        .with_columns(_each=pl.col("unit_price").cast(PER_LICENSE) / pl.col("pack_size"))
    )
    alone = pl.col("_each").filter(pl.col("purchase_type") == "license").min()
    with_sa = pl.col("_each").filter(pl.col("purchase_type") == "license_and_sa").min()
    return (
        in_force.group_by(license_of)
        .agg(
            price=pl.coalesce(alone, with_sa),
            price_with_sa=with_sa,
            currency=pl.col("currency").min(),
            _currencies=pl.col("currency").n_unique(),
        )
        .filter(pl.col("_currencies") == 1)
        .select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
    )


def per_license(prices: pl.LazyFrame | None, product: str, metric: str, as_of: date) -> pl.LazyFrame:
    """Return `all_products` of one product and metric, such as `Windows Server` and `core`, less these columns."""
    own = (pl.col("product") == product) & (pl.col("metric") == metric)
    return all_products(prices, as_of).filter(own).drop("product", "metric")


def for_entity(frame: pl.LazyFrame, prices: pl.LazyFrame) -> pl.LazyFrame:
    """Join price, price_with_sa and currency on entity and edition; an entity without any uses those of `main`.

    Prices of several products (`all_products`) are joined on product and metric, too.
    """
    own = prices.with_columns(_has_own=pl.lit(value=True))
    product = [c for c in ("product", "metric") if c in prices.collect_schema()]
    entities = prices.select(ENTITY, *product).unique().with_columns(_is_priced=pl.lit(value=True))
    shared = prices.filter(pl.col(ENTITY) == DEFAULT_ENTITY).drop(ENTITY)
    columns = ["price", "price_with_sa", "currency"]
    use_shared = pl.col("_is_priced").is_null()
    return (
        frame.join(own, on=[ENTITY, *product, "edition"], how="left", nulls_equal=True)
        .join(entities, on=[ENTITY, *product], how="left")
        .join(shared, on=[*product, "edition"], how="left", suffix="_shared", nulls_equal=True)
        .with_columns(pl.when(use_shared).then(f"{c}_shared").otherwise(c).alias(c) for c in columns)
        .drop("_has_own", "_is_priced", *(f"{c}_shared" for c in columns))
    )
