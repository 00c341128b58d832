"""Topic: System Center. What managing the estate requires, server by server, and of client systems.

A Core Infrastructure Server Suite covers part of this demand by its components (`suite_components`), so that
what is bought as a suite, and what is bought as System Center, serve it alike.
"""

import polars as pl

from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand import (
    system_center_client,
    system_center_cores,
    system_center_datacenter,
    system_center_standard,
)
from lmanalytics.rules.demand._managed_oses import elsewhere, managed, managed_hosts, unknown_systems
from lmanalytics.rules.demand._rows import closed_findings, demand_rows
from lmanalytics.rules.demand._versions import newest
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import license_mobility_quantities
from lmanalytics.rules.topics import Tables, held
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

PRODUCT, CLIENTS, AREA = "System Center", "clients", "system_center"
NEEDS: dict[str, tuple[str, ...]] = {"demand": ("oses", "facts_oses", "facts_hosts")}
PRODUCTS: dict[str, tuple[tuple[str, ...], ...]] = {PRODUCT: (("oses",),)}
"""The product whose demand is computed, and the tables any of which suffices for it."""
_STANDARD = column_name(system_center_standard, "core_licenses")
_SETS = column_name(system_center_standard, "full_sets")
_DATACENTER = column_name(system_center_datacenter, "core_licenses")
_DATACENTER_SETS = column_name(system_center_datacenter, "full_sets")
_ACCURACY = column_name(system_center_cores, "accuracy")
_MOBILE = column_name(license_mobility_quantities, "management_licenses")
_MODULES = (system_center_cores, system_center_standard, system_center_datacenter)
_ACTION = "Say for each OSE whether System Center manages it, what it runs and on which host."
_UNMOVED = ("vcpus", "oses")


class Reason(ReasonBase):
    """Why an option is open, or why it is not."""

    REQUIRED = "These licenses are required if this option is chosen."
    HOST_CORES_UNKNOWN = "The processors or cores of a managed server are unknown."
    SYSTEM_UNKNOWN = "No export says what some managed OSE runs: a client's system needs other licenses."
    SHARED_SERVER = "A server shared with other customers cannot be licensed by physical core."
    LISTED_PROVIDER = "On a Listed Provider's servers OSEs are managed under License Mobility alone."
    HOST_UNKNOWN = "No export says on which host a managed OSE runs, or nothing is known of that host."
    MANAGED_UNKNOWN = "Licenses of System Center are owned, and no export says which OSEs it manages."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute what managing the estate requires.

    Args:
        inputs: `oses`, `facts_oses` and `facts_hosts`; `installs` (which version manages), `licenses`,
            `access_counts`, `mobility_deployments` and `prices` where they are known.
        settings: the run's date and policies.

    Returns:
        `demand`: for each host or cluster the options standard_physical_cores and datacenter_physical_cores; for
        each provider's shared servers license_mobility, one option for each edition; for an entity's client
        systems client_management_licenses, unless `access_counts` counts them; `findings`: what no option is open
        for. The licenses are sold with Software
        Assurance alone, and perpetual ones outlast it, so that on own servers no active coverage is asked.

    """
    away = elsewhere(inputs, settings)
    by_place = [part(away, inputs, settings) for part in (_on_servers, _on_shared_servers, _clients)]
    parts = [*by_place, _homeless(away), _unsaid(inputs, settings)]
    rows = held(pl.concat(parts, how="diagonal_relaxed"))
    completed = rows.join(_versions(inputs, settings), on=ENTITY, how="left").with_columns(
        product=pl.lit(PRODUCT), is_available=pl.col("reason") == Reason.REQUIRED.code
    )
    demand = demand_rows(completed, inputs.get("prices"), settings)
    return {"demand": demand, "findings": closed_findings(demand, AREA, {r.code: r.value for r in Reason}, _ACTION)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain what managing one host, the hosts of a cluster, or the host of one OSE requires."""
    hosts = managed_hosts(inputs, settings)
    theirs = managed(inputs, settings).filter(is_asked("ose_id", subject_ids)).select(SUBJECT).unique()
    own = hosts.filter(is_asked("subject_id", subject_ids) | is_asked("host_id", subject_ids))
    asked = pl.concat([own, hosts.join(theirs, on=SUBJECT, how="semi")]).unique([ENTITY, "host_id"])
    facts = asked.select(pl.exclude("^.+__.+$")).sort(ENTITY, "host_id").collect().lazy()
    lines = [explain(facts, module, settings, "host_id") for module in _MODULES]
    return pl.concat([pl.DataFrame(schema=EXPLANATION), *lines]).filter(~pl.col("rule").str.contains("oses_allowed"))


def _on_servers(away: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    by_host = managed_hosts(inputs, settings).group_by(SUBJECT)
    known = by_host.agg(
        standard=_sum(_STANDARD),
        standard_sets=pl.col(_SETS).sum(),
        datacenter=_sum(_DATACENTER),
        datacenter_sets=pl.col(_DATACENTER_SETS).sum(),
        oses_covered=pl.col("managed_oses").max(),
        is_lower_bound=(pl.col(_ACCURACY) == system_center_cores.Reason.LOWER_BOUND.code).any(),
        is_listed=(pl.col("operator") == "listed_provider").any(),
        is_dedicated=pl.col("is_dedicated").all(),
    )
    subjects = known.join(unknown_systems(away), on=SUBJECT, how="full", coalesce=True)
    parts = [
        subjects.select(
            *SUBJECT,
            "oses_covered",
            "is_lower_bound",
            option=pl.lit(f"{edition.lower()}_physical_cores"),
            edition=pl.lit(edition),
            metric=pl.lit("core"),
            licenses_required=edition.lower(),
            licenses_with_sa=pl.when(pl.col(edition.lower()).is_not_null()).then(pl.lit(0, pl.Int64)),
            full_sets=f"{edition.lower()}_sets",
            reason=_obstacle(edition.lower(), counted=edition == "Standard"),
            rule=pl.lit(f"system_center_{edition.lower()}.core_licenses"),
        )
        for edition in ("Standard", "Datacenter")
    ]
    return pl.concat(parts)


def _obstacle(licenses: str, *, counted: bool) -> pl.Expr:
    """Give the first reason against an option; how many OSEs are managed matters to Standard alone."""
    unknown = pl.col("unknown_systems").is_not_null()
    return (
        pl.when((unknown & counted) | (unknown & pl.col("oses_covered").is_null()))
        .then(Reason.SYSTEM_UNKNOWN.lit)
        .when("is_listed")
        .then(Reason.LISTED_PROVIDER.lit)
        .when(~pl.col("is_dedicated"))
        .then(Reason.SHARED_SERVER.lit)
        .when(pl.col(licenses).is_null())
        .then(Reason.HOST_CORES_UNKNOWN.lit)
        .otherwise(Reason.REQUIRED.lit)
    )


def _on_shared_servers(away: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Count what License Mobility takes for OSEs in Azure or at a provider that no deployment counts already."""
    deployed = inputs.get("mobility_deployments", CANONICAL["mobility_deployments"].empty())
    lasts = (pl.col("ended_on") >= settings.as_of).fill_null(value=True)
    counted = deployed.filter((pl.col("product") == PRODUCT) & (pl.col("deployed_on") <= settings.as_of) & lasts)
    rows = away.filter(pl.col("place") == "shared")
    grants = load_rule_file(license_mobility_quantities).table("license_mobility_management").lazy()
    latest = grants.filter(pl.col("product") == PRODUCT).group_by("product", "edition").agg(pl.col("version").max())
    oses = (
        rows.join(counted.select(ENTITY).unique(), on=ENTITY, how="anti")
        .group_by(ENTITY, subject_id=pl.format("{}/managed/{}", ENTITY, "provider"))
        .agg(managed_oses=pl.col("oses").sum())
        .with_columns(
            *(pl.lit(None, pl.Int64).alias(c) for c in _UNMOVED), product=pl.lit(PRODUCT), metric=pl.lit("core"),
            managed_before=pl.lit(0, pl.Int64),
        )
        .join(latest, on="product")
    )  # fmt: skip
    return evaluate(oses, license_mobility_quantities, settings).select(
        ENTITY,
        "subject_id",
        "edition",
        "metric",
        subject_kind=pl.lit("customer"),
        option=pl.format("license_mobility_{}", pl.col("edition").str.to_lowercase()),
        licenses_required=_MOBILE,
        licenses_with_sa=_MOBILE,
        is_lower_bound=pl.lit(value=False),
        oses_covered="managed_oses",
        reason=Reason.REQUIRED.lit,
        rule=pl.lit("license_mobility_quantities.management_licenses"),
    )


def _clients(away: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    counts = inputs.get("access_counts", CANONICAL["access_counts"].empty())
    stated = counts.filter(pl.col("product").str.starts_with(PRODUCT)).select(ENTITY).unique()
    rows = away.filter(pl.col("place") == "client")
    return (
        rows.join(stated, on=ENTITY, how="anti")
        .group_by(ENTITY)
        .agg(managed_clients=pl.col("oses").sum())
        .pipe(evaluate, system_center_client, settings)
        .with_columns(
            subject_kind=pl.lit("customer"),
            subject_id=pl.format("{}/{}", ENTITY, pl.lit(CLIENTS)),
            oses_covered="managed_clients",
            edition=pl.lit(None, pl.String),
            metric=pl.lit("management_license"),
            option=pl.lit("client_management_licenses"),
            licenses_required=column_name(system_center_client, "client_licenses"),
            licenses_with_sa=pl.lit(0, pl.Int64),
            is_lower_bound=pl.lit(value=False),
            reason=Reason.REQUIRED.lit,
            rule=pl.lit("system_center_client.client_licenses"),
        )
    )


def _homeless(away: pl.LazyFrame) -> pl.LazyFrame:
    rows = away.filter(pl.col("place") == "unknown_host")
    closed = rows.select(ENTITY, subject_kind=pl.lit("ose"), subject_id="ose_id")
    return closed.with_columns(_closed(Reason.HOST_UNKNOWN))


def _unsaid(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Name the entities that own licenses while no export says what is managed."""
    licenses = inputs.get("licenses", ANSWERS["licenses"].empty())
    own = (pl.col("product") == PRODUCT) & (pl.col("valid_from") <= settings.as_of).fill_null(value=True)
    lasts = (pl.col("valid_to") >= settings.as_of).fill_null(value=True)
    said = inputs["oses"].filter(pl.col("managed_by_system_center").is_not_null()).select(ENTITY).unique()
    owners = licenses.filter(own & lasts & (pl.col("quantity") > 0)).select(ENTITY).unique()
    silent = owners.join(said, on=ENTITY, how="anti")
    return silent.select(ENTITY, subject_kind=pl.lit("customer"), subject_id=ENTITY).with_columns(
        _closed(Reason.MANAGED_UNKNOWN)
    )


def _closed(reason: Reason) -> list[pl.Expr]:
    """Fill the columns of a subject that has no open option."""
    counts = ["licenses_required", "licenses_with_sa", "full_sets", "oses_covered"]
    return [
        *(pl.lit(None, pl.Int64).alias(c) for c in counts),
        pl.lit("standard_physical_cores").alias("option"),
        pl.lit("Standard").alias("edition"),
        pl.lit("core").alias("metric"),
        pl.lit(value=False).alias("is_lower_bound"),
        reason.lit.alias("reason"),
        pl.lit("system_center_standard.core_licenses").alias("rule"),
    ]


def _versions(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Give the newest version of the management servers; null where none is known."""
    installs = inputs.get("installs", CANONICAL["installs"].empty())
    own = (pl.col("product") == PRODUCT) & (pl.col("observed_on") <= settings.as_of)
    return newest(installs.filter(own), [ENTITY, "product"], settings).select(ENTITY, "version")


def _sum(column: str) -> pl.Expr:
    """Add up; one unknown makes the sum unknown."""
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum())
