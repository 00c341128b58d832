"""Write snapshots of the estate as RVTools does: a workbook each, or a folder of CSVs when it is large."""

from datetime import datetime
from pathlib import Path

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]  # it has no stubs

from lmanalytics.sample.dice import Dice
from lmanalytics.sample.estate import FAULTY, SITE, uuid
from lmanalytics.sample.files import Files
from lmanalytics.sample.machines import Machines, VCenter

_TABS = pl.read_csv(Path(__file__).parent / "tabs.csv", infer_schema=False)
_IN_CSV = ("vInfo", "vHost", "vCluster", "vSource", "vMetaData")
_MOVES, _SNAPSHOTS = 700, 8
_ONCE = ("vSource", "vLicense", "vMetaData")


def name_of(taken_at: datetime) -> str:
    """Return the name that RVTools gives an export."""
    return f"RVTools_export_all_{taken_at:%Y-%m-%d_%H.%M.%S}"


def add_csvs(files: Files, folder: str, found: Machines, vcenter: VCenter, taken_at: datetime, dice: Dice) -> None:
    """Add a piece of a vCenter to the CSVs of its export, one for each tab that is read."""
    tabs = _tabs(found, vcenter, taken_at, dice, _IN_CSV)
    for tab in _IN_CSV:
        file = f"{folder}/RVTools_tab{tab}.csv"
        if tab not in _ONCE or file not in files.rows:
            files.csv(file, tabs[tab], headings=_headings(tab), line="\r\n")


def close_csvs(files: Files, folder: str) -> None:
    """Close the CSVs of an export."""
    for tab in _IN_CSV:
        files.close(f"{folder}/RVTools_tab{tab}.csv")


def _tabs(
    found: Machines, vcenter: VCenter, taken_at: datetime, dice: Dice, names: tuple[str, ...]
) -> dict[str, pl.DataFrame]:
    """Return the rows of each tab."""
    vms = found.vms.with_columns(
        pool=pl.format("/{}/{}/Resources", "datacenter", "cluster"),
        network=pl.format("VLAN {}", pl.col("cluster").str.len_chars() * 10),
        directory=pl.format("[{}-01] {}/", "cluster", "label"),
        path=pl.format("[{}-01] {}/{}.vmx", "cluster", "label", "label"),
    ).collect()
    once = pl.DataFrame({"written_at": [taken_at]})
    frames = {
        "vInfo": vms,
        "vCPU": vms,
        "vTools": vms,
        "vHost": _hosts(found.hosts.collect(), vms, dice),
        "vCluster": _clusters(found, dice),
    }
    frames |= dict.fromkeys(_ONCE, once)
    told = {
        "vcenter": pl.lit(vcenter.server),
        "vcenter_uuid": uuid(pl.lit(vcenter.number), dice, "vcenter"),
    }
    return {tab: _tab(tab, frames[tab].with_columns(**told)) for tab in names}


def _hosts(place: pl.DataFrame, vms: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """Add what vHost says about each host's load; a faulty host says nonsense about its cores."""
    number, on = pl.col("host_number"), pl.col("power") == "poweredOn"
    load = vms.group_by("host").agg(
        vms_total=(pl.col("template") == "False").sum(),
        vms_on=on.sum(),
        vcpus_on=pl.col("cpus").filter(on).sum(),
        vram=pl.col("memory").filter(on).sum(),
    )
    is_faulty, cores = number == FAULTY, pl.when(pl.col("physical_cores") > 0).then("physical_cores")
    return (
        place.join(load, on="host", how="left", maintain_order="left")
        .with_columns(pl.col("vms_total", "vms_on", "vcpus_on", "vram").fill_null(0))
        .with_columns(
            maintenance=pl.when(is_faulty).then(pl.lit("True")).otherwise(pl.lit("False")),
            vms_per_core=(pl.col("vms_on") / cores).round(9),
            vcpus_per_core=(pl.col("vcpus_on") / cores).round(9),
            cpu_usage=20 + dice.below(number, "cpu usage", 50),
            memory_usage=30 + dice.below(number, "memory usage", 50),
            booted_at=pl.lit(datetime(2025, 7, 1, 4)) + pl.duration(minutes=dice.below(number, "boot", 200_000)),  # noqa: DTZ001 (local time)
            processors=pl.when(is_faulty).then(0).otherwise("processors"),
            physical_cores=pl.when(is_faulty).then(-16).otherwise("physical_cores"),
        )
    )


def _clusters(found: Machines, dice: Dice) -> pl.DataFrame:
    """Sum the hosts of each cluster, as vCenter itself counts them."""
    cores, first = pl.col("physical_cores").sum(), pl.col("host_number").first()
    since = pl.when(first >= SITE).then((_SNAPSHOTS - found.age) * _MOVES).otherwise(0)
    return found.real.group_by("cluster", maintain_order=True).agg(
        pl.col("cluster_object").first(),
        cluster_hosts=pl.len(),
        cluster_cores=cores,
        cluster_threads=cores * 2,
        cluster_mhz=(pl.col("physical_cores") * pl.col("speed")).sum(),
        cluster_memory=pl.col("host_memory").sum(),
        vmotions=dice.below(first, "vmotions", 30_000) + since,
    )


def _tab(tab: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Arrange a frame as a tab: a column per heading, named by its place because headings repeat."""
    values = _TABS.filter(tab=tab)["value"]
    return frame.select(_value(value).alias(str(place)) for place, value in enumerate(values))


def _value(notation: str | None) -> pl.Expr:
    """A column of `tabs.csv`: 'text', a whole number, the name of a column, or nothing."""
    if not notation:
        return pl.lit(None, dtype=pl.String)
    if notation.startswith("'"):
        return pl.lit(notation.strip("'"))
    if notation.lstrip("-").isdigit():
        return pl.lit(int(notation), dtype=pl.Int64)
    return pl.col(notation)


def _headings(tab: str) -> list[str]:
    return _TABS.filter(tab=tab)["heading"].to_list()


def write_workbook(path: Path, found: Machines, vcenter: VCenter, taken_at: datetime, dice: Dice) -> None:
    """Write numbers as numbers, times as times and every text as text, whatever it begins with."""
    names = tuple(_TABS["tab"].unique(maintain_order=True))
    tabs = _tabs(found, vcenter, taken_at, dice, names)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), {**options, "default_date_format": "yyyy/mm/dd hh:mm:ss"}) as book:
        book.set_properties({"title": path.stem, "created": taken_at})
        for tab in names:
            sheet = book.add_worksheet(tab)
            sheet.write_row(0, 0, _headings(tab))
            for place, column in enumerate(tabs[tab].iter_columns()):
                sheet.write_column(1, place, column.to_list())
            sheet.freeze_panes(1, 1)
