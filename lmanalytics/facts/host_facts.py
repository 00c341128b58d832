"""Hosts: one row per server that is in the estate on the day of the position."""

from datetime import date

import polars as pl

from lmanalytics.facts.snapshots import beyond, observed
from lmanalytics.schemas import CANONICAL, ENTITY

WINDOWS_SERVER = "Windows Server"
_OTHERS_LICENSE = ("license_included", "spla", "visual_studio", "evaluation")
_HOSTS_AND_MANAGES = ("hyper_v", "virtuozzo")


def host_rows(tables: dict[str, pl.LazyFrame], as_of: date) -> pl.LazyFrame:
    """Return every row of `hosts` with state and valid_until (see `snapshots.observed`)."""
    return observed(tables.get("hosts", CANONICAL["hosts"].empty()), "host_id", as_of, beyond(tables, "hosts"))


def hosts(rows: pl.LazyFrame, physical: pl.LazyFrame, policies: dict[str, str]) -> pl.LazyFrame:
    """Describe each current host.

    Args:
        rows: the rows of `hosts` with their state.
        physical: the current rows of `oses` of kind physical.
        policies: host_os_on_hyper_v and movement.

    Returns:
        entity_id, host_id, host_name, cluster_id, datacenter_id, inventory_id, observed_on, processors,
        physical_cores, cores_per_processor (whole numbers; null where a part is none), hypervisor, operator,
        provider, is_dedicated, is_dr_dedicated, host_runs_windows (with a license of the customer's; null
        where unknown), host_uses_right (whether that OSE does other work than hosting), host_os_edition,
        host_os_version, subject_kind, subject_id, row_id.

    """
    system = physical.group_by(ENTITY, "host_id").agg(
        pl.col("os_product", "os_edition", "os_version", "license_source")
        .sort_by(pl.col("os_product") != WINDOWS_SERVER, "row_id", nulls_last=True)
        .first(),
        _has_physical=pl.lit(value=True),
    )
    merged = rows.filter(pl.col("state") == "current").join(system, on=[ENTITY, "host_id"], how="left")
    observed_system = pl.col("_has_physical").fill_null(value=False)
    product = pl.when(observed_system).then("os_product").otherwise("host_os_product")
    by_cluster = pl.lit(policies["movement"] != "observed") & pl.col("cluster_id").is_not_null()
    return (
        merged.with_columns(
            host_os_edition=pl.when(observed_system).then("os_edition").otherwise("host_os_edition"),
            host_os_version=pl.when(observed_system).then("os_version").otherwise("host_os_version"),
            host_runs_windows=_runs_windows(product, policies["host_os_on_hyper_v"]),
            cores_per_processor=_cores(pl.col("cores_per_processor")),
            subject_kind=pl.when(by_cluster).then(pl.lit("cluster")).otherwise(pl.lit("host")),
            subject_id=pl.when(by_cluster).then("cluster_id").otherwise("host_id"),
        )
        .with_columns(host_uses_right=_uses_right())
        .select(
            ENTITY, "host_id", "host_name", "cluster_id", "datacenter_id", "inventory_id", "observed_on",
            "processors", "physical_cores", "cores_per_processor", "hypervisor", "operator", "provider",
            "is_dedicated", "is_dr_dedicated", "host_runs_windows", "host_uses_right", "host_os_edition",
            "host_os_version", "subject_kind", "subject_id", "row_id",
        )
    )  # fmt: skip


def _runs_windows(product: pl.Expr, on_hyper_v: str) -> pl.Expr:
    """Tell whether the physical OSE runs Windows Server under a license of the customer's."""
    assumed = {"manage_only": True, "not_windows": False, "not_computable": None}[on_hyper_v]
    hypervisor = pl.col("hypervisor")
    return (
        pl.when(pl.col("license_source").is_in(_OTHERS_LICENSE))
        .then(statement=False)
        .when(product.is_not_null())
        .then(product == WINDOWS_SERVER)
        .when(hypervisor.is_in(["esxi", "nutanix_ahv", "other"]))
        .then(statement=False)
        .when(hypervisor == "virtuozzo")
        .then(statement=True)
        .when(hypervisor == "hyper_v")
        .then(pl.lit(assumed, pl.Boolean))
    )


def _uses_right() -> pl.Expr:
    """Tell whether the physical OSE does other work; unsaid, a hypervisor only hosts, any other server works."""
    use, runs = pl.col("host_os_use"), pl.col("host_runs_windows")
    hosting = pl.col("hypervisor").is_in(_HOSTS_AND_MANAGES).fill_null(value=False)
    works = pl.when(use.is_not_null()).then(use == "workload").otherwise(~hosting)
    return pl.when(runs.is_not_null()).then(runs & works)


def _cores(listed: pl.Expr) -> pl.Expr:
    """Read the cores of each processor; a list with something else in it is unknown."""
    numbers = listed.list.eval(pl.element().str.strip_chars().cast(pl.Int64, strict=False))
    whole = (numbers.list.len() > 0) & ~numbers.list.contains(pl.lit(None, pl.Int64))
    return pl.when(whole).then(numbers)
