"""Choose one licensing option for each subject.

Here each host takes the cheapest of its own options. The choice over the whole estate and all owned
licenses at once belongs in this place too: same inputs, same output.
"""

import polars as pl

SUBJECT = ["entity_id", "subject_kind", "subject_id", "product"]
_NOTHING_AVAILABLE = "no_option_available"


def choose(demand: pl.LazyFrame) -> pl.LazyFrame:
    """Pick for each subject and product the cheapest available option; without prices, the fewest licenses.

    An option without a price loses against one that has a price. Ties go to fewer licenses, then to the
    option's name. A subject with no available option stays, with null quantities and its reason.

    Args:
        demand: the `demand` answer, one row per subject, product and option.

    Returns:
        One row per subject and product: SUBJECT, option, edition, version, metric, licenses_required,
        needs_sa, demand_reason, unit_price, cost, cost_of_next_best, currency.

    """
    ranked = demand.filter(pl.col("is_available") & pl.col("licenses_required").is_not_null()).sort(
        [*SUBJECT, "cost", "licenses_required", "option"], nulls_last=True
    )
    chosen = ranked.group_by(SUBJECT, maintain_order=True).agg(
        *(
            pl.col(c).first()
            for c in ("option", "edition", "version", "metric", "licenses_required", "unit_price", "cost", "currency")
        ),
        demand_class=pl.col("demand_class").first(),
        demand_reason=pl.col("reason").first(),
        cost_of_next_best=pl.col("cost").get(1, null_on_oob=True),
    )
    without = (
        demand.join(chosen, on=SUBJECT, how="anti")
        .sort([*SUBJECT, "option"])
        .group_by(SUBJECT, maintain_order=True)
        .agg(demand_reason=pl.col("reason").drop_nulls().first())
        .with_columns(pl.col("demand_reason").fill_null(_NOTHING_AVAILABLE))
    )
    return pl.concat([chosen, without], how="diagonal").sort(SUBJECT)
