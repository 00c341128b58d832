"""RVTools exports, workbook or CSV folder, 3.x to 4.7: `hosts` and `oses` of one or more vCenters.

Tabs are matched by their headings (rvtools.yaml). The files of one CSV export belong together when their
names differ only in the tab. Virtual machines keep the host that vInfo names, also where vHost lacks it: such a
host gets no row, so that its cores stay unknown.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from lmanalytics.ingest import products, rvtools_dates, rvtools_findings
from lmanalytics.ingest.adapter import ORIGIN, Context, Pieces, Sheet, layouts
from lmanalytics.ingest.holding import held
from lmanalytics.ingest.rvtools_names import Names, group_of, is_heading, names_of, placed

FORMAT = "rvtools"
SHEETS = layouts(__file__, custom_between=("Annotation", "Datacenter"))
_RUNNING = {"poweredon": "true", "poweredoff": "false", "suspended": "false", "on": "true", "off": "false"}
_OS_SOURCES = ("guest", "tools", "config")
_PRETTY = r"""prettyName=(?:'([^']*)'|"([^"]*)")"""


def snapshots(sheets: Sequence[Sheet]) -> dict[int, date]:
    """Return the day of each export, for all its sheets."""
    days = {key: rvtools_dates.exported_on(group) for key, group in group_of(sheets).items()}
    found = {sheet.index: days[key] for key, group in group_of(sheets).items() for sheet in group}
    return {index: dated.day for index, dated in found.items() if dated is not None}


def read(sheets: Sequence[Sheet], context: Context) -> Pieces:
    """Return `hosts` and `oses` of every export among `sheets`; what is odd about them becomes a finding."""
    groups = group_of(sheets)
    known = {key: names_of(key, group) for key, group in groups.items()}
    newest = _newest(groups, known)
    for key, group in groups.items():
        tabs = {name: [s for s in group if s.layout.name == name] for name in ("vInfo", "vHost", "vCPU")}
        names = placed(known[key], group)
        hosts = [held(_hosts(sheet, names), sheet.rows) for sheet in tabs["vHost"]]
        machines = [held(_machines(sheet, names, tabs["vCPU"]), sheet.rows) for sheet in tabs["vInfo"]]
        yield from (("hosts", frame) for frame in hosts)
        for sheet, frame in zip(tabs["vInfo"], machines, strict=True):
            yield "oses", held(_oses(sheet, frame, names), sheet.rows)
        if key in newest:
            rvtools_findings.report(key, group, names, hosts, machines, context)


def _newest(groups: dict[str, list[Sheet]], known: dict[str, Names]) -> set[str]:
    """Return the exports that are not outdated by a newer one of the same vCenter: only they need be mended."""
    days = {key: (known[key].only or key, group[0].snapshot_on or date.max) for key, group in groups.items()}
    return {key for key, (vcenter, day) in days.items() if all(d <= day for v, d in days.values() if v == vcenter)}


def _hosts(sheet: Sheet, names: Names) -> pl.LazyFrame:
    frame = sheet.frame.filter(~is_heading("host", "cores"))
    sockets, per_socket = (pl.col(name).str.replace_all(",", "") for name in ("processors", "cores_per_cpu"))
    product = sockets.cast(pl.Int64, strict=False) * per_socket.cast(pl.Int64, strict=False)
    key = pl.coalesce("host", "uuid", "object_id", "serial", pl.format("row {}", "source_row"))
    inventory = names.inventory()
    return frame.select(
        *ORIGIN,
        names.key(inventory, key).alias("host_id"),
        pl.lit(str(sheet.snapshot_on) if sheet.snapshot_on else None, pl.String).alias("observed_on"),
        pl.col("host").alias("host_name"),
        names.cluster(inventory, pl.col("cluster"), pl.col("datacenter")).alias("cluster_id"),
        pl.col("datacenter").alias("datacenter_id"),
        inventory.alias("inventory_id"),
        "processors",
        pl.coalesce("cores", product.cast(pl.String)).alias("physical_cores"),
        pl.lit("esxi").alias("hypervisor"),
    )


def _machines(sheet: Sheet, names: Names, vcpu_tabs: list[Sheet]) -> pl.LazyFrame:
    """Return the rows of vInfo that are machines, with ose_id, host_id and vcpus."""
    frame = sheet.frame.filter(~is_heading("name", "vcpus"), ~_is_footer())
    frame = names.with_host(names.with_ose_key(frame.with_columns(names.inventory().alias("inventory_id"))))
    return _with_vcpus(frame, names, vcpu_tabs)


def _oses(sheet: Sheet, machines: pl.LazyFrame, names: Names) -> pl.LazyFrame:
    state = pl.col("power_state").str.to_lowercase()
    is_template = pl.any_horizontal(
        pl.col("template").str.to_lowercase().is_in(["true", "wahr", "1", "yes"]),
        pl.col("placeholder").str.to_lowercase().is_in(["true", "wahr", "1", "yes"]),
        pl.col("path").str.to_lowercase().str.ends_with(".vmtx"),
    )
    own = names.cluster(pl.col("inventory_id"), pl.col("cluster"), pl.col("datacenter"))
    return _with_os(machines).select(
        *ORIGIN,
        "ose_id",
        pl.lit(str(sheet.snapshot_on) if sheet.snapshot_on else None, pl.String).alias("observed_on"),
        "name",
        "host_id",
        pl.coalesce(own, "host_cluster").alias("cluster_id"),
        "inventory_id",
        pl.lit("virtual").alias("kind"),
        "vcpus",
        state.replace(_RUNNING).alias("is_running"),
        is_template.fill_null(value=False).cast(pl.String).alias("is_template"),
        "os_text",
        "os_product",
        "os_edition",
        "os_version",
        pl.when(pl.col("os_text").str.contains("(?i)evaluation")).then(pl.lit("evaluation")).alias("license_source"),
    )


def _with_os(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add os_text (ending in its source), os_product, os_edition and os_version."""
    texts = frame.select(_OS_SOURCES).unique().collect(engine="streaming").lazy()
    return frame.join(_recognized(texts), on=_OS_SOURCES, how="left", nulls_equal=True, maintain_order="left")


def _recognized(texts: pl.LazyFrame) -> pl.LazyFrame:
    """Tell the operating system of each different answer of the three sources.

    What the guest itself says wins over VMware Tools, and Tools over the configuration file, which is only what
    the machine was set up for. A vaguer source is completed by the next that agrees with it.
    """
    pretty = pl.coalesce(pl.col("guest").str.extract(_PRETTY, 1), pl.col("guest").str.extract(_PRETTY, 2))
    told = {source: f"told_{source}" for source in _OS_SOURCES}
    frame = texts.with_columns(
        pl.when(pretty.str.strip_chars() != "").then(pretty.str.strip_chars()).alias(told["guest"]),
        *(pl.col(source).alias(told[source]) for source in ("tools", "config")),
    )
    frame = products.recognize_all(frame, {told[s]: f"{s}_" for s in _OS_SOURCES}, products.OPERATING_SYSTEM)
    product = pl.coalesce(f"{source}_product" for source in _OS_SOURCES)
    version = pl.coalesce(_where(source, "version", product=product) for source in _OS_SOURCES)
    edition = pl.coalesce(_where(source, "edition", product=product, version=version) for source in _OS_SOURCES)
    named = {source: pl.format("{} [{}]", pl.col(told[source]), pl.lit(source)) for source in _OS_SOURCES}
    known = [pl.when(pl.col(f"{source}_product").is_not_null()).then(named[source]) for source in _OS_SOURCES]
    return frame.select(
        *_OS_SOURCES,
        pl.coalesce(*known, *named.values()).alias("os_text"),
        product.alias("os_product"),
        edition.alias("os_edition"),
        version.alias("os_version"),
    )


def _where(source: str, field: str, **agreed: pl.Expr) -> pl.Expr:
    agrees = [pl.col(f"{source}_{name}").eq_missing(value) for name, value in agreed.items()]
    return pl.when(*agrees).then(pl.col(f"{source}_{field}"))


def _with_vcpus(frame: pl.LazyFrame, names: Names, vcpu_tabs: list[Sheet]) -> pl.LazyFrame:
    """Take the vCPUs of the vCPU tab where vInfo has none. Sockets are of no use: they can be 0."""
    told = pl.when(pl.col("vcpus") != "0").then("vcpus")
    if not vcpu_tabs:
        return frame
    other = pl.concat(tab.frame.with_columns(names.inventory().alias("inventory_id")) for tab in vcpu_tabs)
    other = names.with_ose_key(other).filter(pl.col("vcpus") != "0").unique("ose_id", keep="none")
    frame = frame.join(other.select("ose_id", tab_vcpus="vcpus"), on="ose_id", how="left", maintain_order="left")
    return frame.with_columns(pl.coalesce(told, "tab_vcpus", "vcpus").alias("vcpus"))


def _is_footer() -> pl.Expr:
    return pl.all_horizontal(pl.col("power_state", "vcpus", "vm_id", "vm_uuid", "smbios_uuid", "host").is_null())
