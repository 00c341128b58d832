"""Lots and needs with equal attributes become classes; the rest of the position works on those."""

from datetime import date

import polars as pl

from lmanalytics.rules.demand.price_list import for_entity
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import listed_provider_licenses

SUPPLY = [
    "entity_id",
    "product",
    "edition",
    "metric",
    "version_right",
    "has_sa",
    "tied_to_host_id",
    "is_early",
    "serves",
    "home",
]
NEEDS = [
    "entity_id", "product", "edition", "metric", "version", "needs_sa", "bound_to", "acquired_before",
    "sa_from_version",
]  # fmt: skip

_EARLY = column_name(listed_provider_licenses, "is_early")
"""Whether a lot is an old one does not depend on the day of the position, only whether that matters does."""


def in_force(licenses: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Keep what is held on a day: not what ended, was returned or replaced before it, nor what begins later.

    Args:
        licenses: the `licenses` answer, which tells the whole history of each lot.
        as_of: the day of the position.

    Returns:
        The same columns, the rows with a positive quantity in force on that day.

    """
    begun = (pl.col("valid_from") <= as_of).fill_null(value=True)
    lasts = (pl.col("valid_to") >= as_of).fill_null(value=True)
    return licenses.filter(begun & lasts & (pl.col("quantity") > 0))


def supply_classes(licenses: pl.LazyFrame, versions: pl.DataFrame) -> pl.LazyFrame:
    """Add up lots with equal rights.

    Args:
        licenses: the `licenses` answer, one row per lot in force; where it has a column home, lots of several homes
            (agreement, enrollment and program, `offers.homed`) are not added up.
        versions: product, version, version_rank (1 is the oldest).

    Returns:
        supply_class, SUPPLY, version_rank, quantity.

    """
    rank = versions.lazy().select("product", "version_rank", version_right="version")
    if "home" not in licenses.collect_schema():
        licenses = licenses.with_columns(home=pl.lit(None, pl.String))
    return (
        evaluate(licenses, listed_provider_licenses, Settings(listed_provider_licenses.is_early.start))
        .with_columns(has_sa=pl.col("sa_active"), is_early=pl.col(_EARLY))
        .group_by(SUPPLY)
        .agg(pl.col("quantity").sum())
        .join(rank, on=["product", "version_right"], how="left")
        .sort(SUPPLY)
        .with_columns(supply_class=class_name(SUPPLY))
    )


def needs(
    plan: pl.LazyFrame,
    licenses: pl.LazyFrame,
    listed: pl.LazyFrame,
    versions: pl.DataFrame,
    *,
    keep: tuple[str, ...] = (),
) -> pl.LazyFrame:
    """Split each subject's need into licenses that need Software Assurance and those that do not.

    Args:
        plan: chosen options (`plan.choose`).
        licenses: the `licenses` answer; a subject to which one is bound is marked.
        listed: the price of one license without and with Software Assurance (`price_list.per_license`).
        versions: product, version, version_rank; of what is for sale, the newest.
        keep: further columns of the plan to keep.

    Returns:
        NEEDS, subject_kind, subject_id, quantity, price, currency and `keep`: up to two rows a subject. Where the
        version that is for sale needs Software Assurance, that price holds for both. What only licenses acquired
        before some day may serve has no price: nothing that is for sale serves it.

    """
    bound = (
        licenses.select("entity_id", bound_to=pl.col("tied_to_host_id"))
        .drop_nulls()
        .unique()
        .with_columns(subject_id=pl.col("bound_to"))
    )
    columns = [*(c for c in NEEDS if c != "needs_sa"), "subject_kind", "subject_id", *keep]
    for_sale = pl.when(pl.col("acquired_before").is_null())
    rank = versions.lazy()
    newest = rank.group_by("product").agg(_newest=pl.col("version_rank").max())
    first = rank.select("product", sa_from_version="version", _first="version_rank")
    sold_with_sa = (pl.col("_newest") >= pl.col("_first")).fill_null(value=False)
    known = (
        for_entity(plan.filter(pl.col("licenses_required") > 0).drop("currency"), listed)
        .join(bound, on=["entity_id", "subject_id"], how="left")
        .with_columns(for_sale.then(pl.col("price", "price_with_sa")))
        .join(newest, on="product", how="left")
        .join(first, on=["product", "sa_from_version"], how="left")
    )
    with_sa = pl.col("licenses_with_sa").fill_null(0)
    halves = [
        known.select(
            *columns,
            "currency",
            needs_sa=pl.lit(value=False),
            quantity=pl.col("licenses_required") - with_sa,
            price=pl.when(sold_with_sa).then("price_with_sa").otherwise("price"),
        ),
        known.select(*columns, "currency", needs_sa=pl.lit(value=True), quantity=with_sa, price="price_with_sa"),
    ]
    return pl.concat(halves).filter(pl.col("quantity") > 0)


def demand_classes(split: pl.LazyFrame, versions: pl.DataFrame) -> pl.LazyFrame:
    """Add up needs with equal attributes.

    Args:
        split: the needs of all subjects (`needs`).
        versions: product, version, version_rank.

    Returns:
        demand_class, NEEDS, version_rank, sa_from_rank, subject_id (where bound), unit_price, quantity.

    """
    rank = versions.lazy().select("product", "version", "version_rank")
    first = rank.rename({"version": "sa_from_version", "version_rank": "sa_from_rank"})
    return (
        split.group_by(NEEDS)
        .agg(pl.col("quantity").sum(), unit_price=pl.col("price").max())
        .join(rank, on=["product", "version"], how="left")
        .join(first, on=["product", "sa_from_version"], how="left")
        .sort(NEEDS)
        .with_columns(demand_class=class_name(NEEDS), subject_id=pl.col("bound_to"))
    )


def class_name(columns: list[str]) -> pl.Expr:
    """Name a class after all that its members have in common."""
    return pl.concat_str([pl.col(c).cast(pl.String).fill_null("-") for c in columns], separator="|")
