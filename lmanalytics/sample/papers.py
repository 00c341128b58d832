"""Write the sample's entitlement, branch and price files, each in the format that its sender would use."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]  # it has no stubs

from lmanalytics.sample import purchases
from lmanalytics.sample.dice import Dice
from lmanalytics.sample.estate import DOMAIN
from lmanalytics.sample.files import Files
from lmanalytics.sample.order import Order
from lmanalytics.sample.people import people
from lmanalytics.sample.repeated import PAPERS, SITES_OF_ZONE, of_sites, of_zones, paper
from lmanalytics.sample.stock import Tally

_ONCE = ("providers.csv", "prices.csv")
_GROWN = {"access_counts.csv": ("users", "devices", "external_users"), "access_licenses.csv": ("quantity",)}
_OF_ZONES = ("agreements.csv", "verification_forms.csv", "online_subscriptions.csv")
_OBSERVED = ("hosts_branch.csv", "oses_branch.csv", "installs_sql.csv", "installs_servers.csv")
_PEOPLE = ("employees.csv", "app_users.csv", "workplace_orders.csv", "devices.csv")
_OF_SITES = (
    "esu_coverage.csv", "mobility_deployments.csv", "license_assignments.csv", "recovery_runs.csv",
    "self_hosted_solutions.csv", "cloud_services.csv",
)  # fmt: skip
_DIRECTORY = ("ad_computers.csv",)
_ESTATE, _CORRECTIONS = "estate.yaml", "corrections.yaml"
_STATEMENT_HEADING_ROW = 9
_STATEMENT_DATE_CELL = "K3"


def add_papers(files: Files, order: Order, tally: Tally, entity: int, dice: Dice) -> None:
    """Write every file of an entity but the machines that its vCenters export."""
    sites = order.entity_sites(entity)
    zones = list(range(sites[0] // SITES_OF_ZONE, (sites[1] - 1) // SITES_OF_ZONE + 1))
    for name in (*_ONCE, *_GROWN, *_OF_ZONES, *_PEOPLE, *_OF_SITES, *_DIRECTORY) if order.sites == 1 else _ONCE:
        files.copy(PAPERS / name)
    for name in _OBSERVED:
        observed = paper(name).with_columns(observed_on=pl.lit(order.observed_on.isoformat()))
        for rows in of_sites(observed, sites):
            files.csv(name, rows)
    if order.sites > 1:
        _add_repeated(files, sites, zones)
    if order.employees:
        _add_people(files, order, entity, dice)
    purchases.add(files, order, tally, zones)
    files.csv("datacenters.csv", _datacenters(zones))
    if sites[0] == 0:
        _write_statement(files.folder / "license_statement.xlsx", order.observed_on, sites[1])


def write_notes(into: Path, order: Order, entities: Sequence[str]) -> None:
    """Write estate.yaml, of the smallest estate corrections.yaml, and the page that says what each file is."""
    told = (PAPERS / _ESTATE).read_bytes()
    if len(entities) > 1:
        folders = "".join(f'  "{name}/*": {name}\n' for name in entities)
        told += f"\n# Each entity's exports are in a folder of its own.\nentities:\n{folders}".encode()
    (into / _ESTATE).write_bytes(told)
    if order.sites == 1:
        (into / _CORRECTIONS).write_bytes((PAPERS / _CORRECTIONS).read_bytes())
    page = (PAPERS / "README.txt").read_text(encoding="utf-8")
    if order.sites > 1:
        page += (
            f"\nThis estate is larger than the one described: {order.hosts:,} hosts, machines as {order.format}, "
            f"{order.vcenter_count:,} vCenters of {len(entities):,} entities. Each 40 hosts are drawn like the first "
            f"40 of {DOMAIN}, with dirt of the same kinds, and bring papers like theirs.\n"
        )
    (into / "README.md").write_text(page, encoding="utf-8", newline="\n")


def _add_repeated(files: Files, sites: tuple[int, int], zones: list[int]) -> None:
    for name in (*_OF_SITES, *_PEOPLE):
        for rows in of_sites(paper(name), sites):
            files.csv(name, rows)
    for name in _OF_ZONES:
        files.csv(name, of_zones(paper(name), zones))
    for name, quantities in _GROWN.items():
        grown = [(pl.col(column).cast(pl.Int64) * (sites[1] - sites[0])) for column in quantities]
        files.csv(name, paper(name).with_columns(grown))


def _add_people(files: Files, order: Order, entity: int, dice: Dice) -> None:
    first, last = (number * order.employees // order.entities for number in (entity, entity + 1))
    for drawn in people(range(first, last), dice, order.as_of):
        for table, rows in drawn.items():
            files.table(f"{table}_drawn", rows)


def _datacenters(zones: list[int]) -> pl.DataFrame:
    """The data centers of the branches once, the pair of the head office as often as there are zones."""
    known = paper("datacenters.csv")
    more = pl.DataFrame({"turn": [zone + 1 for zone in zones if zone]}, schema={"turn": pl.Int64})
    pair = known.filter(pl.col("server_farm_id") == "FARM-1").join(more, how="cross", maintain_order="left_right")
    name, farm = pl.format("{} {}", "datacenter_id", "turn"), pl.format("FARM-1-{}", "turn")
    return pl.concat([known, pair.with_columns(datacenter_id=name, server_farm_id=farm).select(known.columns)])


def _write_statement(path: Path, observed_on: date, sites: int) -> None:
    """A License Statement of some sites: its date stands in K3 of Pivot Data, its headings in row 10."""
    lines = paper("statement.csv")
    counts = [name for name in lines.columns if "Quantity" in name or "Expiring" in name]
    lines = lines.with_columns(pl.col(counts).cast(pl.Int64) * sites)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": "License Statement", "created": datetime(observed_on.year, observed_on.month, 1)})  # noqa: DTZ001 (no clock: the same bytes every time)
        summary = book.add_worksheet("Organization Summary")
        summary.write_column(
            0, 0, ["License Statement", "Organization", "Northwind Rail plc", "Prepared by", "Example Reseller Ltd"]
        )
        sheet = book.add_worksheet("Pivot Data")
        sheet.write("A1", "License Statement: Pivot Data")
        sheet.write("J3", "Calculation date")
        sheet.write(_STATEMENT_DATE_CELL, f"{observed_on:%Y/%m/%d}")
        sheet.write_row(_STATEMENT_HEADING_ROW, 0, lines.columns)
        for place, column in enumerate(lines.iter_columns()):
            sheet.write_column(_STATEMENT_HEADING_ROW + 1, place, column.to_list())
