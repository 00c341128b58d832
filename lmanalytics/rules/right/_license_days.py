"""How many licenses of a product are in force on a day, and how many of them have Software Assurance."""

from datetime import date

import polars as pl

from lmanalytics.schemas import ENTITY

_PRODUCT = [ENTITY, "product"]
COUNTS = ["licenses", "licenses_with_sa", "licenses_unsure"]
_SA_END_UNKNOWN = "sa_end_unknown"


def license_days(licenses: pl.LazyFrame) -> pl.LazyFrame:
    """Add up each product's licenses from day to day.

    Args:
        licenses: the `licenses` answer.

    Returns:
        entity_id, product, day and, from that day on until the next, licenses, licenses_with_sa and licenses_unsure
        (of which it is not known when the coverage ended that was bought). Sorted by day.

    """
    since, until = pl.col("valid_from").fill_null(date.min), pl.col("valid_to").fill_null(date.max)
    covered_until = pl.when("sa_active").then(pl.col("sa_end").fill_null(until)).otherwise("sa_end")
    unsure = (pl.col("reason") == _SA_END_UNKNOWN) & ~pl.col("sa_active")
    spans = {
        "licenses": (pl.lit(value=True), since, until),
        "licenses_with_sa": (
            covered_until.is_not_null() & ~unsure,
            pl.max_horizontal("sa_start", since),
            pl.min_horizontal(covered_until, until),
        ),
        "licenses_unsure": (unsure, pl.max_horizontal("sa_start", since), until),
    }
    steps = []
    for name, (counts, first, last) in spans.items():
        rows = licenses.filter(counts).select(*_PRODUCT, "quantity", first=first, last=last)
        real = rows.filter(pl.col("first") <= pl.col("last"))
        steps.append(real.select(*_PRODUCT, pl.col("quantity").alias(name), day="first"))
        ended = real.filter(pl.col("last") < date.max)
        gone = pl.col("last").dt.offset_by("1d")
        steps.append(ended.select(*_PRODUCT, (-pl.col("quantity")).alias(name), day=gone))
    return (
        pl.concat(steps, how="diagonal")
        .group_by(*_PRODUCT, "day")
        .agg(pl.col(COUNTS).sum())
        .sort("day", *_PRODUCT)
        .with_columns(pl.col(COUNTS).cum_sum().over(_PRODUCT))
    )


def on_day(rows: pl.LazyFrame, days: pl.LazyFrame, day: str) -> pl.LazyFrame:
    """Add the counts of `license_days` that hold for the product of each row on its day; zero before the first."""
    found = rows.sort(day).join_asof(
        days, left_on=day, right_on="day", by=_PRODUCT, strategy="backward", check_sortedness=False
    )
    return found.with_columns(pl.col(COUNTS).fill_null(0))
