"""What every option would have cost each subject: at list price, and with what is owned taken into account."""

import polars as pl

from lmanalytics.position.plan import OPTION, SUBJECT, open_options
from lmanalytics.position.points import everyone, named
from lmanalytics.position.proof import Proof
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.schemas import ANSWERS, MONEY


class Reason(ReasonBase):
    """Why an alternative is taken, or is not."""

    CHOSEN = "All subjects taken together, this option leaves least to buy."
    DEARER = "With what one license more of each kind is worth, this option would cost more than the one chosen."
    NO_DEARER = "For one subject alone this option would cost no more; all taken together, or in whole packs, it would."
    NOT_PRICED = "No price was given for what this option, or the one chosen, would take."


def alternatives(
    demand: pl.LazyFrame,
    plan: pl.LazyFrame,
    split: pl.LazyFrame | None,
    proof: Proof | None,
    alike: pl.DataFrame | None,
) -> pl.LazyFrame:
    """Put the open options of every subject side by side.

    Args:
        demand: the `demand` answer.
        plan: chosen options.
        split: SUBJECT, option, demand_class, quantity (`optimum.Planned`); None: nothing requires a license.
        proof: the worth of one license of each class; None likewise.
        alike: `points.kinds`; None likewise.

    Returns:
        The `alternatives` answer: cost (at list price) and cost_with_owned (each license at what one more needed
        would cost, by the duals of the relaxation; 0 where enough is owned; null without prices), of an option with
        a curve both at its cheapest point.

    """
    if split is None or proof is None or alike is None:
        return ANSWERS["alternatives"].empty()
    worth = pl.col("quantity") * pl.col("worth")
    points = (
        split.join(proof.worths.lazy(), on="demand_class", how="left")
        .group_by(OPTION)
        .agg(_with_owned=pl.when(pl.col("worth").is_not_null().all()).then(worth.sum()).cast(MONEY))
    )
    cheapest = named(points).group_by(OPTION).agg(pl.col("_with_owned").min(), _is_needed=pl.len())
    given = everyone(cheapest, alike)
    chosen = plan.select(OPTION).drop_nulls().unique().with_columns(_is_chosen=pl.lit(value=True))
    currency = demand.group_by(OPTION).agg(pl.col("currency").drop_nulls().first())
    rows = (
        open_options(demand)
        .join(given, on=OPTION, how="left")
        .join(chosen, on=OPTION, how="left")
        .join(currency, on=OPTION, how="left")
        .with_columns(
            is_chosen=pl.col("_is_chosen").is_not_null(),
            cost_with_owned=pl.when(pl.col("_is_needed").is_null()).then(pl.lit(0, MONEY)).otherwise("_with_owned"),
        )
    )
    taken = pl.col("cost_with_owned").filter("is_chosen").first().over(SUBJECT)
    reason = (
        pl.when("is_chosen")
        .then(Reason.CHOSEN.lit)
        .when(pl.col("cost_with_owned").is_null() | taken.is_null())
        .then(Reason.NOT_PRICED.lit)
        .when(pl.col("cost_with_owned") > taken)
        .then(Reason.DEARER.lit)
        .otherwise(Reason.NO_DEARER.lit)
    )
    answer = rows.with_columns(reason=reason, rule=pl.lit("alternatives"))
    return ANSWERS["alternatives"].conform(answer).sort(*SUBJECT, "option")
