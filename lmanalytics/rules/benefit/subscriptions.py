"""Topic: what became of each online subscription, and what an entity's subscriptions come to."""

import polars as pl

from lmanalytics.rules.benefit import online_plans
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.mapping import mapped
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

_TABLE = "online_subscriptions"
NEEDS = {f"{_TABLE}_outcomes": (_TABLE,)}


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Settle each row of `online_subscriptions`.

    Args:
        inputs: `online_subscriptions`; without it there is nothing to say.
        settings: date and policies.

    Returns:
        `online_subscriptions_outcomes` and `findings`: one for each name that is not known.

    """
    if _TABLE not in inputs:
        return {}
    reason = pl.col("reason")
    outcomes = {
        online_plans.Reason.PLAN_COUNTS: "used",
        online_plans.Reason.PLAN_UNKNOWN: "not_computable",
    }
    rows = evaluated(inputs, settings).with_columns(reason=_column("reason"))
    settled = rows.select(
        "row_id",
        ENTITY,
        product="sku",
        outcome=mapped(reason, [r.code for r in outcomes], outcomes.values()).fill_null("excluded"),
        reason=reason,
    )
    return {f"{_TABLE}_outcomes": settled.sort("row_id"), "findings": _unknown(rows)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Recompute what the subscriptions of one agreement, enrollment or name are; no lines for another subject."""
    if _TABLE not in inputs:
        return pl.DataFrame(schema=EXPLANATION)
    own = pl.any_horizontal(is_asked(c, subject_ids) for c in ("agreement_id", "enrollment_id", "sku"))
    rows = CANONICAL[_TABLE].conform(inputs[_TABLE]).filter(own).sort("agreement_id", "enrollment_id", "sku")
    return explain(rows, online_plans, settings, "sku")


def evaluated(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Add what each subscription is, by the columns of `online_plans`; no rows where the table was not given."""
    rows = CANONICAL[_TABLE].conform(inputs.get(_TABLE, CANONICAL[_TABLE].empty()))
    return evaluate(rows, online_plans, settings)


def online_storage(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Say for each entity whether it has SharePoint Online or OneDrive for Business, and until when.

    Returns:
        entity_id, has_online_plan (null where only subscriptions of unknown name could hold one) and
        online_plan_until.

    """
    counts = _column("reason") == online_plans.Reason.PLAN_COUNTS.code
    unknown = (_column("reason") == online_plans.Reason.PLAN_UNKNOWN.code).any()
    holds = (counts & _column("has_storage") & (pl.col("quantity") > 0)).fill_null(value=False)
    return (
        evaluated(inputs, settings)
        .group_by(ENTITY)
        .agg(_holds=holds.any(), _unknown=unknown, online_plan_until=pl.col("end_date").filter(holds).max())
        .select(
            ENTITY, "online_plan_until", has_online_plan=pl.when(pl.col("_holds") | ~pl.col("_unknown")).then("_holds")
        )
    )


def _column(name: str) -> pl.Expr:
    return pl.col(column_name(online_plans, name))


def _unknown(rows: pl.LazyFrame) -> pl.LazyFrame:
    unknown = (
        rows.filter(pl.col("reason") == online_plans.Reason.PLAN_UNKNOWN.code)
        .group_by(ENTITY, "sku")
        .agg(pl.col("quantity").sum())
        .with_columns(
            finding_id=pl.concat_str([pl.lit(_TABLE), pl.concat_str([ENTITY, "sku"], separator="/")], separator=":"),
            severity=pl.lit("warning"),
            area=pl.lit(_TABLE),
            subject_id=pl.col("sku"),
            statement=pl.format(
                "{} of {} {} of a name that is not known.",
                many("quantity", "subscription"),
                "sku",
                agreeing("quantity", "is", "are"),
            ),
            action=pl.lit("Name them as Microsoft does, such as Microsoft 365 E3, or by their part number."),
            status=pl.lit("open"),
            rule=pl.lit("online_plans.plan"),
            reason=pl.lit(online_plans.Reason.PLAN_UNKNOWN.code),
        )
    )
    return ANSWERS["findings"].conform(unknown)
