"""OSEs: one row per observed OSE with its outcome for Windows Server and the place where it is licensed."""

from datetime import date

import polars as pl

from lmanalytics.facts.host_facts import WINDOWS_SERVER
from lmanalytics.facts.hybrid import DEDICATED, uses_benefit
from lmanalytics.facts.outcomes import evidence, verdict
from lmanalytics.facts.placement import bound_hosts
from lmanalytics.facts.snapshots import beyond, observed
from lmanalytics.schemas import CANONICAL, ENTITY

_BY_ITSELF = ("virtual", "hyperv_container")


def ose_rows(tables: dict[str, pl.LazyFrame], as_of: date) -> pl.LazyFrame:
    """Return every row of `oses` with state and valid_until (see `snapshots.observed`)."""
    return observed(tables.get("oses", CANONICAL["oses"].empty()), "ose_id", as_of, beyond(tables, "oses"))


def oses(
    rows: pl.LazyFrame,
    hosts: pl.LazyFrame,
    operators: pl.LazyFrame,
    affinity: pl.LazyFrame | None,
    versions: pl.DataFrame,
    policies: dict[str, str],
) -> pl.LazyFrame:
    """Decide for each row of `oses` what it is to Windows Server, and with which hosts it is licensed.

    Args:
        rows: the rows of `oses` with their state.
        hosts: the current hosts (`host_facts.hosts`) with azure_host.
        operators: entity_id, provider, operator.
        affinity: the table `ose_host_affinity`, where it was given.
        versions: os_version, version_rank.
        policies: the readings of estate_facts.yaml.

    Returns:
        entity_id, row_id, ose_id, name, host_id, cluster_id, kind, vcpus, environment, location, provider,
        operator, license_source, os_product, os_edition, os_version, version_rank, needs_datacenter,
        observed_on, valid_until, state, outcome, reason, evidence, subject_kind and subject_id (the host, the
        cluster or the OSE by itself; null where unknown), is_load (it counts toward a peak), bound_hosts (the
        only hosts of its cluster on which it may run; null: any), uses_hybrid_benefit (its licenses are
        counted under the Azure Hybrid Benefit and not toward a peak), azure_host (of its host).

    """
    placed = _placed(rows, hosts, operators, policies)
    known = placed.join(versions.lazy(), on="os_version", how="left").with_columns(
        version_rank=pl.when(pl.col("os_product") == WINDOWS_SERVER).then("version_rank"),
        needs_datacenter=_needs_datacenter(policies["unknown_edition"]),
    )
    judged = known.with_columns(_verdict=verdict(policies)).with_columns(
        pl.col("_verdict").struct.field("outcome"), pl.col("_verdict").struct.field("reason"), evidence=evidence()
    )
    counts = (
        pl.col("_verdict").struct.field("is_counted") & (pl.col("kind") != "physical") & ~pl.col("uses_hybrid_benefit")
    )
    since = pl.col("state") == "current" if policies["peak"] == "latest_snapshot" else pl.lit(value=True)
    loads = judged.with_columns(is_load=counts & since & pl.col("state").is_in(["current", "earlier"]))
    bound = bound_hosts(loads, hosts, affinity if policies["movement"] == "affinity" else None)
    return loads.join(bound, on=[ENTITY, "ose_id"], how="left").select(
        ENTITY, "row_id", "ose_id", "name", "host_id", "cluster_id", "kind", "vcpus", "environment", "location",
        "provider", "operator", "license_source", "os_product", "os_edition", "os_version", "version_rank",
        "needs_datacenter", "observed_on", "valid_until", "state", "outcome", "reason", "evidence",
        "subject_kind", "subject_id", "is_load", "bound_hosts", "uses_hybrid_benefit", "azure_host",
    )  # fmt: skip


def _placed(rows: pl.LazyFrame, hosts: pl.LazyFrame, operators: pl.LazyFrame, policies: dict[str, str]) -> pl.LazyFrame:
    """Add the subject: the OSE's host, the cluster in which it moves, or the OSE by itself."""
    cores = pl.col("cores_per_processor").is_not_null() | (
        pl.col("processors").is_not_null() & pl.col("physical_cores").is_not_null()
    )
    places = hosts.select(
        ENTITY,
        "host_id",
        _kind="subject_kind",
        _id="subject_id",
        _cluster="cluster_id",
        _has_cores=cores,
        azure_host="azure_host",
    )
    clusters = (
        hosts.filter(pl.col("subject_kind") == "cluster")
        .select(ENTITY, "cluster_id", _moves=pl.lit(value=True))
        .unique()
    )
    joined = (
        rows.join(places, on=[ENTITY, "host_id"], how="left")
        .with_columns(cluster_id=pl.coalesce("_cluster", "cluster_id"))
        .join(clusters, on=[ENTITY, "cluster_id"], how="left")
        .join(operators, on=[ENTITY, "provider"], how="left")
        .with_columns(uses_hybrid_benefit=uses_benefit())
    )
    unlimited = (pl.col("azure_host") == DEDICATED) & (pl.col("location") == DEDICATED) & pl.col("_has_cores")
    in_azure = pl.col("location").is_in(["azure", DEDICATED]) & ~unlimited.fill_null(value=False)
    shared = pl.col("location") == "provider_shared"
    homeless = pl.col("_id").is_null() & pl.col("_moves").is_null()
    unsized = (pl.col("_kind") == "host") & ~pl.col("_has_cores")
    asked = pl.lit(policies["unknown_host"] == "by_virtual_cores") & pl.col("kind").is_in(_BY_ITSELF)
    unplaced = asked & ~pl.col("uses_hybrid_benefit") & (homeless | unsized.fill_null(value=False))
    alone = shared | (pl.col("uses_hybrid_benefit") & in_azure) | unplaced
    moving = pl.col("_id").is_null() & pl.col("_moves").is_not_null()
    return joined.with_columns(
        subject_kind=pl.when(alone).then(pl.lit("ose")).when(moving).then(pl.lit("cluster")).otherwise("_kind"),
        subject_id=pl.when(alone).then("ose_id").when(moving).then("cluster_id").otherwise("_id"),
        operator=pl.when(shared).then("operator").when(alone).then(pl.lit("customer")),
    )


def _needs_datacenter(unknown: str) -> pl.Expr:
    """Tell whether Standard cannot cover the OSE; null where the edition is unknown and nothing is assumed."""
    assumed = {"standard_suffices": False, "datacenter_required": True, "not_computable": None}[unknown]
    edition = pl.col("os_edition")
    return (
        pl.when(pl.col("os_product") != WINDOWS_SERVER)
        .then(statement=False)
        .when(edition.is_not_null())
        .then(edition.str.starts_with("Datacenter"))
        .otherwise(pl.lit(assumed, pl.Boolean))
    )
