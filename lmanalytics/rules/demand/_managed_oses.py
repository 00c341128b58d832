"""The OSEs that System Center manages: on which servers, how many at once, and which are clients."""

import polars as pl

from lmanalytics.facts.estate_facts import policies_in_force
from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand import system_center_cores, system_center_datacenter, system_center_standard
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables, held
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
    runs = pl.lit(value=True) if policies["count_powered_off"] == "yes" else pl.col("is_running")
    said = inputs["oses"].filter(pl.col("managed_by_system_center") & ~pl.col("is_template") & runs)
    since = ["current"] if policies["peak"] == "latest_snapshot" else ["current", "earlier"]
    chosen = (pl.col("kind") != "process_container") & pl.col("state").is_in(since)
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
    rows = inputs["facts_oses"].filter(chosen).join(said.select("row_id"), on="row_id", how="semi")
    return rows.with_columns(place=place)


def elsewhere(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Hold how many OSEs are managed now that no server of the estate is licensed for, those alike as one row.

    Returns:
        entity_id, place (shared, client, unknown_system, unknown_host), provider (else the location), subject_kind
        and subject_id (for an unknown system), ose_id (without a host), oses.

    """
    rows = managed(inputs, settings).filter((pl.col("place") != "server") & (pl.col("state") == "current"))
    place = pl.col("place")
    subject = [pl.when(place == "unknown_system").then(c).alias(c) for c in SUBJECT[1:]]
    named = rows.select(
        ENTITY,
        "place",
        *subject,
        provider=pl.when(place == "shared").then(pl.coalesce("provider", "location")),
        ose_id=pl.when(place == "unknown_host").then("ose_id"),
    )
    alike = named.group_by(named.collect_schema().names()).agg(oses=pl.len().cast(pl.Int64))
    return held(alike)


def managed_hosts(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Size each host for the most managed OSEs that it may run at once.

    Returns:
        The hosts of `facts_hosts` on which something is managed, with managed_oses, cores_to_license and a column
        for each rule of `system_center_cores`, `system_center_standard` and `system_center_datacenter`.

    """
    hosts = inputs["facts_hosts"].join(_most(inputs, settings), on=[*SUBJECT, "host_id"])
    sized = evaluate(hosts, system_center_cores, settings).with_columns(cores_to_license=pl.col(CORES))
    for module in (system_center_standard, system_center_datacenter):
        sized = evaluate(sized, module, settings)
    return sized


def _most(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Find the most managed OSEs that each host may run at once: SUBJECT, host_id, managed_oses.

    As in `peaks.host_peaks` every OSE of a subject may run on any of its hosts, but for the one on the hardware itself.
    """
    rows = managed(inputs, settings).filter(pl.col("place") == "server")
    fixed = pl.col("kind") == "physical"
    named = rows.select(*SUBJECT, "observed_on", "valid_until", host_id=pl.when(fixed).then("host_id"), is_free=~fixed)
    alike = held(named.group_by(named.collect_schema().names()).agg(oses=pl.len().cast(pl.Int64)))
    moments = alike.select(*SUBJECT, moment="observed_on").unique()
    holds = (pl.col("observed_on") <= pl.col("moment")) & (
        pl.col("valid_until").is_null() | (pl.col("moment") < pl.col("valid_until"))
    )
    running = held(alike.join(moments, on=SUBJECT).filter(holds))
    free = running.filter("is_free").group_by(*SUBJECT, "moment").agg(_free=pl.col("oses").sum())
    bound = running.filter(~pl.col("is_free")).group_by(*SUBJECT, "moment", "host_id").agg(_bound=pl.col("oses").sum())
    at_once = pl.col("_free").fill_null(0) + pl.col("_bound").fill_null(0)
    return held(
        inputs["facts_hosts"]
        .select(*SUBJECT, "host_id")
        .join(moments, on=SUBJECT)
        .join(free, on=[*SUBJECT, "moment"], how="left")
        .join(bound, on=[*SUBJECT, "moment", "host_id"], how="left")
        .group_by(*SUBJECT, "host_id")
        .agg(managed_oses=at_once.max())
        .filter(pl.col("managed_oses") > 0)
    )


def unknown_systems(away: pl.LazyFrame) -> pl.LazyFrame:
    """Count for each subject the managed OSEs of which it is not known what they run: SUBJECT, unknown_systems.

    Args:
        away: `elsewhere`.

    """
    unknown = away.filter((pl.col("place") == "unknown_system") & pl.col("subject_id").is_not_null())
    return unknown.group_by(SUBJECT).agg(unknown_systems=pl.col("oses").sum())
