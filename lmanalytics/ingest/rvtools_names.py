"""Stable keys for the vCenters, clusters, hosts and machines of an RVTools export.

Host and cluster names are unique inside one vCenter only, VM names not even there, and one SMBIOS UUID can be
shared by dozens of machines. Two exports of one vCenter must give the same keys.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import polars as pl

from lmanalytics.ingest.adapter import ORIGIN, Sheet

_DATED = re.compile(r"[ _.-]*\d{4}[-_.]?\d{2}[-_.]?\d{2}([ _.T-]*\d{1,2}[-_.:]?\d{2}([-_.:]?\d{2})?)?")
_TAB = re.compile(r"(?:tab)?v(?:Info|CPU|Host|Cluster|Source|MetaData|Tools)$", re.IGNORECASE)
_IP = r"^[\d.:]+$"


def group_of(sheets: Sequence[Sheet]) -> dict[str, list[Sheet]]:
    """Return the sheets of each export: one workbook, or the CSV files whose names differ only in the tab."""
    groups: dict[str, list[Sheet]] = {}
    for sheet in sorted(sheets, key=lambda s: s.index):
        path = PurePosixPath(sheet.file)
        stem = path.name if sheet.sheet else _TAB.sub("", _DATED.sub("", path.stem)) + _stamp(path.stem)
        groups.setdefault((path.parent / stem).as_posix(), []).append(sheet)
    return groups


def _stamp(stem: str) -> str:
    match = _DATED.search(stem)
    return match[0] if match else ""


def is_heading(name: str, number: str) -> pl.Expr:
    """Tell the heading rows that files merged by hand repeat among the data."""
    words = {"name": ["vm", "vinfovmname"], "host": ["host", "vhostname"], "cluster": ["name"]}[name]
    has_number = pl.col(number).str.contains(r"\d")
    return (pl.col(name).str.to_lowercase().is_in(words) & ~has_number.fill_null(value=False)).fill_null(value=False)


@dataclass(frozen=True)
class Names:
    """What is known about one export before its rows are keyed."""

    fallback: str
    uuids: dict[str, str]
    only: str | None
    twice: tuple[str, ...]
    hosts: pl.LazyFrame

    def inventory(self) -> pl.Expr:
        """The vCenter's UUID; else its server, unless another tab tells the UUID; else the export's name."""
        server = pl.col("vcenter").str.to_lowercase()
        by_server = server.replace_strict(self.uuids, default=None, return_dtype=pl.String)
        return pl.coalesce(
            pl.col("vcenter_uuid").str.to_lowercase(), by_server, server, pl.lit(self.only or self.fallback)
        )

    def key(self, inventory: pl.Expr, name: pl.Expr) -> pl.Expr:
        """A name made unique over vCenters."""
        return pl.format("{}/{}", inventory, name.str.to_lowercase())

    def cluster(self, inventory: pl.Expr, cluster: pl.Expr, datacenter: pl.Expr) -> pl.Expr:
        """The cluster made unique; its datacenter is part of it only where two clusters have one name."""
        plain = pl.format("{}/{}", inventory, cluster)
        within = pl.format("{}/{}/{}", inventory, datacenter, cluster)
        return pl.when(plain.is_in(self.twice)).then(pl.coalesce(within, plain)).otherwise(plain)

    def with_ose_key(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Add ose_id: instance UUID, else VM ID, else the UUID of 3.x, else the name; told apart where shared."""
        best = pl.coalesce(
            pl.col("vm_uuid").str.to_lowercase(), "vm_id", pl.col("smbios_uuid").str.to_lowercase(), "name"
        )
        key = pl.format("{}/{}", pl.col("inventory_id"), best.fill_null("unnamed"))
        frame = frame.with_columns(key.alias("ose_id"))
        identity = (
            pl.when(pl.col("vm_id").is_not_null())
            .then("vm_id")
            .otherwise(pl.when(pl.col("vm_uuid").is_null()).then(pl.col("source_row").cast(pl.String)))
        )
        shared = frame.group_by("ose_id").len().filter(pl.col("len") > 1).select("ose_id").collect(engine="streaming")
        if shared.is_empty():
            return frame
        alike = frame.join(shared.lazy(), on="ose_id", how="semi").filter(identity.n_unique().over("ose_id") > 1)
        number = pl.col("source_row").rank("ordinal").over("ose_id")
        told_apart = (
            pl.when(pl.col("vm_id").is_not_null())
            .then(pl.format("{}/{}", "ose_id", "vm_id"))
            .otherwise(pl.when(number == 1).then("ose_id").otherwise(pl.format("{}/{}", "ose_id", number)))
        )
        place = ORIGIN[0], ORIGIN[3]
        apart = alike.select(*place, told_apart.alias("told_apart"))
        frame = frame.join(apart, on=place, how="left", maintain_order="left")
        return frame.with_columns(pl.coalesce("told_apart", "ose_id").alias("ose_id")).drop("told_apart")

    def with_host(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Add host_id, the one of vHost where it can be found, and host_cluster.

        A short name finds a full one, and a full one a short, where only one host of the vCenter fits.
        """
        asked = frame.select("inventory_id", "host").unique().drop_nulls()
        asked = asked.with_columns(pl.col("host").str.to_lowercase().alias("exact"), _short("host").alias("short"))
        exact = self.hosts.select("inventory_id", "exact", found="exact", found_cluster="cluster_id")
        exact = exact.unique(["inventory_id", "exact"], keep="first", maintain_order=True)
        near = self.hosts.unique(["inventory_id", "short"], keep="none")
        near = near.select("inventory_id", "short", near="exact", near_cluster="cluster_id")
        known = asked.join(exact, on=["inventory_id", "exact"], how="left").join(
            near, on=["inventory_id", "short"], how="left"
        )
        is_short = (pl.col("short") == pl.col("exact")) | (pl.col("short") == pl.col("near"))
        near_name = pl.when(is_short).then("near")
        resolved = known.select(
            "inventory_id",
            "host",
            self.key(pl.col("inventory_id"), pl.coalesce("found", near_name, "exact")).alias("host_id"),
            pl.coalesce("found_cluster", pl.when(is_short).then("near_cluster")).alias("host_cluster"),
        )
        return frame.join(resolved, on=["inventory_id", "host"], how="left", maintain_order="left")


def names_of(key: str, group: Sequence[Sheet]) -> Names:
    """Look through an export's tabs for its vCenters."""
    pairs = [
        sheet.frame.select("vcenter", "vcenter_uuid").unique().select(pl.all().str.to_lowercase())
        for sheet in group
        if {"vcenter", "vcenter_uuid"} <= sheet.layout.required.keys() | sheet.layout.optional.keys()
    ]
    known = (
        pl.concat(pairs).unique().collect(engine="streaming")
        if pairs
        else pl.DataFrame(schema=dict.fromkeys(("vcenter", "vcenter_uuid"), pl.String))
    )
    both = known.drop_nulls().unique("vcenter", keep="none")
    uuids, servers = known["vcenter_uuid"].drop_nulls().unique(), known["vcenter"].drop_nulls().unique()
    servers = servers if servers.len() else _metadata(group)
    only = uuids.item() if uuids.len() == 1 else servers.item() if servers.len() == 1 else None
    fallback = _DATED.sub("", key).removesuffix(".xlsx").removesuffix("/") or "rvtools"
    uuid_of = dict(zip(both["vcenter"], both["vcenter_uuid"], strict=True))
    return Names(fallback, uuid_of, only, (), pl.LazyFrame())


def _metadata(group: Sequence[Sheet]) -> pl.Series:
    servers = [
        s.frame.select(pl.col("vcenter").str.to_lowercase()).collect()["vcenter"]
        for s in group
        if s.layout.name == "vMetaData"
    ]
    return pl.concat(servers).drop_nulls().unique() if servers else pl.Series(dtype=pl.String)


def placed(names: Names, group: Sequence[Sheet]) -> Names:
    """Add the hosts of vHost, and the clusters of which there are several by one name."""
    inventory = names.inventory().alias("inventory_id")
    told = ("vcenter", "vcenter_uuid", "cluster", "datacenter")
    places = [
        s.frame.select(told).unique().select(inventory, *told[2:]) for s in group if s.layout.name in {"vHost", "vInfo"}
    ]
    rows = (
        pl.concat(places).drop_nulls().unique()
        if places
        else pl.LazyFrame(schema=dict.fromkeys(("inventory_id", "cluster", "datacenter"), pl.String))
    )
    twice = rows.group_by("inventory_id", "cluster").agg(pl.len().alias("n")).filter(pl.col("n") > 1)
    keys = (
        twice.select(pl.format("{}/{}", "inventory_id", "cluster").alias("key"))
        .sort("key")
        .collect(engine="streaming")["key"]
    )
    named = Names(names.fallback, names.uuids, names.only, tuple(keys), names.hosts)
    cluster = named.cluster(pl.col("inventory_id"), pl.col("cluster"), pl.col("datacenter")).alias("cluster_id")
    columns = ("host", "cluster", "datacenter")
    hosts = [
        s.frame.filter(~is_heading("host", "cores")).select(inventory, *columns)
        for s in group
        if s.layout.name == "vHost"
    ]
    frame = pl.concat(hosts) if hosts else pl.LazyFrame(schema=dict.fromkeys(("inventory_id", *columns), pl.String))
    frame = frame.filter(pl.col("host").is_not_null()).select(
        "inventory_id", pl.col("host").str.to_lowercase().alias("exact"), _short("host").alias("short"), cluster
    )
    frame = frame.unique(["inventory_id", "exact"], keep="first", maintain_order=True)
    return Names(names.fallback, names.uuids, names.only, tuple(keys), frame)


def _short(column: str) -> pl.Expr:
    """A host name up to its first dot; an address has no short form."""
    name = pl.col(column).str.to_lowercase()
    return pl.when(name.str.contains(_IP)).then(name).otherwise(name.str.split(".").list.first())
