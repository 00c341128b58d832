"""What an entity has for updates: purchases without a server, Software Assurance, prices, access licenses."""

from datetime import date

import polars as pl

from lmanalytics.rules.benefit import esu_access_licenses, esu_eligibility, esu_price
from lmanalytics.rules.benefit._esu_columns import OFFER
from lmanalytics.rules.benefit.esu_subjects import client_version
from lmanalytics.rules.demand.price_list import PER_LICENSE
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL, DEFAULT_ENTITY, ENTITY

TOP = ("Enterprise", "Enterprise Core", "Datacenter")
_WINDOWS = pl.col("product").str.contains(r"^Windows( client| 7| 10| Enterprise| Professional| Pro)?$")
_ELSEWHERE = ("azure", "azure_dedicated_host", "azure_stack")
_PRICE = ["product", "offer", "edition", "esu_year"]


def bought(purchases: pl.LazyFrame | None, versions: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """List the purchases of updates: OFFER, licenses, tied_to_host_id, coverage_start, coverage_end, edition."""
    if purchases is None:
        purchases = CANONICAL["purchases"].empty()
    ordered = pl.coalesce("order_date", "acquired_on", "coverage_start")
    rows = purchases.filter((pl.col("purchase_type") == "esu") & (ordered <= as_of).fill_null(value=True))
    return (
        named(rows)
        .join(versions, on=["product", "version"])
        .filter(pl.col("esu_year").is_not_null())
        .with_columns(licenses=pl.col("quantity") * pl.col("licenses_per_unit"))
    )


def named(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Word the product and version of Windows on devices as the offerings do."""
    said = pl.coalesce("version", pl.col("product").str.extract(r"^Windows (\d+)$"))
    version = pl.when(_WINDOWS).then(client_version(said, pl.col("edition"))).otherwise("version")
    product = pl.when(_WINDOWS).then(pl.lit("Windows")).otherwise("product")
    return rows.with_columns(product=product, version=version)


def assurance(licenses: pl.LazyFrame | None, years: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Count the licenses with Software Assurance, or subscriptions, for each year of an offering.

    Args:
        licenses: the answer; None where it is not known.
        years: product, offer, esu_year, period_start.
        settings: date and policies.

    Returns:
        OFFER, is_top (licenses of the highest editions alone; else of all), sa_licenses, sa_licenses_too_short,
        sa_licenses_open.

    """
    if licenses is None:
        counts = dict.fromkeys(("sa_licenses", "sa_licenses_too_short", "sa_licenses_open"), pl.Int64())
        return pl.LazyFrame(
            schema={**dict.fromkeys(OFFER, pl.String()), "esu_year": pl.Int64(), "is_top": pl.Boolean(), **counts}
        )
    needed = column_name(esu_eligibility, "sa_needed_until")
    dated = evaluate(years, esu_eligibility, settings).select(
        "product", "offer", "esu_year", _from="period_start", _until=needed
    )
    today = pl.lit(settings.as_of)
    in_force = (pl.col("valid_from") <= today).fill_null(value=True) & (pl.col("valid_to") >= today).fill_null(
        value=True
    )
    lots = (
        licenses.filter(in_force & (pl.col("sa_active") | pl.col("sa_end").is_not_null()))
        .filter(~pl.col("metric").is_in(["user_cal", "device_cal", "external_connector", "management_license"]))
        .group_by(ENTITY, "product", "sa_start", "sa_end", is_top=pl.col("edition").is_in(TOP).fill_null(value=False))
        .agg(pl.col("quantity").sum())
    )
    both = pl.concat([lots.filter("is_top"), lots.with_columns(is_top=pl.lit(value=False))])
    begun = (pl.col("sa_start") <= pl.col("_from")).fill_null(value=True)
    ends, quantity = pl.col("sa_end"), pl.col("quantity")
    return (
        both.join(dated, on="product")
        .filter(pl.col("_until").is_not_null())
        .group_by(*OFFER, "is_top")
        .agg(
            sa_licenses=quantity.filter(begun & (ends >= pl.col("_until"))).sum(),
            sa_licenses_too_short=quantity.filter(begun & (ends >= pl.col("_from")) & (ends < pl.col("_until"))).sum(),
            sa_licenses_open=quantity.filter(begun & ends.is_null()).sum(),
        )
    )


def prices(
    listed: pl.LazyFrame | None,
    full: pl.LazyFrame,
    versions: pl.LazyFrame,
    entities: pl.LazyFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Find the price of one update license: the customer's own, else the published one where a policy says so.

    Args:
        listed: the canonical table; None where it was not given.
        full: entity_id, product, metric, edition, price and currency of licenses (`price_list.all_products`).
        versions: product, version and offer of each offering.
        entities: entity_id of everyone.
        settings: date and policies.

    Returns:
        entity_id, product, offer, edition (null: any), esu_year, price, currency.

    """
    if listed is None:
        listed = CANONICAL["prices"].empty()
    wanted = (pl.col("purchase_type") == "esu") & (pl.col("valid_from") <= settings.as_of) & (pl.col("pack_size") > 0)
    key = [ENTITY, *_PRICE]
    own = (
        named(listed.filter(wanted & pl.col("esu_year").is_not_null()))
        .join(versions, on=["product", "version"])
        .sort(*key, "program", "pack_size", "valid_from", "row_id")
        .group_by(*key, "program", "pack_size", maintain_order=True)
        .agg(pl.col("unit_price", "currency").last())
        .with_columns(price=pl.col("unit_price").cast(PER_LICENSE) / pl.col("pack_size"))
        .group_by(key)
        .agg(pl.col("price").min(), pl.col("currency").min(), _currencies=pl.col("currency").n_unique())
        .filter(pl.col("_currencies") == 1)
        .drop("_currencies")
    )
    has_own = own.select(ENTITY).unique()
    shared = own.filter(pl.col(ENTITY) == DEFAULT_ENTITY).drop(ENTITY)
    for_others = entities.join(has_own, on=ENTITY, how="anti").join(shared, how="cross")
    said = pl.concat([own, for_others.select(own.collect_schema().names())])
    shapes = _published(full, versions, entities, settings)
    return pl.concat([said, shapes.join(said, on=key, how="anti", nulls_equal=True)]).sort(key)


def _published(full: pl.LazyFrame, versions: pl.LazyFrame, entities: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Price the published shapes, on the full price of the entity's own list where they are a share of it."""
    licenses = pl.concat([full, _for_others(full, entities)]).filter(pl.col("metric") == "core")
    offered = compute(esu_price, "substitutes", settings, listed=compute(esu_price, "published", settings))
    offered = (
        offered.join(versions, on=["product", "version"])
        .drop("version")
        .unique(["product", "offer", "edition", "esu_year"], keep="first", maintain_order=True)
    )
    amounts = offered.filter(pl.col("percent").is_null()).join(entities, how="cross")
    shares = (
        offered.filter(pl.col("percent").is_not_null())
        .drop("edition", "currency")
        .join(licenses.select(ENTITY, "product", "edition", "currency", license_price="price"), on="product")
    )
    rows = pl.concat([amounts, shares], how="diagonal_relaxed").with_columns(licenses=pl.lit(1, pl.Int64))
    price = column_name(esu_price, "pack_price")
    size = pl.when(pl.col("percent").is_null()).then("pack_size").otherwise(1)
    return evaluate(rows, esu_price, settings).select(
        ENTITY, *_PRICE, price=pl.col(price).cast(PER_LICENSE) / size, currency="currency"
    )


def _for_others(full: pl.LazyFrame, entities: pl.LazyFrame) -> pl.LazyFrame:
    main = full.filter(pl.col(ENTITY) == DEFAULT_ENTITY).drop(ENTITY)
    others = entities.join(full.select(ENTITY).unique(), on=ENTITY, how="anti")
    return others.join(main, how="cross").select(full.collect_schema().names())


def priced(rows: pl.LazyFrame, listed: pl.LazyFrame) -> pl.LazyFrame:
    """Join price and currency: for the edition, else the one that holds for any."""
    key = [ENTITY, *_PRICE]
    any_edition = listed.filter(pl.col("edition").is_null()).drop("edition")
    return (
        rows.join(listed.filter(pl.col("edition").is_not_null()), on=key, how="left")
        .join(any_edition, on=[ENTITY, "product", "offer", "esu_year"], how="left", suffix="_any")
        .with_columns(price=pl.coalesce("price", "price_any"), currency=pl.coalesce("currency", "currency_any"))
        .drop("price_any", "currency_any")
    )


def access_gaps(access: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Count access licenses without Software Assurance: entity_id, product, host_id, ose_id, without_sa."""
    server = pl.col("product").str.replace(r"(?i)\s+(user |device )?(cal|external connector)$", "")
    rows = access.with_columns(product=server, has_updates=pl.lit(value=True))
    gap = pl.col(column_name(esu_access_licenses, "is_gap"))
    lacking = pl.when(gap.is_not_null().all()).then(pl.col("quantity").filter(gap).sum())
    judged = evaluate(rows, esu_access_licenses, settings)
    return judged.group_by(ENTITY, "product", "host_id", "ose_id").agg(without_sa=lacking)


def pool_of(ordered: pl.LazyFrame, recorded: pl.LazyFrame) -> pl.DataFrame:
    """Subtract recorded coverage by volume licensing from the purchases that name no server."""
    free = ordered.filter(pl.col("tied_to_host_id").is_null()).group_by(OFFER).agg(pl.col("licenses").sum())
    used = recorded.filter(pl.col("channel") == "volume_license").group_by(OFFER).agg(_used=pl.col("quantity").sum())
    left = free.join(used, on=OFFER, how="left").with_columns(
        licenses=pl.col("licenses") - pl.col("_used").fill_null(0)
    )
    return left.select(*OFFER, "licenses").filter(pl.col("licenses") > 0).collect(engine="streaming")


def needed_of(found: pl.LazyFrame, offered: pl.LazyFrame) -> pl.DataFrame:
    """Add up the licenses that need Software Assurance now: of the highest editions, and of all together."""
    current = offered.filter(pl.col("is_current") & pl.col("needs_sa")).select("product", "version").unique()
    totals = (
        found.filter(~pl.col("is_hosted") & ~pl.col("is_development") & ~pl.col("location").is_in(_ELSEWHERE))
        .join(current, on=["product", "version"], how="semi")
        .group_by(ENTITY, "product", is_top=pl.col("edition").is_in(TOP).fill_null(value=False))
        .agg(licenses_to_cover=pl.col("licenses_required").sum())
        .collect(engine="streaming")
    )
    every = totals.group_by(ENTITY, "product").agg(pl.col("licenses_to_cover").sum())
    return pl.concat(
        [
            totals.filter("is_top"),
            every.select(ENTITY, "product", pl.lit(value=False).alias("is_top"), "licenses_to_cover"),
        ]
    )
