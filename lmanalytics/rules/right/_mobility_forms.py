"""Verification forms against the deployments that they are for."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_mobility_through_sa, verification_form
from lmanalytics.rules.right._mobility_facts import decide, partners, with_program
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import explain
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

_THROUGH = license_mobility_through_sa.Reason
_NO_FORM = (
    *license_mobility_through_sa.LICENSED_OTHERWISE, _THROUGH.PRODUCT_NOT_ELIGIBLE.code, _THROUGH.NOT_NEEDED.code,
    _THROUGH.PROGRAM_NOT_ELIGIBLE.code, _THROUGH.NO_PARTNER.code, _THROUGH.FLEXIBLE_VIRTUALIZATION.code,
)  # fmt: skip
_WHERE = [ENTITY, "provider", "agreement_id", "enrollment_id"]
_KEY = "_key"


class Reason(ReasonBase):
    """What became of a row of `verification_forms`, or of a day without them."""

    FORM_SERVES = "The form is for deployments with this provider under this agreement."
    FORM_REJECTED = "The form was rejected."
    FORM_LATER = "The form was submitted after the day of the position."
    NO_DEPLOYMENT = "No deployment with this provider under this agreement is known."
    FORMS_NOT_GIVEN = "No verification forms were given, so whether one was submitted is unknown."


def deployment_days(decided: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Put the deployments of a day together: it needs a form where one of them does.

    Args:
        decided: the columns of the `mobility` answer, and eligibility.
        inputs: `agreements` and `licenses` where they were given.
        settings: the run's date.

    Returns:
        entity_id, provider, agreement_id, enrollment_id, deployed_on, deployments (that need a form), and what the
        form asks of customer and partner.

    """
    needs = ~pl.col("eligibility").is_in(_NO_FORM)
    days = (
        decided.filter(pl.col("deployed_on") <= settings.as_of)
        .group_by(*_WHERE, "deployed_on")
        .agg(needs_mobility=needs.any(), deployments=needs.sum().cast(pl.Int64))
    )
    known = partners(days, settings).with_columns(is_form_per_product=pl.col("form_per_product").fill_null(value=False))
    return with_program(days.join(known, on="provider", how="left"), inputs).with_columns(_key())


def verification(days: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Say for each provider, agreement and deployment day when its form is due and how it stands.

    Args:
        days: `deployment_days`.
        inputs: `verification_forms` where it was given.
        settings: date and policies.

    Returns:
        The `verification` answer; form_status is null where no forms were given.

    """
    judged = _judged(days, inputs, settings)
    given = pl.lit("verification_forms" in inputs) | ~pl.col("is_required")
    rows = judged.with_columns(
        form_status=pl.when(given).then("form_status"),
        reason=pl.when(given).then("standing").otherwise(Reason.FORMS_NOT_GIVEN.lit),
        form_due=pl.when("is_required").then("form_due"),
        submitted_on=pl.coalesce("standing_on", "first_submitted_on"),
        confirmed_on="standing_confirmed_on",
        rule=pl.lit("verification_form.form_status"),
    )
    return ANSWERS["verification"].conform(rows).sort(ENTITY, *ANSWERS["verification"].key, nulls_last=True)


def outcomes(days: pl.LazyFrame, table: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Settle each row of `verification_forms`: row_id, entity_id, product, outcome, reason."""
    served = days.select(_KEY).unique().with_columns(_serves=pl.lit(value=True))
    forms = _keyed(table, settings).join(served, on=_KEY, how="left")
    reason = (
        pl.when(pl.col("submitted_on") > settings.as_of)
        .then(Reason.FORM_LATER.lit)
        .when(pl.col("_serves").is_null())
        .then(Reason.NO_DEPLOYMENT.lit)
        .when(pl.col("rejected_on") <= settings.as_of)
        .then(Reason.FORM_REJECTED.lit)
        .otherwise(Reason.FORM_SERVES.lit)
    )
    barred = pl.col("reason").is_in([Reason.FORM_LATER.code, Reason.NO_DEPLOYMENT.code])
    return (
        forms.with_columns(reason=reason)
        .select(
            "row_id", ENTITY, "reason", product=pl.lit("*"),
            outcome=pl.when(barred).then(pl.lit("excluded")).otherwise(pl.lit("used")),
        )
        .sort("row_id")
    )  # fmt: skip


def explain_forms(days: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.DataFrame:
    """Explain the forms of some deployments."""
    facts = _judged(days, inputs, settings).sort(*_WHERE, "deployed_on").collect().lazy()
    return explain(facts, verification_form, settings, "provider")


def _judged(days: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    days = days.with_columns(
        **{c: pl.lit(None, pl.Date) for c in ("first_submitted_on", "standing_on", "standing_confirmed_on")}
    )
    forms = _keyed(inputs.get("verification_forms", CANONICAL["verification_forms"].empty()), settings)
    submitted = forms.filter(pl.col("submitted_on") <= settings.as_of)
    rejected = (pl.col("rejected_on") <= settings.as_of).fill_null(value=False)
    confirmed = pl.when(pl.col("confirmed_on") <= settings.as_of).then("confirmed_on")
    first = submitted.select(_KEY, "submitted_on", first_submitted_on="submitted_on")
    standing = submitted.filter(~rejected).select(
        _KEY, "submitted_on", standing_on="submitted_on", standing_confirmed_on=confirmed
    )
    asked = decide(days, verification_form, settings).select(
        pl.exclude("first_submitted_on", "standing_on", "standing_confirmed_on", "standing", "form_status")
    )
    matched = _first_from(_first_from(asked, first), standing)
    return decide(matched, verification_form, settings)


def _first_from(days: pl.LazyFrame, forms: pl.LazyFrame) -> pl.LazyFrame:
    """Join the earliest form on or after the first day that can serve."""
    return days.sort("counts_from").join_asof(
        forms.sort("submitted_on"),
        left_on="counts_from", right_on="submitted_on", by=_KEY, strategy="forward", check_sortedness=False,
    ).drop("submitted_on", strict=False)  # fmt: skip


def _keyed(table: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    known = partners(table, settings).select("provider", "provider_key")
    return (
        table.with_columns(pl.coalesce("enrollment_id", "agreement_id").alias("enrollment_id"))
        .join(known, on="provider", how="left")
        .with_columns(_key())
    )


def _key() -> pl.Expr:
    """Name the provider, however it is written, and the agreement."""
    parts = [pl.col(ENTITY), pl.col("provider_key"), pl.col("agreement_id"), pl.col("enrollment_id")]
    return pl.concat_str(parts, separator="\x1f").alias(_KEY)
