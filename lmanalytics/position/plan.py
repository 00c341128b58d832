"""Choose one licensing option for each subject: the cheapest of its own, or the one that `optimum` found."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase

SUBJECT = ["entity_id", "subject_kind", "subject_id", "product"]
_KEPT = [
    "option", "edition", "version", "metric", "licenses_required", "licenses_with_sa", "unit_price", "cost", "currency",
    "acquired_before", "sa_from_version", "cost_of_next_best", "reason",
]  # fmt: skip
OPTION = [*SUBJECT, "option"]
MINIMUM_OPTION = "customer_minimum"


class Reason(ReasonBase):
    """Why a subject has the option that it has."""

    CHEAPEST = "Of the options that are open this one costs least."
    OWNED_LICENSES = "With the licenses that are owned this option leaves less to buy than the one that lists for less."
    FEWEST_LICENSES = "No price was given for every option, so the one with the fewest licenses is taken."
    ONLY_OPTION = "No other option is open."
    CUSTOMER_MINIMUM = "Licensing by virtual machine has a minimum for the customer as a whole; this makes it up."
    NO_OPTION = "No option is open, or it is not computable what one requires."


def choose(demand: pl.LazyFrame, taken: pl.DataFrame | None = None, left: pl.LazyFrame | None = None) -> pl.LazyFrame:
    """Pick for each subject and product the cheapest open option; without prices, the fewest licenses.

    An option without a price loses against one that has a price. Ties go to fewer licenses, then to the
    option's name. A subject with no open option stays, with null quantities and its reason. An option that
    takes licenses of several editions has a row for each, and is open when all of them are.

    Args:
        demand: the `demand` answer, one row per subject, product, option and edition.
        taken: SUBJECT, option: what each subject takes, whatever it costs (`optimum`).
        left: OPTION, licenses_required, cost: other ways to have the options that are taken (`points.settled`).

    Returns:
        One row per subject, product and edition of its option: SUBJECT, option, edition, version, metric,
        licenses_required, licenses_with_sa, full_sets, unit_price, cost, cost_of_next_best, currency, reason.

    """
    fixed = pl.LazyFrame(schema=dict.fromkeys([*SUBJECT, "option"], pl.String())) if taken is None else taken.lazy()
    options = open_options(demand).join(fixed.with_columns(_taken=pl.lit(value=True)), on=OPTION, how="left")
    if left is not None:
        options = pl.concat([options, left], how="diagonal")
    ranked = options.sort([*SUBJECT, "_taken", "cost", "licenses_required", "option"], nulls_last=True)
    dearer = (pl.col("cost").first() > pl.col("cost").min()).fill_null(
        pl.col("licenses_required").first() > pl.col("licenses_required").min()
    )
    reason = (
        pl.when(pl.len() == 1)
        .then(Reason.ONLY_OPTION.lit)
        .when(dearer & pl.col("_taken").first().is_not_null())
        .then(Reason.OWNED_LICENSES.lit)
        .when(pl.col("cost").first().is_null())
        .then(Reason.FEWEST_LICENSES.lit)
        .otherwise(Reason.CHEAPEST.lit)
    )
    best = ranked.group_by(SUBJECT, maintain_order=True).agg(
        pl.col("option").first(), cost_of_next_best=pl.col("cost").get(1, null_on_oob=True), _reason=reason
    )
    have = demand.collect_schema()
    kept = [*_KEPT, *(c for c in ["full_sets"] if c in have)]
    chosen = demand.join(best, on=OPTION).with_columns(reason="_reason").select(*SUBJECT, *kept)
    without = (
        demand.join(chosen, on=SUBJECT, how="anti")
        .sort([*SUBJECT, "option"])
        .group_by(SUBJECT, maintain_order=True)
        .agg(reason=pl.col("reason").drop_nulls().first())
        .with_columns(pl.col("reason").fill_null(Reason.NO_OPTION.code))
    )
    return pl.concat([chosen, without], how="diagonal").sort(*SUBJECT, "edition", nulls_last=True)


def open_options(demand: pl.LazyFrame) -> pl.LazyFrame:
    """Add up the editions of each option, and keep the options that are open: OPTION, cost, licenses_required."""
    is_open = (pl.col("is_available") & pl.col("licenses_required").is_not_null()).all()
    return (
        demand.group_by(OPTION)
        .agg(
            pl.col("licenses_required").sum(),
            cost=pl.when(pl.col("cost").is_not_null().all()).then(pl.col("cost").sum()),
            _is_open=is_open,
        )
        .filter("_is_open")
        .drop("_is_open")
    )


def top_up(plan: pl.LazyFrame, minimums: pl.LazyFrame) -> pl.LazyFrame:
    """Add what a customer's licenses by virtual machine lack to the minimum for the customer as a whole.

    Args:
        plan: chosen options (`choose`).
        minimums: entity_id, product, metric, min_licenses.

    Returns:
        The plan with a row of kind customer where the minimum is not reached, at the price of the entity's
        cheapest license of that kind.

    """
    single = plan.filter(pl.col("licenses_with_sa") > 0)
    totals = single.group_by("entity_id", "product", "metric").agg(
        pl.col("licenses_with_sa").sum(),
        pl.col("edition").sort_by("unit_price", "edition", nulls_last=True).first(),
        pl.col("version").drop_nulls().min(),
    )
    lacking = totals.join(minimums, on=["entity_id", "product", "metric"]).with_columns(
        _lacking=pl.col("min_licenses") - pl.col("licenses_with_sa")
    )
    rows = lacking.filter(pl.col("_lacking") > 0).select(
        "entity_id",
        "product",
        "metric",
        "edition",
        "version",
        subject_kind=pl.lit("customer"),
        subject_id=pl.col("entity_id"),
        option=pl.lit(MINIMUM_OPTION),
        licenses_required=pl.col("_lacking"),
        licenses_with_sa=pl.col("_lacking"),
        reason=Reason.CUSTOMER_MINIMUM.lit,
    )
    return pl.concat([plan, rows], how="diagonal").sort(SUBJECT)
