"""Write snapshots of the estate as RVTools does: a workbook each, or a folder of CSVs when it is large."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]  # it has no stubs

from lmanalytics.sample.dice import Dice
from lmanalytics.sample.estate import FAULTY, ODDITIES, SITE, hosts, oses, uuid
from lmanalytics.sample.guests import guests

WORKBOOK_HOSTS = 2000
"""A larger estate is written as CSVs: a worksheet ends at a million rows, and people at far fewer."""

_TABS = pl.read_csv(Path(__file__).parent / "tabs.csv", infer_schema=False)
_IN_CSV = ("vInfo", "vHost", "vCluster", "vSource", "vMetaData")
_PIECE = 50 * SITE
_SECONDS = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Snapshot:
    """One export: when it was taken, and how many exports before the newest."""

    taken_at: datetime
    age: int

    @property
    def name(self) -> str:
        """The name that RVTools gives the file."""
        return f"RVTools_export_all_{self.taken_at:%Y-%m-%d_%H.%M.%S}"


def write_snapshot(into: Path, snapshot: Snapshot, *, host_count: int, density: int, dice: Dice) -> None:
    """Write one workbook, or one folder of CSVs in pieces of 2,000 hosts so that memory stays bounded."""
    pieces = (
        _piece(first, min(first + _PIECE, host_count), snapshot, density=density, dice=dice)
        for first in range(0, host_count, _PIECE)
    )
    if host_count > WORKBOOK_HOSTS:
        _write_csvs(into / snapshot.name, pieces)
    else:
        _write_workbook(into / f"{snapshot.name}.xlsx", next(pieces), snapshot.taken_at)


def _piece(first: int, last: int, snapshot: Snapshot, *, density: int, dice: Dice) -> dict[str, pl.DataFrame]:
    """Return the frame behind each tab for some whole sites."""
    place = hosts(first, last, dice)
    if snapshot.age:
        place = place.filter(~pl.col("is_new"))
    vms = oses(place, dice, density=density, age=snapshot.age)
    vms = guests(vms, dice, newest=snapshot.taken_at.date(), age=snapshot.age)
    vms = vms.update(ODDITIES, on="number").with_columns(
        name=pl.when(pl.col("name") != "(blank)").then("name"),
        pool=pl.format("/{}/{}/Resources", "datacenter", "cluster"),
        network=pl.format("VLAN {}", pl.col("cluster").str.len_chars() * 10),
        directory=pl.format("[{}-01] {}/", "cluster", "label"),
        path=pl.format("[{}-01] {}/{}.vmx", "cluster", "label", "label"),
    )
    once = pl.DataFrame({"written_at": [snapshot.taken_at]})
    frames = {
        "vInfo": vms,
        "vCPU": vms,
        "vTools": vms,
        "vHost": _hosts(place, vms, dice),
        "vCluster": _clusters(place, dice),
    }
    frames |= dict.fromkeys(("vSource", "vLicense", "vMetaData"), once)
    vcenter = {"vcenter": pl.lit("vcenter.northwind-rail.example"), "vcenter_uuid": uuid(pl.lit(0), dice, "vcenter")}
    return {tab: _tab(tab, frame.with_columns(**vcenter)) for tab, frame in frames.items()}


def _hosts(place: pl.DataFrame, vms: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """Add what vHost says about each host's load; a faulty host says nonsense about its cores."""
    number, on = pl.col("host_number"), pl.col("power") == "poweredOn"
    load = vms.group_by("host").agg(
        vms_total=(pl.col("template") == "False").sum(),
        vms_on=on.sum(),
        vcpus_on=pl.col("cpus").filter(on).sum(),
        vram=pl.col("memory").filter(on).sum(),
    )
    is_faulty = number == FAULTY
    return (
        place.join(load, on="host", how="left", maintain_order="left")
        .with_columns(pl.col("vms_total", "vms_on", "vcpus_on", "vram").fill_null(0))
        .with_columns(
            maintenance=pl.when(is_faulty).then(pl.lit("True")).otherwise(pl.lit("False")),
            vms_per_core=(pl.col("vms_on") / pl.col("physical_cores")).round(9),
            vcpus_per_core=(pl.col("vcpus_on") / pl.col("physical_cores")).round(9),
            cpu_usage=20 + dice.below(number, "cpu usage", 50),
            memory_usage=30 + dice.below(number, "memory usage", 50),
            booted_at=pl.lit(datetime(2025, 7, 1, 4)) + pl.duration(minutes=dice.below(number, "boot", 200_000)),  # noqa: DTZ001 (local time)
            processors=pl.when(is_faulty).then(0).otherwise("processors"),
            physical_cores=pl.when(is_faulty).then(-16).otherwise("physical_cores"),
        )
    )


def _clusters(place: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """Sum the hosts of each cluster, as vCenter itself counts them."""
    cores = pl.col("physical_cores").sum()
    return place.group_by("cluster", maintain_order=True).agg(
        pl.col("cluster_object").first(),
        cluster_hosts=pl.len(),
        cluster_cores=cores,
        cluster_threads=cores * 2,
        cluster_mhz=(pl.col("physical_cores") * pl.col("speed")).sum(),
        cluster_memory=pl.col("host_memory").sum(),
        vmotions=dice.below(pl.col("host_number").first(), "vmotions", 30_000),
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


def _write_csvs(folder: Path, pieces: Iterator[dict[str, pl.DataFrame]]) -> None:
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        files = {tab: stack.enter_context((folder / f"RVTools_tab{tab}.csv").open("wb")) for tab in _IN_CSV}
        for tab, file in files.items():
            file.write((",".join(_headings(tab)) + "\r\n").encode())
        for count, piece in enumerate(pieces):
            for tab, file in files.items():
                if count == 0 or tab not in {"vSource", "vMetaData"}:
                    piece[tab].write_csv(file, include_header=False, line_terminator="\r\n", datetime_format=_SECONDS)


def _write_workbook(path: Path, tabs: dict[str, pl.DataFrame], created_at: datetime) -> None:
    """Write numbers as numbers, times as times and every text as text, whatever it begins with."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), {**options, "default_date_format": "yyyy/mm/dd hh:mm:ss"}) as book:
        book.set_properties({"title": path.stem, "created": created_at})
        for tab in _TABS["tab"].unique(maintain_order=True):
            sheet = book.add_worksheet(tab)
            sheet.write_row(0, 0, _headings(tab))
            for place, column in enumerate(tabs[tab].iter_columns()):
                sheet.write_column(1, place, column.to_list())
            sheet.freeze_panes(1, 1)
