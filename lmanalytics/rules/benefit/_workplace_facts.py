"""Facts of the Workplace Discount Program: who takes part on which day, and the copies that employees use at work."""

import polars as pl

from lmanalytics.rules.benefit import (
    online_plans,
    sa_benefits_pools,
    source_licensing,
    workplace_discount_participation,
    workplace_discount_software,
)
from lmanalytics.rules.benefit.subscriptions import evaluated
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.mapping import mapped
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

PERSON = [ENTITY, "employee_id"]
_AGREEMENT = [ENTITY, "agreement_id", "enrollment_id"]
_COPY = ["product", "edition"]
_NOT_BARRED = "no_barred_program"
_POOL = "applications"


def participation(days: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Say for each entity and day whether the customer takes part in the online option, and why.

    Args:
        days: entity_id, day; each pair once.
        inputs: `agreements`, `sa_memberships`, `online_subscriptions`, `licenses`; what is absent is unknown.
        settings: date and policies.

    Returns:
        entity_id, day, the facts and columns of `workplace_discount_participation`, and participation, its reason.

    """
    facts = days
    for part in (_membership(days, inputs), _subscriptions(days, inputs, settings), _office(days, inputs, settings)):
        facts = facts.join(part, on=[ENTITY, "day"], how="left")
    if "online_subscriptions" in inputs:
        facts = facts.with_columns(pl.col("e3_e5_licenses", "a3_a5_licenses").fill_null(0))
    if "agreements" in inputs:
        has_none = pl.col("_agreements").is_null()
        facts = facts.with_columns(has_membership=~has_none & pl.when(~has_none).then("has_membership"))
    decided = evaluate(facts.drop("_agreements"), workplace_discount_participation, settings)
    return decided.with_columns(participation=pl.col(column_name(workplace_discount_participation, "participation")))


def _agreements(inputs: Tables) -> pl.LazyFrame:
    """Agreements with the day from which purchases contradict their membership."""
    rows = CANONICAL["agreements"].conform(inputs.get("agreements", CANONICAL["agreements"].empty()))
    rows = rows.with_columns(enrollment_id=pl.coalesce("enrollment_id", "agreement_id"))
    if "sa_memberships" not in inputs:
        return rows.with_columns(contradicted_on=pl.lit(None, pl.Date))
    members = inputs["sa_memberships"].filter(pl.col("pool") == _POOL).select(*_AGREEMENT, "contradicted_on")
    return rows.join(members, on=_AGREEMENT, how="left")


def _is_member(day: pl.Expr) -> pl.Expr:
    """Whether the agreement, in force on the day, has membership of the Applications pool that nothing contradicts."""
    in_force = (pl.col("start_date") <= day).fill_null(value=True) & (pl.col("end_date") >= day).fill_null(value=True)
    held = pl.col("sam_applications") & ~(pl.col("contradicted_on") <= day).fill_null(value=False)
    return in_force & held


def _membership(days: pl.LazyFrame, inputs: Tables) -> pl.LazyFrame:
    """Any member among the agreements of the entity, or of one whose affiliate it is."""
    others = pl.col("affiliates").fill_null(pl.lit([], pl.List(pl.String)))
    parties = _agreements(inputs).with_columns(
        pl.concat_list(pl.concat_list(ENTITY), others).list.unique().alias(ENTITY)
    )
    academic = load_rule_file(source_licensing).table("academic_programs")["program"].to_list()
    return (
        days.join(parties.explode(ENTITY), on=ENTITY)
        .with_columns(_member=_is_member(pl.col("day")))
        .group_by(ENTITY, "day")
        .agg(
            has_membership=pl.col("_member").any(ignore_nulls=False),
            is_education=pl.col("program").is_in(academic).any(),
            _agreements=pl.len(),
        )
    )


def _subscriptions(days: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Subscriptions of an entity that run on a day, by suite."""
    suite, from_sa = (pl.col(column_name(online_plans, c)) for c in ("suite", "is_from_sa"))
    counting = suite.is_in(["e3_e5", "a3_a5"])
    runs = (pl.col("start_date") <= pl.col("day")) & (pl.col("end_date") >= pl.col("day"))
    quantity = pl.col("quantity")
    return (
        days.join(evaluated(inputs, settings), on=ENTITY)
        .filter(runs)
        .group_by(ENTITY, "day")
        .agg(
            e3_e5_licenses=quantity.filter(suite == "e3_e5").sum(),
            a3_a5_licenses=quantity.filter(suite == "a3_a5").sum(),
            unknown_licenses=quantity.filter(suite.is_null()).sum(),
            from_sa_licenses=quantity.filter(from_sa & counting).sum(),
        )
    )


def _office(days: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Licenses of Office whose Software Assurance runs on a day."""
    held = ANSWERS["licenses"].conform(inputs.get("licenses", ANSWERS["licenses"].empty()))
    office = compute(sa_benefits_pools, "pooled", settings, licenses=held).filter(pl.col("family") == "office_suite")
    runs = (pl.col("sa_start") <= pl.col("day")) & (pl.col("sa_end") >= pl.col("day"))
    covered = days.join(office, on=ENTITY).filter(runs)
    return covered.group_by(ENTITY, "day").agg(office_licenses_with_sa=pl.col("quantity").sum())


def copies(inputs: Tables) -> pl.LazyFrame:
    """Give every copy of an application with what its agreement and its licenses say of it.

    Returns:
        The rows of `app_users` with right (the license that corresponds; null for none), program (unknown only
        where it could be a barred one), sam_applications, start_date, end_date and contradicted_on of the
        agreement, coverage (`known` or `unknown`) and coverage_end (of the copy, else of its licenses).

    """
    rows = CANONICAL["app_users"].conform(inputs.get("app_users", CANONICAL["app_users"].empty()))
    offered = load_rule_file(workplace_discount_software).table("workplace_licenses")
    barred = load_rule_file(workplace_discount_software).table("workplace_programs")["program"].to_list()
    agreements = _agreements(inputs).select(
        *_AGREEMENT, "program", "sam_applications", "start_date", "end_date", "contradicted_on"
    )
    some_barred = agreements.group_by(ENTITY).agg(_barred=pl.col("program").is_in(barred).any())
    given = pl.lit("agreements" in inputs)
    return (
        rows.with_columns(
            enrollment_id=pl.coalesce("enrollment_id", "agreement_id"),
            right=mapped(pl.col("product"), offered["product"], offered["license"]),
        )
        .join(agreements, on=_AGREEMENT, how="left")
        .join(some_barred, on=ENTITY, how="left")
        .join(_coverage(inputs), on=[ENTITY, *_COPY], how="left")
        .with_columns(
            program=pl.when(pl.col("program").is_null() & given & ~pl.col("_barred").fill_null(value=False))
            .then(pl.lit(_NOT_BARRED))
            .otherwise("program"),
            coverage=pl.when(pl.col("coverage_end").is_null())
            .then(pl.col("coverage").fill_null("unknown"))
            .otherwise(pl.lit("known")),
            coverage_end=pl.coalesce("coverage_end", "_sa_end"),
        )
        .drop("_barred", "_sa_end")
    )


def copies_on(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add has_membership of the copy's own agreement on the row's `day`."""
    return rows.with_columns(has_membership=_is_member(pl.col("day")))


def people_of(rows: pl.LazyFrame, inputs: Tables) -> pl.LazyFrame:
    """Give the employees whom some rows name: few of many, so that joining them costs what the rows do."""
    people = CANONICAL["employees"].conform(inputs["employees"]).select(*PERSON, "employed_from", "employed_to")
    return people.join(rows.select(*PERSON).unique(), on=PERSON, how="semi")


def _coverage(inputs: Tables) -> pl.LazyFrame:
    """What the licenses of an application say of a copy whose coverage is not stated: only what holds of all."""
    held = ANSWERS["licenses"].conform(inputs.get("licenses", ANSWERS["licenses"].empty()))
    current = held.filter(pl.col("valid_to").is_null() | pl.col("sa_active"))
    return (
        current.group_by(ENTITY, *_COPY)
        .agg(
            _all=pl.col("sa_active").all() & pl.col("sa_end").is_not_null().all(),
            _none=~pl.col("sa_active").any() & (pl.col("reason") != "sa_end_unknown").all(),
            _first_end=pl.col("sa_end").min(),
        )
        .select(
            ENTITY,
            *_COPY,
            coverage=pl.when(pl.col("_all") | pl.col("_none")).then(pl.lit("known")).otherwise(pl.lit("unknown")),
            _sa_end=pl.when("_all").then("_first_end"),
        )
    )
