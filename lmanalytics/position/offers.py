"""What is for sale to whom: lines of an order with their packs, step-ups of what is owned, and suites."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.errors import PositionError
from lmanalytics.rules.demand.price_list import for_entity
from lmanalytics.rules.entitlement import lot_history, suite_components
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.schemas import DEFAULT_ENTITY, ENTITY, MONEY

LINE = [ENTITY, "product", "edition", "metric", "purchase_type"]
PACK = {"pack_size": pl.Int64(), "unit_price": pl.Decimal(38, 10), "currency": pl.String()}
_LINE_SCHEMA = {**dict.fromkeys(LINE, pl.String()), **PACK}
STEPS = pl.Schema(
    {
        **dict.fromkeys([ENTITY, "license_id"], pl.String()),
        "valid_from": pl.Date(),
        **dict.fromkeys(["step_up_from", "step_up_to", "metric"], pl.String()),
        "quantity": pl.Int64(),
        "pack_size": pl.Int64(),
        "unit_price": MONEY,
        "currency": pl.String(),
    }
)
_KINDS = ["license", "license_and_sa"]


@dataclass(frozen=True)
class Sale:
    """What the price list offers beside the listed price of one license."""

    packs: pl.LazyFrame | None = None
    """`pack_prices`; None: single licenses at the listed price."""
    opportunities: pl.LazyFrame | None = None
    """`step_up_opportunities`, a row per pack size; None: no step-ups."""


def pack_prices(prices: pl.LazyFrame | None, settings: Settings) -> pl.LazyFrame:
    """Find the cheapest price in force of each pack of licenses; prices in several currencies do not compare.

    Args:
        prices: the canonical table; None gives no prices.
        settings: date.

    Returns:
        LINE (entity_id: whose price list it is), pack_size, unit_price (of the pack), currency.

    Raises:
        PositionError: a price is negative.

    """
    if prices is None:
        return pl.LazyFrame(schema=_LINE_SCHEMA)
    offer = [*LINE, "pack_size", "program", "version"]
    known = prices.filter((pl.col("valid_from") <= settings.as_of) & (pl.col("pack_size") > 0))
    _refuse_negative(known)
    return (
        known.filter(pl.col("step_up_from").is_null() & pl.col("purchase_type").is_in(_KINDS))
        .sort(*offer, "valid_from", "row_id", nulls_last=True)
        .group_by(offer, maintain_order=True)
        .agg(pl.col("unit_price", "currency").last())
        .group_by([*LINE, "pack_size"])
        .agg(pl.col("unit_price", "currency").sort_by("unit_price").first(), _n=pl.col("currency").n_unique())
        .filter(pl.col("_n").max().over(LINE) == 1)
        .select(pl.col(name).cast(dtype) for name, dtype in _LINE_SCHEMA.items())
    )


def _refuse_negative(prices: pl.LazyFrame) -> None:
    found = prices.filter(pl.col("unit_price") < 0).select("product", "edition", "unit_price").unique().collect()
    if found.height:
        product, edition, price = found.sort("product", "edition").row(0)
        message = (
            f"{found.height} prices are negative, such as {price} for {product} {edition or ''}".rstrip()
            + ". Nothing is sold for less than nothing: correct the price list."
        )
        raise PositionError(message)


def lines(asked: pl.DataFrame, packs: pl.LazyFrame | None, listed: pl.LazyFrame) -> pl.DataFrame:
    """Offer each entity the packs of its price list, or those of `main` where its own has none of the product.

    Args:
        asked: entity_id, product, metric, edition.
        packs: `pack_prices`; None: single licenses at the listed price.
        listed: the price of one license without and with Software Assurance (`price_list.all_products`).

    Returns:
        LINE, pack_size, unit_price (of the pack), currency: a row for each pack.

    """
    wanted = asked.lazy().select(ENTITY, "product", "metric", "edition").unique()
    if packs is None:
        both = for_entity(wanted, listed)
        kinds = [
            both.with_columns(purchase_type=pl.lit(kind), unit_price=price, pack_size=pl.lit(1))
            for kind, price in zip(_KINDS, ("price", "price_with_sa"), strict=True)
        ]
        found = pl.concat(kinds).drop_nulls("unit_price")
    else:
        key = ["product", "metric"]
        own = packs.select(ENTITY, *key).unique().with_columns(_list=pl.col(ENTITY))
        shelf = packs.rename({ENTITY: "_list"})
        found = (
            wanted.join(own, on=[ENTITY, *key], how="left")
            .with_columns(pl.col("_list").fill_null(DEFAULT_ENTITY))
            .join(shelf, on=["_list", *key, "edition"], nulls_equal=True)
        )
    rows = found.select(pl.col(name).cast(dtype) for name, dtype in _LINE_SCHEMA.items())
    return rows.sort(*LINE, "pack_size", nulls_last=True).collect()


def suites(asked: pl.DataFrame, packs: pl.LazyFrame | None, listed: pl.LazyFrame) -> pl.DataFrame:
    """Offer suites of two products, each license of which is a license of both.

    Args:
        asked: entity_id, product, metric, edition of what is needed.
        packs: `pack_prices`.
        listed: the price of one license.

    Returns:
        The columns of `lines`, first_product, first_edition, second_product, second_edition.

    """
    table = load_rule_file(suite_components).table("suite_components").filter(pl.col("component_metric").is_null())
    pairs = (
        table.sort("component")
        .group_by("suite", "edition")
        .agg(
            pl.col("component", "component_edition"),
            _is_pair=(pl.len() == 2) & (pl.col("licenses_per_suite_license") == 1).all(),  # noqa: PLR2004
        )
        .filter("_is_pair")
        .select(
            "edition",
            product="suite",
            first_product=pl.col("component").list.get(0),
            first_edition=pl.col("component_edition").list.get(0),
            second_product=pl.col("component").list.get(1),
            second_edition=pl.col("component_edition").list.get(1),
        )
    )
    needing = asked.select(ENTITY, "product", "metric").unique()
    both = (
        needing.rename({"product": "first_product"})
        .join(pairs, on="first_product")
        .join(needing.rename({"product": "second_product"}), on=[ENTITY, "metric", "second_product"])
    )
    offered = lines(both.select(ENTITY, "product", "metric", "edition"), packs, listed)
    whole = offered.filter(pl.col("purchase_type") == "license_and_sa")
    return whole.join(pairs, on=["product", "edition"], nulls_equal=True, maintain_order="left")


def steps(opportunities: pl.LazyFrame | None, licenses: pl.LazyFrame) -> pl.DataFrame:
    """Name the step-ups that are for sale for what is owned.

    Args:
        opportunities: see `Sale`.
        licenses: the `licenses` answer.

    Returns:
        entity_id, home (agreement, enrollment and program of the license), agreement_id, enrollment_id,
        step_up_from, step_up_to, product, edition (of the higher one), metric, pack_size, unit_price (of the pack),
        currency; license_id, valid_from.

    """
    edges = load_rule_file(lot_history).table("step_up_edges").lazy()
    target = edges.select(
        step_up_to=pl.concat_str("to_product", "to_edition", separator=" ", ignore_nulls=True),
        product="to_product",
        edition="to_edition",
    ).unique()
    rows = STEPS.to_frame().lazy() if opportunities is None else opportunities.select(STEPS.names())
    home = pl.concat_str(
        pl.col("agreement_id", "enrollment_id", "program").cast(pl.String).fill_null("-"), separator="/"
    )
    lots = licenses.select(ENTITY, "license_id", "valid_from", "agreement_id", "enrollment_id", home=home)
    whole = (pl.col("unit_price").cast(pl.Decimal(38, 10)) * pl.col("pack_size")).round(2)
    return (
        rows.filter((pl.col("quantity") > 0) & pl.col("unit_price").is_not_null() & (pl.col("pack_size") > 0))
        .join(lots.unique(), on=[ENTITY, "license_id", "valid_from"], nulls_equal=True)
        .join(target, on="step_up_to")
        .with_columns(unit_price=whole)
        .drop("quantity")
        .sort(ENTITY, "license_id", "valid_from", "step_up_to", "pack_size")
        .collect()
    )


def homed(licenses: pl.LazyFrame, stepping: pl.DataFrame) -> pl.LazyFrame:
    """Add to each lot its home, where step-ups are for sale for it; null elsewhere."""
    key = [ENTITY, "license_id", "valid_from"]
    homes = stepping.lazy().select(*key, "home").unique()
    return licenses.join(homes, on=key, how="left", nulls_equal=True, maintain_order="left")
