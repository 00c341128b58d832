"""Where the Azure Hybrid Benefit holds: hosts of Azure and of Azure Local, and what runs on them."""

import polars as pl

from lmanalytics.schemas import ENTITY

DEDICATED, LOCAL = "azure_dedicated_host", "azure_local"
_AZURE = ("azure", "azure_dedicated_host")
_OWN = ("own", "azure_hybrid_benefit")
_BENEFIT = "azure_hybrid_benefit"


def mark_hosts(hosts: pl.LazyFrame, oses: pl.LazyFrame) -> pl.LazyFrame:
    """Say which hosts the customer's licenses reach through the Azure Hybrid Benefit alone, or through it instead.

    A dedicated host of Azure is one on which an OSE says so. Azure Local is under the benefit with every host
    of the cluster in which an OSE uses it, since the benefit takes all its physical cores.

    Args:
        hosts: the current hosts (`host_facts.hosts`).
        oses: the rows of `oses` with their state.

    Returns:
        The hosts with azure_host: `azure_dedicated_host`, `azure_local`, or null for any other host.

    """
    now = oses.filter((pl.col("state") == "current") & ~pl.col("is_template"))
    dedicated = _places(now.filter(pl.col("location") == "azure_dedicated_host"), "host_id", "_dedicated")
    local = now.filter((pl.col("location") == "azure_stack") & (pl.col("license_source") == _BENEFIT))
    own_host = _places(local, "host_id", "_local")
    named = _places(local, "cluster_id", "_named")
    marked = hosts.join(dedicated, on=[ENTITY, "host_id"], how="left").join(
        own_host, on=[ENTITY, "host_id"], how="left"
    )
    marked = marked.join(named, on=[ENTITY, "cluster_id"], how="left")
    members = _places(marked.filter(pl.col("_local")), "cluster_id", "_member")
    is_local = pl.any_horizontal(pl.col(c).fill_null(value=False) for c in ("_local", "_named", "_member"))
    return (
        marked.join(members, on=[ENTITY, "cluster_id"], how="left")
        .with_columns(
            azure_host=pl.when(pl.col("_dedicated")).then(pl.lit(DEDICATED)).when(is_local).then(pl.lit(LOCAL))
        )
        .drop("_dedicated", "_local", "_named", "_member")
    )


def uses_benefit() -> pl.Expr:
    """Tell whether an OSE uses own licenses under the benefit: `azure_host` is that of its host.

    Own licenses reach Azure through it alone. On Azure Local every OSE of a host under it is covered.
    """
    source = pl.col("license_source")
    in_azure = pl.col("location").is_in(_AZURE) & source.is_in(_OWN)
    on_local = (pl.col("azure_host") == LOCAL) & (source.is_null() | source.is_in(_OWN))
    said_local = (pl.col("location") == "azure_stack") & (source == _BENEFIT)
    return pl.any_horizontal(part.fill_null(value=False) for part in (in_azure, on_local, said_local))


def _places(oses: pl.LazyFrame, key: str, mark: str) -> pl.LazyFrame:
    return oses.select(ENTITY, key).drop_nulls().unique().with_columns(pl.lit(value=True).alias(mark))
