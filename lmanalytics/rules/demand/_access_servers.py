"""The servers that users reach: which version they run, and how many connectors would cover them."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.rules.demand._current_installs import current_installs
from lmanalytics.rules.demand._versions import newest
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right._machines import OSE
from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import CANONICAL, ENTITY

WINDOWS, REMOTE = "Windows Server", "Remote Desktop Services"
_SCHEMA = {
    **dict.fromkeys((ENTITY, "product", "host_id", "version"), pl.String),
    **dict.fromkeys(("physical_servers", "oses", "oses_on_shared_servers"), pl.Int64),
}
_ALIKE = [ENTITY, "product", "host_id", "version", "is_shared"]


@dataclass(frozen=True)
class Servers:
    """What users may reach of some products."""

    versions: pl.LazyFrame
    """entity_id, product, version: the newest that an entity runs, which its access licenses must reach."""
    reached: pl.LazyFrame
    """The servers of Windows Server and of Remote Desktop Services that external users may reach.

    entity_id, product, host_id (null: of the entity as a whole), version, physical_servers, oses,
    oses_on_shared_servers. Remote Desktop Services run where an install says so.
    """


def servers(inputs: Tables, asked: pl.LazyFrame, settings: Settings) -> Servers:
    """Describe the servers of the products that are asked for.

    Args:
        inputs: `facts_oses` with `facts_hosts`, and `installs`, where they are known.
        asked: product.
        settings: date and policies.

    """
    products = asked.select("product").unique().collect()["product"].drop_nulls().sort().to_list()
    installs = inputs.get("installs", CANONICAL["installs"].empty())
    current = current_installs(installs, [p for p in products if p != WINDOWS], settings.as_of)
    rows = _alike(inputs, current.filter(pl.col("product") == REMOTE))
    columns = [ENTITY, "product", "version"]
    software = current.filter(pl.col("product") != REMOTE)
    run = pl.concat([rows.select(columns), software.select(columns).unique()])
    versions = newest(run, [ENTITY, "product"], settings)
    return Servers(held(versions), held(_reached(rows, settings)))


def _reached(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    shared = pl.col("is_shared")
    counts = [
        pl.col("host_id").filter(~shared).n_unique().cast(pl.Int64).alias("physical_servers"),
        pl.col("oses").filter(~shared).sum().cast(pl.Int64),
        pl.col("oses").filter(shared).sum().cast(pl.Int64).alias("oses_on_shared_servers"),
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


def _alike(inputs: Tables, sessions: pl.LazyFrame) -> pl.LazyFrame:
    """Hold the OSEs and hosts that run Windows Server under licenses of the customer's, those alike as one row.

    Args:
        inputs: `facts_oses` with `facts_hosts`, where they are known.
        sessions: entity_id, ose_id of Remote Desktop Services, which run in the version of their Windows Server.

    Returns:
        `_ALIKE` and oses: a row for each host, version and product.

    """
    if "facts_oses" not in inputs:
        return pl.LazyFrame(schema={**dict.fromkeys(_ALIKE[:-1], pl.String), "is_shared": pl.Boolean, "oses": pl.Int64})
    remote = sessions.select(OSE).unique().with_columns(is_remote=pl.lit(value=True))
    guests = (
        inputs["facts_oses"]
        .filter((pl.col("state") == "current") & (pl.col("outcome") == "counted"))
        .select(*OSE, "host_id", version="os_version", is_shared=pl.col("subject_kind") == "ose")
        .join(remote, on=OSE, how="left")
        .group_by(ENTITY, "host_id", "version", "is_shared", "is_remote")
        .agg(oses=pl.len().cast(pl.Int64))
    )
    counted = held(guests)
    hosts = (
        inputs["facts_hosts"]
        .filter("host_runs_windows")
        .select(ENTITY, "host_id", version="host_os_version", is_shared=pl.lit(value=False), oses=pl.lit(0, pl.Int64))
    )
    columns = [*_ALIKE, "oses"]
    parts = [
        counted.with_columns(product=pl.lit(WINDOWS)),
        hosts.with_columns(product=pl.lit(WINDOWS)),
        counted.filter("is_remote").with_columns(product=pl.lit(REMOTE)),
    ]
    return held(pl.concat([part.select(columns) for part in parts]))
