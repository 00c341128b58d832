"""The servers that users reach: which version they run, and how many connectors would cover them."""

import polars as pl

from lmanalytics.facts.snapshots import observed
from lmanalytics.rules.demand._versions import newest
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import CANONICAL, ENTITY

WINDOWS, REMOTE = "Windows Server", "Remote Desktop Services"
_SCHEMA = {
    **dict.fromkeys((ENTITY, "product", "host_id", "version"), pl.String),
    **dict.fromkeys(("physical_servers", "oses", "oses_on_shared_servers"), pl.Int64),
}


def versions(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Give the newest version of each product that an entity runs, which its access licenses must reach.

    Returns:
        entity_id, product, version; null where none is known.

    """
    columns = [ENTITY, "product", "version"]
    installs = _installs(inputs, settings).filter(~pl.col("product").is_in([WINDOWS, REMOTE]))
    rows = [_windows(inputs), _remote(inputs, settings), installs]
    return newest(pl.concat([part.select(columns) for part in rows]), [ENTITY, "product"], settings)


def reached(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Count the servers of Windows Server and of Remote Desktop Services that external users may reach.

    Returns:
        entity_id, product, host_id (null: of the entity as a whole), version, physical_servers, oses,
        oses_on_shared_servers. Remote Desktop Services run where an install says so.

    """
    if "facts_oses" not in inputs:
        return pl.LazyFrame(schema=_SCHEMA)
    rows = pl.concat([_windows(inputs), _remote(inputs, settings)])
    shared = pl.col("is_shared")
    counts = [
        pl.col("host_id").filter(~shared).n_unique().cast(pl.Int64).alias("physical_servers"),
        (~shared & pl.col("ose_id").is_not_null()).sum().cast(pl.Int64).alias("oses"),
        shared.sum().cast(pl.Int64).alias("oses_on_shared_servers"),
    ]
    keys = ([ENTITY, "product"], [ENTITY, "product", "host_id"])
    parts = [
        rows.filter(pl.lit("host_id" not in key) | pl.col("host_id").is_not_null())
        .group_by(key)
        .agg(counts)
        .join(newest(rows, key, settings), on=key, how="left")
        for key in keys
    ]
    none = pl.lit(None, pl.String).alias("host_id")
    return pl.concat([parts[0].with_columns(none).select(*_SCHEMA), parts[1].select(*_SCHEMA)])


def _windows(inputs: Tables) -> pl.LazyFrame:
    """List what runs Windows Server under licenses of the customer's: OSEs, and hosts by themselves."""
    none = pl.LazyFrame(schema=dict.fromkeys((ENTITY, "product", "host_id", "ose_id", "version"), pl.String))
    if "facts_oses" not in inputs:
        return none.with_columns(is_shared=pl.lit(value=False))
    oses = inputs["facts_oses"].filter((pl.col("state") == "current") & (pl.col("outcome") == "counted"))
    guests = oses.select(
        ENTITY, "host_id", "ose_id", product=pl.lit(WINDOWS), version="os_version",
        is_shared=pl.col("subject_kind") == "ose",
    )  # fmt: skip
    runs = inputs["facts_hosts"].filter("host_runs_windows")
    hosts = runs.select(
        ENTITY, "host_id", ose_id=pl.lit(None, pl.String), product=pl.lit(WINDOWS), version="host_os_version",
        is_shared=pl.lit(value=False),
    )  # fmt: skip
    return pl.concat([guests.select(hosts.collect_schema().names()), hosts])


def _remote(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """List the OSEs in which Remote Desktop Services run, in the version of their Windows Server."""
    sessions = _installs(inputs, settings).filter(pl.col("product") == REMOTE).select(ENTITY, "ose_id").unique()
    on_windows = _windows(inputs).join(sessions, on=[ENTITY, "ose_id"], how="semi")
    return on_windows.with_columns(product=pl.lit(REMOTE))


def _installs(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    rows = inputs.get("installs", CANONICAL["installs"].empty()).with_columns(inventory_id=pl.col("ose_id"))
    return observed(rows, "install_id", settings.as_of).filter(pl.col("state") == "current")
