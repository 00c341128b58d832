"""The OSEs that System Center manages: on which servers, how many at once, and which are clients."""

import polars as pl

from lmanalytics.facts.estate_facts import policies_in_force
from lmanalytics.facts.peaks import SUBJECT, host_peaks, loads
from lmanalytics.rules.demand import system_center_cores, system_center_datacenter, system_center_standard
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import ENTITY

CORES = column_name(system_center_cores, "cores_to_license")
_CLIENT = "Windows"
_CLOUD = ("azure", "azure_dedicated_host", "provider_shared")


def managed(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Return the rows of OSEs that System Center manages and that run, or may run, on the day they were observed.

    Args:
        inputs: `oses` and `facts_oses`.
        settings: the run's date and policies.

    Returns:
        The columns of `facts_oses` and place (server: it is licensed with its host or cluster; shared: on a
        provider's shared servers or in Azure; client: it runs a client's system; unknown_system, unknown_host).

    """
    policies = policies_in_force(settings)
    said = inputs["oses"].select(
        ENTITY, "row_id", _managed="managed_by_system_center", _template="is_template", _running="is_running"
    )
    runs = pl.lit(value=True) if policies["count_powered_off"] == "yes" else pl.col("_running")
    since = ["current"] if policies["peak"] == "latest_snapshot" else ["current", "earlier"]
    chosen = pl.col("_managed") & ~pl.col("_template") & runs & (pl.col("kind") != "process_container")
    is_cloud = (pl.col("subject_kind") == "ose") | pl.col("location").is_in(_CLOUD)
    place = (
        pl.when(pl.col("os_product").is_null())
        .then(pl.lit("unknown_system"))
        .when(pl.col("os_product") == _CLIENT)
        .then(pl.lit("client"))
        .when(is_cloud)
        .then(pl.lit("shared"))
        .when(pl.col("subject_id").is_null())
        .then(pl.lit("unknown_host"))
        .otherwise(pl.lit("server"))
    )
    joined = inputs["facts_oses"].join(said, on=[ENTITY, "row_id"])
    rows = joined.filter(chosen & pl.col("state").is_in(since))
    return rows.drop("_managed", "_template", "_running").with_columns(place=place)


def managed_hosts(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Size each host for the most managed OSEs that it may run at once.

    Returns:
        The hosts of `facts_hosts` on which something is managed, with managed_oses, cores_to_license and a column
        for each rule of `system_center_cores`, `system_center_standard` and `system_center_datacenter`.

    """
    bound = pl.when(pl.col("kind") == "physical").then(pl.concat_list("host_id"))
    rows = managed(inputs, settings).filter(pl.col("place") == "server")
    running = loads(rows.with_columns(is_load=pl.lit(value=True), bound_hosts=bound))
    hosts = host_peaks(inputs["facts_hosts"], running).with_columns(managed_oses="windows_oses")
    hosts = hosts.filter(pl.col("managed_oses") > 0)
    sized = evaluate(hosts, system_center_cores, settings).with_columns(cores_to_license=pl.col(CORES))
    for module in (system_center_standard, system_center_datacenter):
        sized = evaluate(sized, module, settings)
    return sized


def unknown_systems(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Count for each subject the managed OSEs of which it is not known what they run: SUBJECT, unknown_systems."""
    rows = managed(inputs, settings)
    unknown = rows.filter((pl.col("place") == "unknown_system") & (pl.col("state") == "current"))
    placed = unknown.filter(pl.col("subject_id").is_not_null())
    return placed.group_by(SUBJECT).agg(unknown_systems=pl.len().cast(pl.Int64))
