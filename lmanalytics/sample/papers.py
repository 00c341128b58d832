"""Write the sample's entitlement, branch and price files, each in the format that its sender would use."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]  # it has no stubs

from lmanalytics.sample.estate import SITE, ZONE

_PAPERS = Path(__file__).parent / "papers"
_AS_THEY_ARE = (
    "agreements.csv", "providers.csv", "prices.csv", "estate.yaml", "access_counts.csv", "access_licenses.csv",
    "esu_coverage.csv", "mobility_deployments.csv", "verification_forms.csv", "license_assignments.csv",
    "recovery_runs.csv", "self_hosted_solutions.csv", "employees.csv", "app_users.csv", "workplace_orders.csv",
    "devices.csv", "online_subscriptions.csv", "cloud_services.csv",
)  # fmt: skip
_OBSERVED = ("hosts_branch.csv", "oses_branch.csv", "installs_sql.csv", "installs_servers.csv")
_STATEMENT_HEADING_ROW = 9
_STATEMENT_DATE_CELL = "K3"


def write_papers(into: Path, *, host_count: int, observed_on: date) -> None:
    """Write every file but the RVTools exports. Bought quantities grow with the number of hosts."""
    for name in _AS_THEY_ARE:
        (into / name).write_bytes((_PAPERS / name).read_bytes())
    (into / "README.md").write_bytes((_PAPERS / "README.txt").read_bytes())
    for name in _OBSERVED:
        observed = _read(name).with_columns(observed_on=pl.lit(observed_on.isoformat()))
        observed.write_csv(into / name, line_terminator="\n")
    _grown("purchases_uk.csv", "Quantity", host_count).write_csv(into / "purchases_uk.csv", line_terminator="\r\n")
    german = _grown("purchases_de.csv", "Menge", host_count).write_csv(separator=";", line_terminator="\r\n")
    (into / "purchases_de.csv").write_bytes(german.encode("cp1252"))
    _read("purchases_other.csv").write_csv(into / "purchases_other.csv", line_terminator="\n")
    _datacenters(host_count).write_csv(into / "datacenters.csv", line_terminator="\n")
    _write_statement(into / "license_statement.xlsx", observed_on)


def _read(name: str) -> pl.DataFrame:
    return pl.read_csv(_PAPERS / name, infer_schema=False)


def _grown(name: str, column: str, host_count: int) -> pl.DataFrame:
    grown = pl.col(column).cast(pl.Int64) * max(host_count, SITE) // SITE
    return _read(name).with_columns(grown.cast(pl.String))


def _datacenters(host_count: int) -> pl.DataFrame:
    """The data centers of the branches once, the pair of the head office as often as there are zones."""
    known = _read("datacenters.csv")
    more = pl.select(turn=pl.int_range(2, (host_count - 1) // ZONE + 2))
    pair = known.filter(pl.col("server_farm_id") == "FARM-1").join(more, how="cross")
    name, farm = pl.format("{} {}", "datacenter_id", "turn"), pl.format("FARM-1-{}", "turn")
    return pl.concat([known, pair.with_columns(datacenter_id=name, server_farm_id=farm).select(known.columns)])


def _write_statement(path: Path, observed_on: date) -> None:
    """A License Statement: its date stands in K3 of Pivot Data, its headings in row 10."""
    lines = _read("statement.csv")
    counts = [name for name in lines.columns if "Quantity" in name or "Expiring" in name]
    lines = lines.with_columns(pl.col(counts).cast(pl.Int64))
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
