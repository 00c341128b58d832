"""The quantities of a purchase list: units and licenses per unit, whichever of them and their product is given."""

import polars as pl

from lmanalytics.ingest import numerals

_COUNTS = ("quantity", "licenses", "licenses_per_unit", "sa_quantity")
_GRANTING = ("license", "license_and_sa", "subscription", "grant", "transfer_in")


def with_counts(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add `units`, `per_unit` and `covered`, integers, and `is_packed`: whether anything says licenses per unit.

    A list that gives totals only has one license per unit, whatever its item names say: a pack is not counted
    twice. Where both are given, their ratio decides before the item name (`pack`) does.
    """
    never_decimal = pl.lit(None, pl.Boolean)
    counts = [numerals.integer(pl.col(name), never_decimal).alias(f"{name}_count") for name in _COUNTS]
    units, total = pl.col("quantity_count"), pl.col("licenses_count")
    is_ratio = (units != 0) & (total != 0) & (total % units == 0) & (total // units > 0)
    ratio = pl.when(is_ratio).then(total // pl.when(units != 0).then(units))
    packed = pl.coalesce("licenses_per_unit_count", ratio, "pack")
    is_total_only = pl.col("quantity").is_null()
    return frame.with_columns(counts).with_columns(
        pl.when(is_total_only).then(total).otherwise(units).alias("units"),
        pl.when(is_total_only).then(1).otherwise(packed.fill_null(1)).alias("per_unit"),
        pl.col("sa_quantity_count").alias("covered"),
        (is_total_only | packed.is_not_null()).alias("is_packed"),
    )


def has_mismatch() -> pl.Expr:
    """Tell license rows whose total is not units times licenses per unit."""
    product = pl.col("quantity_count") * pl.col("licenses_per_unit_count")
    return (pl.col("purchase_type").is_in(_GRANTING) & (product != pl.col("licenses_count"))).fill_null(value=False)


def mismatch() -> pl.Expr:
    """Say so."""
    told = "licenses: the list says {}, but {} units of {} licenses are not that many"
    return pl.when(has_mismatch()).then(
        pl.format(told, "licenses_count", "quantity_count", "licenses_per_unit_count"),
    )


def has_too_much_sa() -> pl.Expr:
    """Tell rows with more licenses under maintenance than licenses."""
    return (pl.col("covered") > pl.col("units") * pl.col("per_unit")).fill_null(value=False)


def too_much_sa() -> pl.Expr:
    """Say so."""
    told = "sa_quantity: maintenance for {} licenses, but {} were acquired; the rest covers nothing"
    return pl.when(has_too_much_sa()).then(pl.format(told, "covered", pl.col("units") * pl.col("per_unit")))


def split(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Make two purchases of a license row of which a part is under maintenance; add `part`.

    Others keep one. A quantity that could not be read stays as it was written, so that it is reported.
    """
    total = pl.col("units") * pl.col("per_unit")
    is_split = ((pl.col("covered") > 0) & (pl.col("purchase_type") == "license") & (total > 0)).fill_null(value=False)
    covered = pl.min_horizontal("covered", total)
    unread = pl.coalesce("quantity", "licenses")
    whole = pl.coalesce(pl.col("units").cast(pl.String), unread)
    parts = [
        _part(0, ~is_split, pl.col("purchase_type"), whole, pl.col("per_unit"), is_covered=True),
        _part(0, is_split, pl.lit("license_and_sa"), covered.cast(pl.String), pl.lit(1), is_covered=True),
        _part(1, is_split & (total > covered), pl.lit("license"), (total - covered).cast(pl.String), pl.lit(1)),
    ]
    kept = pl.concat_list(parts).list.filter(pl.element().struct.field("is_kept")).alias("parts")
    return (
        frame.with_columns(kept)
        .drop("quantity", "licenses_per_unit", "purchase_type", "coverage_start", "coverage_end")
        .explode("parts")
        .unnest("parts")
    )


def _part(
    number: int,
    is_kept: pl.Expr,
    kind: pl.Expr,
    quantity: pl.Expr,
    per_unit: pl.Expr,
    *,
    is_covered: bool = False,
) -> pl.Expr:
    nothing = pl.lit(None, pl.String)
    return pl.struct(
        is_kept.alias("is_kept"),
        pl.lit(number, pl.Int64).alias("part"),
        kind.alias("purchase_type"),
        quantity.alias("quantity"),
        per_unit.cast(pl.Int64).alias("licenses_per_unit"),
        (pl.col("coverage_start") if is_covered else nothing).alias("coverage_start"),
        (pl.col("coverage_end") if is_covered else nothing).alias("coverage_end"),
    )
