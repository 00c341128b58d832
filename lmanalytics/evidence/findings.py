"""What a person must act on, with what to do and the money that depends on it."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from lmanalytics.evidence.owned import order_days, owner
from lmanalytics.rules.entitlement import purchase_lines
from lmanalytics.rules.wording import agreeing, licenses, many
from lmanalytics.schemas import ANSWERS, ENTITY, MONEY

Tables = dict[str, pl.LazyFrame]
_OUTCOMES = {"ose_outcomes": "operating system environments", "host_outcomes": "hosts"}
_ORDERED = "step_up_offer.saving"
_RIGHTLY_LEFT_OUT = tuple(r.code for r in (purchase_lines.Reason.NOT_OWNED, purchase_lines.Reason.AFTER_AS_OF))


def findings(
    answered: Tables, read: pl.DataFrame, checks: pl.DataFrame, owners: Iterable[Mapping[str, Any]] = ()
) -> pl.LazyFrame:
    """Gather the findings of every stage.

    Args:
        answered: position, plan, demand, step_ups, true_up, the outcomes of purchases, oses, hosts and installs, and
            what a stage found itself (`findings_of_<topic>`); what is absent is not told of.
        read: findings of the readers.
        checks: the gate's checks: table, check, severity, sentence, unexpected_count, success, examples.
        owners: as `owned.owner` takes them.

    Returns:
        The `findings` answer, errors first, then by money at stake.

    """
    parts = [ANSWERS["findings"].empty(), read.lazy(), _checks(checks)]
    closing = order_days(answered.get("true_up", ANSWERS["true_up"].empty()))
    if "position" in answered:
        parts.append(_shortages(answered["position"], closing))
    if "plan" in answered and "demand" in answered:
        parts.append(_not_for_sale(answered["plan"], answered["demand"]))
    if "step_ups" in answered:
        parts.append(_step_ups(answered["step_ups"]))
    if "purchase_outcomes" in answered:
        told = answered["step_ups"].filter(pl.col("quantity_unresolved") > 0)
        lines = answered["purchase_outcomes"].join(told, on=[ENTITY, "purchase_id"], how="anti")
        parts.append(_not_counted(lines))
    for name, what in _OUTCOMES.items():
        if name in answered:
            parts.append(_unknown(answered[name], what))
    parts += [frame for name, frame in sorted(answered.items()) if name.startswith("findings_of_")]
    order = pl.col("severity").replace_strict({"error": 0, "warning": 1, "info": 2}, default=3, return_dtype=pl.Int8)
    rows = pl.concat([ANSWERS["findings"].conform(part) for part in parts])
    by_name = closing.group_by(ENTITY, subject_id="name").agg(pl.col("closes").min())
    ordered = pl.when(pl.col("rule") == _ORDERED).then("closes")
    return (
        rows.join(by_name, on=[ENTITY, "subject_id"], how="left")
        .with_columns(due_on=pl.coalesce("due_on", ordered))
        .drop("closes")
        .with_columns(pl.col(ENTITY).fill_null("*"), pl.col("status").fill_null("open"))
        .with_columns(owner=owner(owners))
        .sort([order, pl.col("money_at_stake"), pl.col("finding_id")], descending=[False, True, False], nulls_last=True)
    )


def _finding(
    rows: pl.LazyFrame, area: str, *, severity: pl.Expr, identity: pl.Expr, statement: pl.Expr, action: str
) -> pl.LazyFrame:
    return rows.with_columns(
        finding_id=pl.concat_str([pl.lit(area), identity.fill_null("-")], separator=":"),
        severity=severity,
        area=pl.lit(area),
        statement=statement,
        action=pl.lit(action),
        status=pl.lit("open"),
        rule=pl.lit(area),
    )


def _shortages(position: pl.LazyFrame, closing: pl.LazyFrame) -> pl.LazyFrame:
    name = pl.concat_str([pl.col(c) for c in ("product", "edition", "version")], separator=" ", ignore_nulls=True)
    short = position.filter(pl.col("shortage") > 0)
    dated = short.join(closing.drop("name"), on=[ENTITY, "product", "edition", "metric"], how="left", nulls_equal=True)
    return _finding(
        dated.with_columns(
            subject_id=name, money_at_stake=pl.col("shortage_cost"), due_on="closes", reason=pl.lit("short")
        ),
        "position",
        severity=pl.lit("error"),
        identity=pl.concat_str([pl.col(ENTITY), name, pl.col("metric")], separator="/"),
        statement=pl.format("{} of {} {} short.", licenses("shortage"), name, agreeing("shortage", "is", "are")),
        action="Order them by the true-up, or change the deployment; the position chapter names the machines.",
    )


def _not_for_sale(plan: pl.LazyFrame, demand: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of shortages that no order makes up for, since only licenses acquired before some day may serve them."""
    option = [ENTITY, "subject_kind", "subject_id", "product", "option", "edition"]
    old = demand.filter(pl.col("acquired_before").is_not_null()).select(*option, "acquired_before")
    rows = (
        plan.filter(pl.col("licenses_short") > 0)
        .join(old, on=option, nulls_equal=True)
        .group_by(ENTITY, "product", "acquired_before")
        .agg(short=pl.col("licenses_short").sum())
        .with_columns(
            subject_id=pl.col("product"), money_at_stake=pl.lit(None, MONEY), reason=pl.lit("old_licenses_only")
        )
    )
    return _finding(
        rows,
        "position",
        severity=pl.lit("error"),
        identity=pl.concat_str([pl.col(ENTITY), pl.col("product"), pl.col("reason")], separator="/"),
        statement=pl.format(
            "{} of {} {} short on servers that take only licenses acquired before {}.",
            many("short", "license"),
            "product",
            agreeing("short", "is", "are"),
            pl.col("acquired_before").cast(pl.String),
        ),
        action="Move what runs there, or let the provider license it; no order makes up for it.",
    )  # fmt: skip


def _step_ups(step_ups: pl.LazyFrame) -> pl.LazyFrame:
    rows = step_ups.filter(pl.col("quantity_unresolved") > 0).with_columns(subject_id=pl.col("purchase_id"))
    return _finding(
        rows,
        "step_ups",
        severity=pl.lit("warning"),
        identity=pl.col("purchase_id"),
        statement=pl.format(
            "{} of {} step-up licenses to {} (purchase {}) have no valid base.",
            pl.col("quantity_unresolved"),
            pl.col("quantity"),
            pl.col("step_up_to"),
            pl.col("purchase_id"),
        ),
        action="Find the base licenses with active Software Assurance in the same enrollment, or do not count them.",
    )


def _not_counted(outcomes: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of purchase lines that were to count and did not."""
    rows = (
        outcomes.filter(
            (pl.col("outcome") == "not_computable")
            | ((pl.col("outcome") == "excluded") & ~pl.col("reason").is_in(_RIGHTLY_LEFT_OUT))
        )
        .group_by(ENTITY, "product", "reason")
        .agg(rows=pl.len())
        .with_columns(money_at_stake=pl.lit(None, MONEY), subject_id=pl.col("reason"))
    )
    return _finding(
        rows,
        "entitlement",
        severity=pl.lit("warning"),
        identity=pl.concat_str([pl.col(ENTITY), pl.col("product"), pl.col("reason")], separator="/"),
        statement=pl.format(
            "{} purchase lines of {} could not be counted ({}).",
            "rows",
            "product",
            pl.col("reason").str.replace_all("_", " "),
        ),
        action="Check these orders against the agreement; purchase_outcomes.parquet in the run names them.",
    )


def _unknown(outcomes: pl.LazyFrame, what: str) -> pl.LazyFrame:
    """Tell of what has no answer, and of what no license can be used for."""
    rows = (
        outcomes.filter(pl.col("outcome").is_in(["not_computable", "not_licensable"]))
        .group_by(ENTITY, "product", "outcome", "reason")
        .agg(rows=pl.len())
        .with_columns(money_at_stake=pl.lit(None, MONEY), subject_id=pl.col("reason"))
    )
    barred = pl.col("outcome") == "not_licensable"
    why = pl.col("reason").str.replace_all("_", " ")
    found = _finding(
        rows,
        "deployment",
        severity=pl.when(barred).then(pl.lit("error")).otherwise(pl.lit("warning")),
        identity=pl.concat_str([pl.col(ENTITY), pl.col("product"), pl.col("reason"), pl.lit(what)], separator="/"),
        statement=pl.when(barred)
        .then(pl.format("{} {} run {} where no license may be used ({}).", "rows", pl.lit(what), "product", why))
        .otherwise(pl.format("Of {} {} it is not computable what they require ({}).", "rows", pl.lit(what), why)),
        action="Complete the export, or settle it in estate.yaml.",
    )
    move = pl.lit("Move them, or let the provider license them; no order makes up for it.")
    return found.with_columns(action=pl.when(barred).then(move).otherwise("action"))


def _checks(checks: pl.DataFrame) -> pl.LazyFrame:
    rows = checks.lazy().filter(~pl.col("success") & (pl.col("unexpected_count") > 0))
    kept = pl.when(pl.col("severity") == "error").then(pl.lit("quarantined")).otherwise(pl.lit("kept"))
    return _finding(
        rows.with_columns(subject_id=pl.col("table"), _kept=kept, reason=pl.col("check")),
        "data_quality",
        severity=pl.lit("warning"),
        identity=pl.concat_str(["table", "check"], separator="/"),
        statement=pl.format(
            "{}: {} rows {}. {}", pl.col("table"), pl.col("unexpected_count"), pl.col("_kept"), pl.col("sentence")
        ),
        action="Correct the export; the data-quality chapter shows the rows.",
    )
