"""License Mobility through Software Assurance: deployments at providers, and their verification forms."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import (
    _mobility_findings,
    license_mobility_failover,
    license_mobility_through_sa,
)
from lmanalytics.rules.right import _mobility_forms as forms
from lmanalytics.rules.right._mobility_facts import MODULES, deployments
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {
    "mobility": ("mobility_deployments",),
    "verification": ("mobility_deployments", "verification_forms"),
}
_THROUGH, _FAILOVER = license_mobility_through_sa.Reason, license_mobility_failover.Reason
_OTHERWISE = license_mobility_through_sa.LICENSED_OTHERWISE
SERVED = (_THROUGH.ELIGIBLE.code, _THROUGH.NOT_NEEDED.code, _THROUGH.FLEXIBLE_VIRTUALIZATION.code)
"""Eligibility with which a deployment takes own licenses, under this right or another."""


class Reason(ReasonBase):
    """What else may be said of a deployment."""

    ENDED = "The deployment ended before the day of the position."
    LATER = "The deployment begins after the day of the position."
    SIZE_UNKNOWN = "The virtual cores, the managed OSEs or the version on which its licenses depend are unknown."
    COUNTED_BY_USERS = "Access licenses are counted by users and devices, which the deployment does not state."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Decide every deployment and every verification form.

    Args:
        inputs: `mobility_deployments`; `verification_forms`, `agreements`, `providers`, `licenses`,
            `access_licenses`, `license_assignments` and `facts_oses` where they were given.
        settings: date and policies.

    Returns:
        `mobility`: a row per deployment; licenses_required is zero for one that takes no license of the customer's
        (ended, rented, free fail-over) and null where it cannot be told; earliest_move is the first day on which
        its licenses may leave the provider or its Server Farm. `verification`: a row per provider, agreement and
        deployment day. `mobility_deployments_outcomes`, `verification_forms_outcomes`, `findings`.

    """
    decided = _decided(inputs, settings)
    answer = dict.fromkeys([*ANSWERS["mobility"].schema, "row_id", "eligibility"])
    kept = decided.select(*answer).collect(engine="streaming").lazy()
    days = forms.deployment_days(kept, inputs, settings).collect().lazy()
    mobility = ANSWERS["mobility"].conform(kept).sort(ENTITY, "deployment_id")
    checked = forms.verification(days, inputs, settings)
    found = {
        "mobility": mobility,
        "verification": checked,
        "mobility_deployments_outcomes": _outcomes(kept),
        "findings": _mobility_findings.findings(mobility, checked, inputs, settings),
    }
    if "verification_forms" in inputs:
        found["verification_forms_outcomes"] = forms.outcomes(days, inputs["verification_forms"], settings)
    return found


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one deployment, or all of one OSE."""
    table = inputs.get("mobility_deployments")
    if table is None:
        return pl.DataFrame(schema=EXPLANATION)
    asked = is_asked("deployment_id", subject_ids) | is_asked("ose_id", subject_ids)
    group = [ENTITY, "agreement_id", "provider"]
    mates = table.join(table.filter(asked).select(group).unique(), on=group, how="semi")
    facts = deployments(inputs | {"mobility_deployments": mates}, settings).filter(asked)
    rows = facts.sort(ENTITY, "deployment_id").collect().lazy()
    modules = [m for m in MODULES if m is not license_mobility_failover]
    lines = [explain(rows, module, settings, "deployment_id") for module in modules]
    passive = rows.filter(pl.col("role") == "passive_failover")
    lines.append(explain(passive, license_mobility_failover, settings, "deployment_id"))
    days = forms.deployment_days(facts, inputs, settings)
    lines.append(forms.explain_forms(days, inputs, settings))
    return pl.concat([pl.DataFrame(schema=EXPLANATION), *lines])


def _decided(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Give each deployment its licenses, its reason and its rule."""
    rows = deployments(inputs, settings)
    running = pl.col("state") == "running"
    own = ~pl.col("eligibility").is_in(_OTHERWISE)
    passive = (pl.col("role") == "passive_failover") & (pl.col("eligibility") == _THROUGH.ELIGIBLE.code)
    licenses = (
        pl.when(~running | ~own)
        .then(pl.lit(0, pl.Int64))
        .when(passive)
        .then("failover_licenses")
        .otherwise("licenses_required")
    )
    unsized = pl.col("eligibility").is_in(SERVED) & pl.col("licenses_required").is_null()
    reason = (
        pl.when(pl.col("state") == "ended")
        .then(Reason.ENDED.lit)
        .when(pl.col("state") == "later")
        .then(Reason.LATER.lit)
        .when(passive)
        .then("failover")
        .when(unsized & pl.col("metric").is_in(["user_cal", "device_cal", "user", "device"]))
        .then(Reason.COUNTED_BY_USERS.lit)
        .when(unsized)
        .then(Reason.SIZE_UNKNOWN.lit)
        .otherwise("eligibility")
    )
    stays = pl.max_horizontal("earliest_allowed", _partner_stay())
    mobile = pl.col("is_eligible").fill_null(value=False) & pl.col("needs_mobility").fill_null(value=False)
    return rows.with_columns(
        is_running=running,
        licenses_required=licenses,
        reason=reason,
        earliest_move=pl.when(mobile).then(stays),
        rule=pl.when(running & passive)
        .then(pl.lit("license_mobility_failover.failover"))
        .otherwise(pl.lit("license_mobility_through_sa.eligibility")),
    )


def _partner_stay() -> pl.Expr:
    """First day after the shortest stay that the provider itself sets."""
    days = pl.duration(days=pl.col("min_stay_days").cast(pl.Int64))
    return (pl.col("deployed_on") + days).cast(pl.Date)


def _outcomes(decided: pl.LazyFrame) -> pl.LazyFrame:
    eligibility, licenses = pl.col("eligibility"), pl.col("licenses_required")
    unknown = eligibility.is_in(license_mobility_through_sa.UNKNOWN)
    outcome = (
        pl.when(~pl.col("is_running") | eligibility.is_in(_OTHERWISE))
        .then(pl.lit("excluded"))
        .when(unknown | (eligibility.is_in(SERVED) & licenses.is_null()))
        .then(pl.lit("not_computable"))
        .when(~eligibility.is_in(SERVED))
        .then(pl.lit("not_licensable"))
        .when(licenses == 0)
        .then(pl.lit("used"))
        .otherwise(pl.lit("counted"))
    )
    return decided.select(
        "row_id", ENTITY, "product", "reason", "subject_id", outcome=outcome, subject_kind=pl.lit("ose")
    ).sort("row_id")  # fmt: skip
