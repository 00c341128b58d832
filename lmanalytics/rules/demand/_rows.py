"""Rows of `demand` from what rules decided: priced, classed, and with the columns of the contract."""

import polars as pl

from lmanalytics.rules.demand.price_list import all_products, for_entity
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.wording import many
from lmanalytics.schemas import ANSWERS, ENTITY, MONEY

COLUMNS = [
    ENTITY, "subject_kind", "subject_id", "product", "metric", "edition", "version", "option", "licenses_required",
    "licenses_with_sa", "full_sets", "is_lower_bound", "oses_covered", "is_available", "reason", "rule",
]  # fmt: skip
_EXTRA = ["licenses_with_sa", "full_sets", "is_lower_bound"]


def demand_rows(rows: pl.LazyFrame, prices: pl.LazyFrame | None, settings: Settings) -> pl.LazyFrame:
    """Complete options to rows of `demand`.

    Args:
        rows: `COLUMNS`; licenses_with_sa of licenses_required need Software Assurance or a subscription.
        prices: the canonical table; None gives no prices.
        settings: the run's date.

    Returns:
        The `demand` answer with licenses_with_sa, full_sets and is_lower_bound, sorted by its key. A kind of
        license that is not needed needs no price; without the price of one that is, the cost is unknown.

    """
    terms = [c for c in ("acquired_before", "sa_from_version") if c in rows.collect_schema()]
    listed = for_entity(rows.select(*COLUMNS, *terms), all_products(prices, settings.as_of))
    with_sa = pl.col("licenses_with_sa")
    without = pl.col("licenses_required") - with_sa
    cost = _cost(without, "price") + _cost(with_sa, "price_with_sa")
    needs_sa = (
        pl.when(with_sa == 0).then(pl.lit("any")).when(without == 0).then(pl.lit("sa")).otherwise(pl.lit("part_sa"))
    )
    each = (pl.col("cost") / pl.col("licenses_required")).cast(MONEY)
    names = [pl.col(c).fill_null("any") for c in ("edition", "version")]
    completed = listed.with_columns(cost=cost).with_columns(
        unit_price=pl.when(pl.col("licenses_required") > 0).then(each),
        currency=pl.when(pl.col("cost").is_not_null()).then("currency"),
        demand_class=pl.when(pl.col("licenses_required").is_not_null()).then(
            pl.concat_str(*names, needs_sa, separator="|")
        ),
    )
    have = set(completed.collect_schema().names())
    typed = [
        (pl.col(name) if name in have else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in ANSWERS["demand"].schema.items()
    ]
    key = [ENTITY, *ANSWERS["demand"].key]
    return completed.select(*typed[:-2], *_EXTRA, *typed[-2:]).sort(key, nulls_last=True)


def _cost(licenses: pl.Expr, price: str) -> pl.Expr:
    return pl.when(licenses == 0).then(pl.lit(0, MONEY)).otherwise((licenses * pl.col(price)).cast(MONEY))


def closed_findings(demand: pl.LazyFrame, area: str, statements: dict[str, str], action: str) -> pl.LazyFrame:
    """Tell of subjects for which no option is open, once for each entity, product and reason.

    Args:
        demand: rows of `demand`.
        area: the findings' area.
        statements: reason -> its sentence.
        action: what to do.

    Returns:
        The `findings` answer.

    """
    subject = [ENTITY, "product", "subject_kind", "subject_id"]
    closed = demand.group_by(subject).agg(pl.col("is_available").any(), pl.col("reason").min())
    told = closed.filter(~pl.col("is_available")).group_by(ENTITY, "product", "reason").agg(count=pl.len())
    completed = told.with_columns(
        finding_id=pl.format("{}:{}:{}", pl.lit(area), ENTITY, "reason"),
        severity=pl.lit("warning"),
        area=pl.lit(area),
        subject_id=ENTITY,
        statement=pl.format(
            "What {} requires is not computed of {}. {}",
            "product",
            many("count", "subject"),
            pl.col("reason").replace_strict(statements, default="", return_dtype=pl.String),
        ),
        action=pl.lit(action),
        status=pl.lit("open"),
        rule=pl.lit(area),
    )
    return ANSWERS["findings"].conform(completed).sort("finding_id")
