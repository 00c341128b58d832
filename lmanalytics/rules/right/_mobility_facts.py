"""Deployments at providers with everything that License Mobility asks of them, rule by rule."""

from types import ModuleType

import polars as pl

from lmanalytics.rules.engine import column_name, compute, evaluate, rules_in_force
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import (
    license_mobility_failover,
    license_mobility_products,
    license_mobility_programs,
    license_mobility_quantities,
    license_mobility_through_sa,
    mobility_partners,
    reassignment_period,
)
from lmanalytics.rules.right._access import access_ends, has_sa
from lmanalytics.rules.right._assurance import LICENSE, covered_lots, quantities
from lmanalytics.rules.right._farm_facts import farms_today
from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import CANONICAL, ENTITY

MODULES = (
    mobility_partners,
    license_mobility_products,
    license_mobility_programs,
    license_mobility_through_sa,
    license_mobility_quantities,
    license_mobility_failover,
    reassignment_period,
)
"""In the order in which each reads what those before it decided."""
_DEPLOYMENT = [ENTITY, "deployment_id"]
_AGREEMENT = [ENTITY, "agreement_id", "enrollment_id"]


def deployments(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Decide every deployment.

    Args:
        inputs: `mobility_deployments`; `agreements`, `providers`, `licenses`, `access_licenses` and
            `license_assignments` where they were given.
        settings: date and policies.

    Returns:
        The rows of the table with state (`running`, `ended`, `later`), subject_id, the facts, and a column for each
        rule of `MODULES` by its own name; sorted by nothing.

    """
    sized = held(_sized(inputs["mobility_deployments"], inputs, settings))  # passive ones are set against active ones
    rows = decide(_with_production(sized), license_mobility_failover, settings)
    return decide(_with_last_assignment(rows, inputs, settings), reassignment_period, settings)


def _sized(table: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Decide some rows of the table as far as their eligibility and their licenses, each by itself."""
    rows = with_provider(_placed(table, settings), inputs, settings)
    for module in (mobility_partners, license_mobility_products):
        rows = decide(rows, module, settings)
    rows = decide(with_program(rows, inputs), license_mobility_programs, settings)
    rows = decide(_with_assurance(rows, inputs, settings), license_mobility_through_sa, settings)
    return decide(_with_management(rows, inputs, settings), license_mobility_quantities, settings)


def decide(rows: pl.LazyFrame, module: ModuleType, settings: Settings) -> pl.LazyFrame:
    """Evaluate a module and name each column after its rule alone."""
    names = [r.name for r in rules_in_force(module, settings.as_of) if not r.is_frame]
    evaluated = evaluate(rows, module, settings)
    return evaluated.with_columns(**{n: pl.col(column_name(module, n)) for n in names}).drop(
        column_name(module, n) for n in names
    )


def plain(column: str) -> pl.Expr:
    """Fold a provider's name: case, spaces and punctuation do not tell providers apart."""
    return pl.col(column).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")


def partners(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Recognize the providers of some rows (`mobility_partners.known_partners`), with provider_key, the same for all.

    `provider_key` is one name for every way to write a provider.
    """
    known = compute(mobility_partners, "known_partners", settings, names=rows.select("provider").unique())
    return known.with_columns(provider_key=pl.coalesce("partner", plain("provider")), _name=plain("provider"))


def _placed(table: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    day = settings.as_of
    return table.with_columns(
        pl.coalesce("enrollment_id", "agreement_id").alias("enrollment_id"),
        subject_id=pl.coalesce("ose_id", "deployment_id"),
        oses=pl.lit(1, pl.Int64),
        state=pl.when(pl.col("deployed_on") > day)
        .then(pl.lit("later"))
        .when(pl.col("ended_on") < day)
        .then(pl.lit("ended"))
        .otherwise(pl.lit("running")),
    )


def with_provider(rows: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Add what is published of each row's provider and what `providers` states: the facts of `mobility_partners`."""
    known = partners(rows, settings).rename({"is_listed_provider": "_listed"})
    table = inputs.get("providers", CANONICAL["providers"].empty())
    stated = (
        table.filter(pl.col("valid_from") <= settings.as_of)
        .sort("valid_from", "row_id")
        .group_by(ENTITY, _name=plain("provider"))
        .agg(
            is_stated_partner=pl.col("is_authorized_mobility_partner").last(),
            was_ever_stated_partner=pl.col("is_authorized_mobility_partner").any(),
            is_listed_provider=(pl.col("is_listed_provider") | pl.col("uses_listed_datacenter")).last(),
            is_in_providers=pl.lit(value=True),
        )
    )
    return (
        rows.join(known, on="provider", how="left")
        .join(stated, on=[ENTITY, "_name"], how="left")
        .with_columns(pl.coalesce("is_listed_provider", "_listed").alias("is_listed_provider"))
        .drop("_listed", "_name")
    )


def with_program(rows: pl.LazyFrame, inputs: Tables) -> pl.LazyFrame:
    """Add customer and program: those of the agreement, else the program of its licenses."""
    agreements = inputs.get("agreements", CANONICAL["agreements"].empty()).with_columns(
        pl.coalesce("enrollment_id", "agreement_id").alias("enrollment_id")
    )
    exact = agreements.group_by(_AGREEMENT).agg(pl.col("program", "customer").first())
    by_agreement = agreements.group_by(_AGREEMENT[:2]).agg(
        _program=pl.when(pl.col("program").n_unique() == 1).then(pl.col("program").first()),
        _customer=pl.col("customer").drop_nulls().first(),
    )
    joined = rows.join(exact, on=_AGREEMENT, how="left").join(by_agreement, on=_AGREEMENT[:2], how="left")
    owned = pl.lit(None, pl.String)
    if "licenses" in inputs:
        lots = inputs["licenses"].group_by(_AGREEMENT[:2]).agg(
            _owned=pl.when(pl.col("program").n_unique() == 1).then(pl.col("program").first())
        )  # fmt: skip
        joined, owned = joined.join(lots, on=_AGREEMENT[:2], how="left"), pl.col("_owned")
    return joined.with_columns(
        program=pl.coalesce("program", "_program", owned), customer=pl.coalesce("customer", "_customer")
    ).drop("_program", "_customer", "_owned", strict=False)


def _with_assurance(rows: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    rows = _with_access(rows, inputs, settings)
    if "licenses" not in inputs:
        none = pl.lit(None, pl.Int64)
        return rows.with_columns(
            is_purchases_given=pl.lit(value=False), sa_quantity=none, unstated_sa_quantity=none
        )  # fmt: skip
    owned = quantities(covered_lots(inputs["licenses"]), settings.as_of)
    license_of = [ENTITY, "product", "edition"]
    unstated = owned.filter(pl.col("agreement_id").is_null()).group_by(license_of).agg(
        unstated_sa_quantity=pl.col("sa_quantity").sum()
    )  # fmt: skip
    return (
        rows.join(owned.filter(pl.col("agreement_id").is_not_null()), on=LICENSE, how="left", nulls_equal=True)
        .join(unstated, on=license_of, how="left", nulls_equal=True)
        .with_columns(is_purchases_given=pl.lit(value=True))
    )


def _with_access(rows: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Say of what is not licensed by core whether the access licenses to it have Software Assurance."""
    if "access_licenses" not in inputs:
        return rows.with_columns(has_access_sa=pl.lit(None, pl.Boolean))
    table = inputs["mobility_deployments"].filter(pl.col("metric") != "core")
    uses = table.select(*_DEPLOYMENT, "product", "ose_id", host_id=pl.lit(None, pl.String))
    ends = access_ends(uses, inputs["access_licenses"])
    known = ends.select(*_DEPLOYMENT, has_access_sa=has_sa(pl.lit(settings.as_of)))
    return rows.join(known, on=_DEPLOYMENT, how="left")


def _with_management(rows: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Count the OSEs that the same licenses manage already: of one agreement, edition and version in one farm."""
    table = _placed(inputs["mobility_deployments"].filter(pl.col("managed_oses").is_not_null()), settings)
    place = pl.col("datacenter_id")
    if "datacenters" in inputs:
        table = table.join(farms_today(inputs["datacenters"], settings), on=[ENTITY, "datacenter_id"], how="left")
        place = pl.coalesce(pl.format("farm:{}", "farm"), place)
    names = partners(table, settings).select("provider", "provider_key")
    same = [*_AGREEMENT, "provider_key", "_place", "product", "edition", "version"]
    own = pl.col("license_source").is_null() | (pl.col("license_source") == "own")
    managed = pl.when((pl.col("state") == "running") & own).then("managed_oses").otherwise(0)
    before = managed.cum_sum().over(same, order_by=["deployed_on", "deployment_id"]) - managed
    placed = table.with_columns(_place=place).join(names, on="provider", how="left")
    managing = placed.select(*_DEPLOYMENT, managed_before=before)
    return rows.join(managing, on=_DEPLOYMENT, how="left").with_columns(pl.col("managed_before").fill_null(0))


def _with_production(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Match passive deployments with production, and number the OSEs that stand by for one with the same partner."""
    standing, running = [ENTITY, "production_deployment_id"], pl.col("state") == "running"
    standby = rows.filter(pl.col("role") == "passive_failover")
    active = rows.filter(pl.col("role") == "active").join(standby, left_on=_DEPLOYMENT, right_on=standing, how="semi")
    production = active.select(
        ENTITY,
        production_deployment_id="deployment_id",
        production_licenses="licenses_required",
        _provider="provider_key",
        is_production_running=running & pl.col("is_eligible"),
        is_production_known=pl.lit(value=True),
    )
    judged = standby.join(production, on=standing, how="left").with_columns(
        is_same_partner=pl.col("provider_key") == pl.col("_provider"), passive_licenses="licenses_required"
    )
    counts = running & pl.col("is_eligible").fill_null(value=False) & pl.col("is_same_partner").fill_null(value=False)
    numbered = (
        judged.filter(counts)
        .group_by(*standing, "subject_id")
        .agg(_first=pl.col("deployed_on").min())
        .sort(*standing, "_first", "subject_id")
        .with_columns(_number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(standing))
    )
    found = judged.join(numbered, on=[*standing, "subject_id"], how="left").select(
        *_DEPLOYMENT,
        "production_licenses",
        "is_production_running",
        "is_production_known",
        "is_same_partner",
        "passive_licenses",
        passive_number=pl.when(counts).then("_number"),
    )
    return rows.join(found, on=_DEPLOYMENT, how="left")


def _with_last_assignment(rows: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """The licenses of a deployment came with it, or with the latest assignment that names it."""
    table = inputs.get("license_assignments", CANONICAL["license_assignments"].empty())
    latest = (
        table.filter((pl.col("assigned_on") <= settings.as_of) & pl.col("to_provider").is_not_null())
        .group_by(_DEPLOYMENT)
        .agg(_assigned=pl.col("assigned_on").max())
        .filter(pl.col("deployment_id").is_not_null())
    )
    last = pl.max_horizontal("deployed_on", "_assigned")
    return (
        rows.join(latest, on=_DEPLOYMENT, how="left")
        .with_columns(last_assigned_on=last, assigned_on=pl.lit(None, pl.Date), is_bound=pl.lit(value=True))
        .drop("_assigned")
    )
