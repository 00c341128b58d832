"""What the price list asks for a step-up of one license, by the product that it leads from."""

from datetime import date

import polars as pl

from lmanalytics.rules.demand.price_list import PER_LICENSE
from lmanalytics.rules.entitlement.orders import said
from lmanalytics.schemas import DEFAULT_ENTITY, ENTITY

_OFFER = ["step_up_from", "step_up_to", "metric", "program"]
_ANY = ""
_SCHEMA = {
    **dict.fromkeys([ENTITY, *_OFFER], pl.String()),
    "price": PER_LICENSE,
    "pack_size": pl.Int64(),
    "currency": pl.String(),
}


def step_up_prices(
    prices: pl.LazyFrame | None, edges: pl.DataFrame, programs: pl.LazyFrame, as_of: date
) -> pl.LazyFrame:
    """Find the cheapest step-up of one license along each edge.

    A price names the product that the step-up leads from in words; where it names none, only one edge may lead to
    the product. A price of no program holds for all. Prices in several currencies do not compare: none is used.

    Args:
        prices: the canonical table; None gives no prices.
        edges: from_product, from_edition, to_product, to_edition.
        programs: program, a row each.
        as_of: the day of the position.

    Returns:
        entity_id, step_up_from, step_up_to, metric, program (empty text: a license of unknown program), price,
        pack_size, currency.

    """
    if prices is None:
        return pl.LazyFrame(schema=_SCHEMA)
    pack = [ENTITY, "product", "edition", "metric", "program", "_from", "version", "pack_size"]
    rows = (
        prices.filter(
            (pl.col("purchase_type") == "step_up") & (pl.col("valid_from") <= as_of) & (pl.col("pack_size") > 0)
        )
        .with_columns(_from=said(pl.col("step_up_from")).fill_null(_ANY))
        .sort(*pack, "valid_from", "row_id", nulls_last=True)
        .group_by(pack, maintain_order=True)
        .agg(pl.col("unit_price", "currency").last())
        .join(_named(edges), on=["product", "edition", "_from"], nulls_equal=True)
        .with_columns(price=pl.col("unit_price").cast(PER_LICENSE) / pl.col("pack_size"))
    )
    every = pl.concat([programs.select("program"), pl.LazyFrame({"program": [_ANY]})])
    general = rows.filter(pl.col("program").is_null()).drop("program").join(every, how="cross")
    own = rows.filter(pl.col("program").is_not_null())
    return (
        pl.concat([own.select(general.collect_schema().names()), general])
        .sort(ENTITY, *_OFFER, "price", "pack_size")
        .group_by(ENTITY, *_OFFER, maintain_order=True)
        .agg(pl.col("price", "pack_size", "currency").first(), _currencies=pl.col("currency").n_unique())
        .filter(pl.col("_currencies") == 1)
        .select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
    )


def with_step_up_price(lots: pl.LazyFrame, prices: pl.LazyFrame) -> pl.LazyFrame:
    """Join price, pack_size and currency on entity and offer; an entity without step-up prices uses those of `main`."""
    own = prices.select(ENTITY).unique().with_columns(_list=pl.col(ENTITY))
    listed = prices.rename({ENTITY: "_list", "program": "_program"})
    return (
        lots.join(own, on=ENTITY, how="left")
        .with_columns(pl.col("_list").fill_null(DEFAULT_ENTITY), _program=pl.col("program").fill_null(_ANY))
        .join(listed, on=["_list", "step_up_from", "step_up_to", "metric", "_program"], how="left")
        .drop("_list", "_program")
    )


def _named(edges: pl.DataFrame) -> pl.LazyFrame:
    """Name each edge as a price list may: product, edition (of the higher one), _from, step_up_from, step_up_to."""
    base = pl.concat_str("from_product", "from_edition", separator=" ", ignore_nulls=True)
    target = ["to_product", "to_edition"]
    only = pl.when(pl.len().over(target) == 1).then(pl.lit(_ANY))
    names = [said(base), said(base + " core"), said(base + " subscription"), said(pl.col("from_edition")), only]
    return (
        edges.lazy()
        .select(
            product="to_product",
            edition="to_edition",
            _from=pl.concat_list(names),
            step_up_from=base,
            step_up_to=pl.concat_str(target, separator=" ", ignore_nulls=True),
        )
        .explode("_from", empty_as_null=False, keep_nulls=False)
        .unique(["product", "edition", "_from", "step_up_from"], maintain_order=True)
    )
