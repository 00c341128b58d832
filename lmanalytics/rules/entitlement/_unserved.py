"""Why an order found no license, or not enough: read off what there was in its agreement and elsewhere."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.entitlement._timeline import HOME, NODE


class Reason(ReasonBase):
    """Why units of an order stay unmatched."""

    OTHER_AGREEMENT = "Step-up not under the agreement/enrollment where SA was acquired."
    NO_BASE = "No qualifying license was found."
    BASE_NOT_RETAINED = "The qualifying license was returned or transferred before."
    SA_NOT_ACTIVE = "The qualifying license has no active Software Assurance on the order's day."
    EXCEEDS_BASE = "More was ordered than there are qualifying licenses."
    SA_HAS_GAP = "Coverage lapsed, or was not bought with the license, so it cannot be attached."
    ALREADY_COVERED = "The licenses are already covered until that day or later."
    NOTHING_TO_RETURN = "No license is there that could be returned or transferred."
    NO_SUBSCRIPTION = "No subscription is there that could be bought out."


def explained(events: pl.DataFrame, pool: pl.DataFrame) -> pl.DataFrame:
    """Keep the events with something missing and say why.

    Args:
        events: the events of one level, with `missing`.
        pool: the lots of that level after all its events, before those that stepped up move on.

    Returns:
        The events with missing units, and `why`.

    """
    short = events.filter(pl.col("missing") > 0)
    gone = pl.coalesce("left_on", "removed_on")
    bare_from = (
        pl.when(pl.col("sa_end").is_null() | (pl.col("sa_start") > pl.col("since")))
        .then("since")
        .otherwise(pl.col("sa_end") + pl.duration(days=1))
    )
    still = (bare_from < gone).fill_null(value=True) & (bare_from <= pl.col("until")).fill_null(value=True)
    keys = NODE + HOME
    here = pool.group_by(keys).agg(
        removed_from=pl.col("removed_on").min(),
        bare_from=bare_from.filter(still).min(),
        covered_until=pl.col("sa_end").filter(pl.col("left_on").is_null()).max(),
        is_here=pl.lit(value=True),
    )
    anywhere = pool.group_by(NODE).agg(
        bare_anywhere=bare_from.filter(still).min(),
        covered_anywhere=pl.col("sa_end").filter(pl.col("left_on").is_null()).max(),
        is_anywhere=pl.lit(value=True),
    )
    facts = short.join(here, on=keys, how="left", nulls_equal=True, maintain_order="left").join(
        anywhere, on=NODE, how="left", nulls_equal=True, maintain_order="left"
    )
    return facts.with_columns(why=_why()).drop(
        "removed_from", "bare_from", "covered_until", "is_here", "bare_anywhere", "covered_anywhere", "is_anywhere"
    )


def _why() -> pl.Expr:
    kind, day = pl.col("kind"), pl.col("dated_on")
    gap = pl.col("bare_anywhere") < pl.col("coverage_end")
    return (
        pl.when(kind == "removal")
        .then(Reason.NOTHING_TO_RETURN.lit)
        .when(kind == "buy_out")
        .then(Reason.NO_SUBSCRIPTION.lit)
        .when(pl.col("is_anywhere").is_null())
        .then(Reason.NO_BASE.lit)
        .when((kind == "sa") & gap)
        .then(Reason.SA_HAS_GAP.lit)
        .when((kind == "sa") & (pl.col("covered_anywhere") >= pl.col("coverage_end")))
        .then(Reason.ALREADY_COVERED.lit)
        .when((kind == "step_up") & pl.col("is_here").is_null())
        .then(Reason.OTHER_AGREEMENT.lit)
        .when((kind == "step_up") & (pl.col("removed_from") <= day))
        .then(Reason.BASE_NOT_RETAINED.lit)
        .when((kind == "step_up") & (pl.col("bare_from") <= day))
        .then(Reason.SA_NOT_ACTIVE.lit)
        .otherwise(Reason.EXCEEDS_BASE.lit)
    )
