"""Step-up licenses: how many of each order are valid, and on which base licenses they rest.

A step-up is valid only under the agreement and enrollment that cover its base, for as many licenses as had
active Software Assurance on its order day, and as long as the base is retained. It adds no license.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule
from lmanalytics.rules.entitlement import orders

FACTS = "purchases"
ANSWER = "step_ups"


class Reason(ReasonBase):
    """What a step-up order comes to."""

    VALID = "Each step-up has a qualifying license with active Software Assurance in its agreement and enrollment."
    PARTLY_VALID = "Some of the step-ups have no qualifying license; the matches say which and why."
    BASE_NOT_RETAINED = "The qualifying license was returned or transferred after the step-up."


@frame_rule(unit="license", cite="step_up", start="2001-10-01")
def step_up_matches(events: pl.LazyFrame, history: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """List on which base lot each step-up rests, and what of it rests on none.

    Returns:
        entity_id, purchase_id, base_purchase_id (null: none), quantity, is_valid, reason. The quantities of a
        step-up that could be matched at all add up to what was ordered less what was returned.

    """
    lost = (pl.col("end_reason") == Reason.BASE_NOT_RETAINED.code) & (pl.col("removed_on") <= as_of)
    matched = (
        history.filter(pl.col("steps").list.len() > 0)
        .with_columns(is_lost=lost.fill_null(value=False))
        .explode("steps")
        .group_by("entity_id", purchase_id="steps", base_purchase_id="lot_id", is_lost="is_lost")
        .agg(quantity=pl.col("units").sum())
        .select(
            "entity_id",
            "purchase_id",
            "base_purchase_id",
            "quantity",
            is_valid=~pl.col("is_lost"),
            reason=pl.when("is_lost").then(Reason.BASE_NOT_RETAINED.lit).otherwise(Reason.VALID.lit),
        )
    )
    steps = events.filter((pl.col("kind") == "step_up") & ~pl.col("is_return") & (pl.col("units") > 0))
    none = pl.lit(None, pl.String)
    unserved = (
        history.filter(pl.col("event").is_not_null())
        .select("entity_id", "missing", "why", purchase_id="event")
        .join(steps.select("entity_id", "purchase_id"), on=["entity_id", "purchase_id"], how="semi")
        .select(
            "entity_id",
            "purchase_id",
            base_purchase_id=none,
            quantity="missing",
            is_valid=pl.lit(value=False),
            reason="why",
        )
    )
    barred = steps.filter(pl.col("obstacle").is_not_null()).select(
        "entity_id",
        "purchase_id",
        base_purchase_id=none,
        quantity="units",
        is_valid=pl.lit(value=False),
        reason="obstacle",
    )
    return pl.concat([matched, unserved, barred]).sort(
        "entity_id", "purchase_id", "base_purchase_id", "reason", nulls_last=True
    )


@frame_rule(unit="license", cite="step_up", start="2001-10-01")
def step_ups(events: pl.LazyFrame, matches: pl.LazyFrame) -> pl.LazyFrame:
    """Sum up each step-up order: valid, unresolved; both null where it cannot be decided.

    Returns:
        entity_id, purchase_id, step_up_from, step_up_to, quantity, quantity_valid, quantity_unresolved, reason.

    """
    unknown = [r.code for r in UNDECIDABLE]
    sums = matches.group_by("entity_id", "purchase_id").agg(
        valid=pl.col("quantity").filter("is_valid").sum(),
        unresolved=pl.col("quantity").filter(~pl.col("is_valid")).sum(),
        why=pl.col("reason").filter(~pl.col("is_valid")).sort().first(),
    )
    decided = ~pl.col("why").is_in(unknown).fill_null(value=False)
    return (
        events.filter((pl.col("kind") == "step_up") & ~pl.col("is_return"))
        .join(sums, on=["entity_id", "purchase_id"], how="left")
        .select(
            "entity_id",
            "purchase_id",
            step_up_from=_name("product", "edition"),
            step_up_to=_name("next_product", "next_edition"),
            quantity="units",
            quantity_valid=pl.when(decided).then(pl.col("valid").fill_null(0)),
            quantity_unresolved=pl.when(decided).then(pl.col("unresolved").fill_null(0)),
            reason=pl.when(pl.col("why").is_null())
            .then(Reason.VALID.lit)
            .when(pl.col("valid") > 0)
            .then(Reason.PARTLY_VALID.lit)
            .otherwise("why"),
        )
        .sort("entity_id", "purchase_id")
    )


UNDECIDABLE = (
    orders.Reason.AGREEMENT_UNKNOWN,
    orders.Reason.BASE_AMBIGUOUS,
    orders.Reason.ORDER_DATE_UNKNOWN,
)


def _name(product: str, edition: str) -> pl.Expr:
    full = pl.concat_str(product, edition, separator=" ", ignore_nulls=True)
    return pl.when(pl.col(product).is_not_null()).then(full)
