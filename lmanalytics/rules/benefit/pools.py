"""Topic: benefits of Software Assurance by agreement and pool, memberships, and what contradicts them."""

import polars as pl

from lmanalytics.rules.benefit import online_plans, sa_benefits, sa_benefits_pools, sa_membership, source_licensing
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS = {"benefits": ("licenses",), "sa_memberships": ("agreements",)}
SOURCE_LICENSING = "Enterprise Source Licensing Program"
RESEARCH_LICENSING = "Microsoft Research Source Licensing Program"
_SUBJECT = [ENTITY, "agreement_id", "enrollment_id"]
_DEVICE, _USER, _VDA = "windows_device", "user", "virtual_desktop_access"


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute the benefits of each agreement and pool.

    Args:
        inputs: `licenses` and `agreements`; either alone gives what it can. `online_subscriptions` adds users of
            Windows Enterprise to the wider count of desktops.
        settings: date and policies.

    Returns:
        `benefits` (needs licenses), `sa_memberships` (needs agreements; without licenses nothing contradicts
        them) and `findings`.

    """
    licenses = _pooled(inputs, settings)
    found: Tables = {}
    findings = [ANSWERS["findings"].empty()]
    if "licenses" in inputs:
        found["benefits"] = _benefits(licenses, inputs, settings)
        findings.append(_unknown_pools(licenses))
    if "agreements" in inputs:
        members = _memberships(licenses, inputs["agreements"], settings).collect().lazy()
        found["sa_memberships"] = ANSWERS["sa_memberships"].conform(members).sort(ENTITY, *_SUBJECT[1:], "pool")
        findings.append(_contradictions(members))
    return found | {"findings": pl.concat([ANSWERS["findings"].conform(f) for f in findings])}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Recompute the benefits and memberships of one agreement or enrollment; no lines for another subject."""
    own = is_asked("agreement_id", subject_ids) | is_asked("enrollment_id", subject_ids)
    lines = [pl.DataFrame(schema=EXPLANATION)]
    licenses = _pooled(inputs, settings)
    named = pl.concat_str(["agreement_id", "pool", "benefit"], separator=", ", ignore_nulls=True)
    if "licenses" in inputs:
        facts = _coverage(licenses, inputs, settings).filter(own).with_columns(_subject=named).sort("pool", "benefit")
        lines.append(explain(facts, sa_benefits, settings, "_subject"))
        facts = facts.filter(pl.col("benefit") == SOURCE_LICENSING)
        facts = _with_desktops(facts, licenses, inputs, settings)
        lines.append(explain(facts, source_licensing, settings, "_subject"))
    if "agreements" in inputs:
        agreements = CANONICAL["agreements"].conform(inputs["agreements"]).filter(own)
        members = compute(sa_membership, "memberships", settings, agreements=agreements, licenses=licenses)
        facts = members.sort(*_SUBJECT, "pool").with_columns(_subject=pl.format("{}, {}", "agreement_id", "pool"))
        lines.append(explain(facts, sa_membership, settings, "_subject"))
    return pl.concat(lines)


def _pooled(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    licenses = ANSWERS["licenses"].conform(inputs["licenses"]) if "licenses" in inputs else ANSWERS["licenses"].empty()
    return compute(sa_benefits_pools, "pooled", settings, licenses=licenses)


def _coverage(licenses: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    agreements = CANONICAL["agreements"].conform(inputs.get("agreements", CANONICAL["agreements"].empty()))
    agreements = agreements.with_columns(enrollment_id=pl.coalesce("enrollment_id", "agreement_id"))
    return compute(sa_benefits, "coverage", settings, licenses=licenses, agreements=agreements)


def _benefits(licenses: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    columns = ["is_entitled", "quantity", "expires_on", "reason"]
    covered = evaluate(_coverage(licenses, inputs, settings), sa_benefits, settings)
    covered = covered.with_columns(
        *(pl.col(column_name(sa_benefits, c)).alias(c) for c in columns), rule=pl.lit("sa_benefits.is_entitled")
    )
    source = covered.filter(pl.col("benefit") == SOURCE_LICENSING)
    rows = [covered.filter(pl.col("benefit") != SOURCE_LICENSING), *_source(source, licenses, inputs, settings)]
    table = ANSWERS["benefits"]
    return pl.concat([table.conform(r) for r in rows]).sort(*_SUBJECT, "pool", "benefit", nulls_last=True)


def _source(rows: pl.LazyFrame, licenses: pl.LazyFrame, inputs: Tables, settings: Settings) -> list[pl.LazyFrame]:
    """Decide source licensing by the customer's desktops, where the agreement has coverage in the pool."""
    decided = evaluate(_with_desktops(rows, licenses, inputs, settings), source_licensing, settings)
    may, research, why, desktops = (
        pl.col(column_name(source_licensing, c))
        for c in ("may_be_eligible", "may_use_research_program", "reason", "desktops_counted")
    )
    has = pl.col("is_entitled")
    research_rows = decided.filter(research).with_columns(
        benefit=pl.lit(RESEARCH_LICENSING),
        reason=pl.when(has).then(why).otherwise("reason"),
        rule=pl.lit("source_licensing.may_use_research_program"),
    )
    own = decided.with_columns(
        is_entitled=pl.when(has).then(may).otherwise(has),
        quantity=pl.when(has & may).then(desktops).otherwise(pl.when(has.is_not_null()).then(0)),
        reason=pl.when(has).then(why).otherwise("reason"),
        expires_on=pl.when(has & ~may).then(None).otherwise("expires_on"),
        rule=pl.when(has).then(pl.lit("source_licensing.may_be_eligible")).otherwise("rule"),
    )
    return [own, research_rows]


def _with_desktops(rows: pl.LazyFrame, licenses: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Add what the whole customer has in the Systems pool, whatever the agreement."""
    active = licenses.filter("sa_active", pl.col("pool") == "systems")
    by_user = pl.col("metric") == _USER
    held = active.group_by(ENTITY).agg(
        desktops_with_sa=pl.col("quantity").filter((pl.col("family") == _DEVICE) & ~by_user).sum(),
        vda_licenses=pl.col("quantity").filter(pl.col("family") == _VDA).sum(),
        user_licenses=pl.col("quantity").filter((pl.col("family") == _DEVICE) & by_user).sum(),
    )
    online = pl.LazyFrame(schema={ENTITY: pl.String, "online_users": pl.Int64})
    if "online_subscriptions" in inputs:
        plans = evaluate(
            CANONICAL["online_subscriptions"].conform(inputs["online_subscriptions"]), online_plans, settings
        )
        counts = pl.col(column_name(online_plans, "reason")) == online_plans.Reason.PLAN_COUNTS.code
        online = (
            plans.filter(counts & pl.col(column_name(online_plans, "has_windows_user")))
            .group_by(ENTITY)
            .agg(online_users=pl.col("quantity").sum())
        )
    counted = ("desktops_with_sa", "vda_licenses", "user_licenses", "online_users")
    return (
        rows.join(held, on=ENTITY, how="left")
        .join(online, on=ENTITY, how="left")
        .with_columns(pl.col(c).fill_null(0) for c in counted)
        .with_columns(user_licenses=pl.col("user_licenses") + pl.col("online_users"))
    )


def _memberships(licenses: pl.LazyFrame, agreements: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    table = CANONICAL["agreements"].conform(agreements)
    facts = compute(sa_membership, "memberships", settings, agreements=table, licenses=licenses)
    return evaluate(facts, sa_membership, settings).with_columns(
        *(pl.col(column_name(sa_membership, c)).alias(c) for c in ("is_member", "reason")),
        rule=pl.lit("sa_membership.is_member"),
    )


def _contradictions(members: pl.LazyFrame) -> pl.LazyFrame:
    where = pl.col("reason") == sa_membership.Reason.CONTRADICTED.code
    subject = pl.concat_str([*_SUBJECT, "pool"], separator="/", ignore_nulls=True)
    return members.filter(where).with_columns(
        finding_id=pl.concat_str([pl.lit("sa_membership"), subject], separator=":"),
        severity=pl.lit("warning"),
        area=pl.lit("sa_membership"),
        subject_id=pl.col("agreement_id"),
        statement=pl.format(
            "Agreement {} is enrolled for Software Assurance Membership in the {} pool, but {} of the pool"
            " {} bought without coverage, the first on {}.",
            "agreement_id",
            "pool",
            many("licenses_without_sa", "license"),
            agreeing("licenses_without_sa", "was", "were"),
            "contradicted_on",
        ),
        action=pl.lit("Cover these licenses, or settle with the reseller whether the membership still holds."),
        status=pl.lit("open"),
    )


def _unknown_pools(licenses: pl.LazyFrame) -> pl.LazyFrame:
    subject = pl.concat_str([ENTITY, pl.col("product").fill_null("-")], separator="/")
    return (
        licenses.filter("sa_active", pl.col("pool").is_null())
        .group_by(ENTITY, "product")
        .agg(pl.col("quantity").sum())
        .with_columns(
            finding_id=pl.concat_str([pl.lit("sa_benefits"), subject], separator=":"),
            severity=pl.lit("info"),
            area=pl.lit("sa_benefits"),
            subject_id=pl.col("product"),
            statement=pl.format(
                "{} of {} {} Software Assurance, but the product pool is not known, so the benefits"
                " are not computable.",
                many("quantity", "license"),
                pl.col("product").fill_null("an unknown product"),
                agreeing("quantity", "has", "have"),
            ),
            action=pl.lit("Give the pool in the purchases; the license statement and the price list name it."),
            status=pl.lit("open"),
            rule=pl.lit("sa_benefits_pools.pooled"),
            reason=pl.lit(sa_benefits_pools.Reason.POOL_UNKNOWN.code),
        )
    )
