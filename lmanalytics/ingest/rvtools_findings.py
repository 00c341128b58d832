"""What is odd about an RVTools export and what it means for the position."""

from collections.abc import Sequence

import polars as pl

from lmanalytics.ingest.adapter import Context, Sheet
from lmanalytics.ingest.rvtools_dates import exported_on
from lmanalytics.ingest.rvtools_names import Names, is_heading

_SHOWN = 3


def report(
    key: str,
    group: Sequence[Sheet],
    names: Names,
    hosts: list[pl.LazyFrame],
    oses: list[pl.LazyFrame],
    context: Context,
) -> None:
    """Note what a person should know about one export."""
    dated = exported_on(group)
    if dated and not dated.is_stated and group[0].snapshot_on == dated.day:
        context.find(
            "warning",
            "export_day_assumed",
            key,
            f"{key} does not say when it was made; its newest entry is of {dated.day}, which is taken as its day.",
            "Say the day in estate.yaml under `snapshots`, or put it into the file's name.",
        )
    if oses and not hosts:
        context.find(
            "warning",
            "no_host_tab",
            key,
            f"{key} has virtual machines but no vHost tab, so that the cores of their hosts are unknown.",
            "Export all tabs, or give the hosts as hosts.csv.",
        )
    if oses:
        _machines(key, pl.concat(oses), names, context, has_hosts=bool(hosts))
        _tabs(key, group, context)
    if hosts:
        _clusters(key, pl.concat(hosts), group, names, context)


def _machines(key: str, oses: pl.LazyFrame, names: Names, context: Context, *, has_hosts: bool) -> None:
    known = names.hosts.select(names.key(pl.col("inventory_id"), pl.col("exact")).alias("host_id"))
    lost = oses.join(known, on="host_id", how="anti").filter(pl.col("host_id").is_not_null())
    counts = lost.group_by("host_id").agg(pl.len().alias("rows")).sort("host_id").collect(engine="streaming")
    if has_hosts and counts.height:
        shown = ", ".join(counts["host_id"].head(_SHOWN)) + (", …" if counts.height > _SHOWN else "")
        context.find(
            "warning",
            "host_not_in_vhost",
            key,
            f"{key}: {counts['rows'].sum()} machines run on {counts.height} hosts that vHost lacks ({shown}). "
            "The cores of these hosts are unknown, so what they need is not computable.",
            "Export all hosts of the vCenter, or give these hosts, by these ids, as hosts.csv.",
        )
    homeless = oses.select(pl.col("host_id").is_null().sum()).collect(engine="streaming").item()
    if homeless:
        context.find(
            "warning",
            "no_host_named",
            key,
            f"{key}: {homeless} machines name no host, so they can only be licensed by themselves.",
            "Export again without removing or anonymizing the column Host.",
        )


def _tabs(key: str, group: Sequence[Sheet], context: Context) -> None:
    """Compare vInfo with vTools: a filter that was set in the tool leaves rows out of one and not the other."""
    rows = {tab: _count(group, tab) for tab in ("vInfo", "vTools")}
    if rows["vTools"] and rows["vInfo"] and rows["vInfo"] < rows["vTools"]:
        context.find(
            "warning",
            "tab_was_filtered",
            key,
            f"{key}: vInfo has {rows['vInfo']} machines and vTools {rows['vTools']}: "
            f"{rows['vTools'] - rows['vInfo']} were filtered out of vInfo and are not counted.",
            "Export again without a filter, so that powered-off machines are counted too.",
        )


def _count(group: Sequence[Sheet], tab: str) -> int:
    counts = [
        s.frame.filter(pl.col("name").str.to_lowercase().ne_missing("vm")).select(pl.len()).collect().item()
        for s in group
        if s.layout.name == tab
    ]
    return sum(counts)


def _clusters(key: str, hosts: pl.LazyFrame, group: Sequence[Sheet], names: Names, context: Context) -> None:
    """Compare each cluster's own count of cores with the sum over its hosts."""
    inventory = names.inventory()
    told = [
        sheet.frame.filter(~is_heading("cluster", "cores")).select(
            pl.format("{}/{}", inventory, "cluster").alias("cluster_id"),
            pl.col("cores").str.replace_all(",", "").cast(pl.Int64, strict=False).alias("told"),
        )
        for sheet in group
        if sheet.layout.name == "vCluster"
    ]
    if not told:
        return
    cores = pl.col("physical_cores").str.replace_all(",", "").cast(pl.Int64, strict=False)
    once = hosts.select("cluster_id", "host_id", "physical_cores").unique()
    summed = once.group_by("cluster_id").agg(pl.when(cores.is_not_null().all()).then(cores.sum()).alias("summed"))
    checked = (
        pl.concat(told)
        .unique("cluster_id", keep="none")
        .join(summed, on="cluster_id")
        .filter(pl.col("told") != pl.col("summed"))
    )
    for cluster, stated, found in checked.sort("cluster_id").select("cluster_id", "told", "summed").collect().rows():
        context.find(
            "warning",
            "cluster_cores_differ",
            cluster,
            f"{key}: cluster {cluster.rpartition('/')[2]} states {stated} cores, but its hosts in vHost have {found}.",
            "Export vHost again without a filter; until then the position covers only the hosts that are listed.",
        )
