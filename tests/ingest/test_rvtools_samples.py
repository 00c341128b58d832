"""Real exports, counted a second time without the readers: with the csv module and plain loops over raw cells."""

import csv
import os
import re
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from lmanalytics.errors import ExportError
from lmanalytics.ingest.readers import ingest

SAMPLES = Path(os.environ.get("LMANALYTICS_SHARED", "../shared")) / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample exports are not here (LMANALYTICS_SHARED)")
AS_OF = date(2026, 6, 30)
BOOKS = (
    "rvtools-4.7.1-full-571vm-23host",
    "rvtools-4.6.1-655vm-33host",
    "rvtools-mb-era-trimmed-columns",
    "kubev2v-example1",
    "mjvincent-rvtools-small-complete",
)


def cells(path, sheet):
    """The rows of a sheet as dictionaries, the last of two equal headings winning."""
    frame = fastexcel.read_excel(path).load_sheet(sheet, header_row=None, dtypes="string").to_polars()
    headings, *rows = frame.rows()
    return [dict(zip(headings, row, strict=True)) for row in rows]


def guest_of(row):
    detail = re.search(r"prettyName='([^']+)'", row.get("Guest Detailed Data") or "")
    sources = [detail and detail[1], row.get("OS according to the VMware Tools")]
    sources.append(row.get("OS according to the configuration file"))
    return next((text for text in sources if text and not text.startswith("Other (")), "")


def is_windows_server(text):
    return "Windows Server" in text


def read(tmp_path, *paths):
    folder = tmp_path / "exports"
    folder.mkdir()
    for path in paths:
        shutil.copy(path, folder)
    result = ingest(folder, tmp_path / "tables", AS_OF)
    return result, {name: pl.read_parquet(path) for name, path in result.tables.items()}


@pytest.mark.parametrize("name", BOOKS)
def test_counts_agree_with_counting_the_cells(tmp_path, name):
    path = SAMPLES / "rvtools" / f"{name}.xlsx"
    machines, hosts = cells(path, "vInfo"), cells(path, "vHost")
    result, tables = read(tmp_path, path)
    oses = tables["oses"]
    assert oses.height == oses["ose_id"].n_unique() == len(machines)
    blank = [row["VM"] for row in machines if row["CPUs"] is None]
    elsewhere = [row for row in (cells(path, "vCPU") if blank else []) if row["VM"] in blank]
    assert oses["vcpus"].sum() == sum(int(row["CPUs"] or 0) for row in machines + elsewhere)
    assert oses["is_running"].sum() == sum(row["Powerstate"] == "poweredOn" for row in machines)
    assert oses["is_template"].sum() == sum(row.get("Template") == "True" for row in machines)
    assert oses["name"].to_list() == [row["VM"] for row in machines]
    windows = sum(is_windows_server(guest_of(row)) for row in machines)
    assert oses.filter(os_product="Windows Server").height == windows
    assert tables["hosts"].height == tables["hosts"]["host_id"].n_unique() == len(hosts)
    assert tables["hosts"]["physical_cores"].sum() == sum(int(row["# Cores"]) for row in hosts)
    joined = set(oses["host_id"]) & set(tables["hosts"]["host_id"])
    expected = {row["Host"].lower() for row in machines if row["Host"]} & {row["Host"].lower() for row in hosts}
    assert len(joined) >= len(expected)
    assert all(table["issues"].list.len().sum() == 0 for table in tables.values())
    counted = result.sources.filter(pl.col("sheet").is_in(["vInfo", "vHost"])).sort("sheet")
    assert counted.select("rows_read", "rows_mapped", "rows_ignored").rows() == [
        (len(hosts),) * 2 + (0,),
        (len(machines),) * 2 + (0,),
    ]


@pytest.mark.parametrize(
    ("name", "machines", "hosts", "cores", "windows"),
    [
        ("rvtools-4.7.1-full-571vm-23host", 571, 23, 1104, 524),
        ("rvtools-4.6.1-655vm-33host", 655, 33, 1280, 0),
        ("rvtools-mb-era-trimmed-columns", 805, 34, 528, 749),
    ],
)
def test_the_figures_of_the_real_exports(tmp_path, name, machines, hosts, cores, windows):
    _, tables = read(tmp_path, SAMPLES / "rvtools" / f"{name}.xlsx")
    found = tables["oses"].height, tables["hosts"].height, tables["hosts"]["physical_cores"].sum()
    assert (*found, tables["oses"].filter(os_product="Windows Server").height) == (machines, hosts, cores, windows)


def test_a_filter_that_left_83_machines_out_is_noticed(tmp_path):
    result, _ = read(tmp_path, SAMPLES / "rvtools" / f"{BOOKS[0]}.xlsx")
    told = dict(result.findings.select("reason", "statement").iter_rows())
    assert "vInfo has 571 machines and vTools 654: 83 were filtered out" in told["tab_was_filtered"]


def test_32_of_38_hosts_do_not_join_and_keep_unknown_cores(tmp_path):
    result, tables = read(tmp_path, SAMPLES / "rvtools" / f"{BOOKS[2]}.xlsx")
    lost = tables["oses"].join(tables["hosts"], on="host_id", how="anti")
    assert (tables["oses"]["host_id"].n_unique(), lost["host_id"].n_unique()) == (38, 32)
    told = dict(result.findings.select("reason", "statement").iter_rows())
    assert "machines run on 32 hosts that vHost lacks" in told["host_not_in_vhost"]


def test_three_real_exports_together_stay_apart(tmp_path):
    paths = [SAMPLES / "rvtools" / f"{name}.xlsx" for name in BOOKS[:3]]
    _, tables = read(tmp_path, *paths)
    assert tables["oses"]["ose_id"].n_unique() == 571 + 655 + 805
    assert tables["hosts"]["host_id"].n_unique() == 23 + 33 + 34
    assert tables["oses"]["inventory_id"].n_unique() == 3


def test_a_real_csv_of_3_8(tmp_path):
    path = SAMPLES / "rvtools-csv" / "3.x-vinfo-real-scrubbed" / "RVTools_tabvInfo.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    _, tables = read(tmp_path, path)
    oses = tables["oses"]
    assert oses["name"].to_list() == [row["VM"].strip() for row in rows]
    assert "59" in oses["name"].to_list()
    assert oses["vcpus"].to_list() == [int(row["CPUs"]) for row in rows]
    assert Counter(oses["is_running"]) == Counter(row["Powerstate"] == "poweredOn" for row in rows)


def test_an_invented_csv_folder_of_4_7(tmp_path):
    folder = SAMPLES / "rvtools-csv" / "vcfops-synth-4.7.1-invented"
    result, tables = read(tmp_path, *sorted(folder.glob("*.csv")))
    assert (tables["oses"].height, tables["hosts"].height, tables["hosts"]["physical_cores"].sum()) == (10, 3, 96)
    assert tables["oses"]["observed_on"].unique().to_list() == [date(2026, 9, 30)]
    assert tables["oses"]["name"].null_count() == 1
    told = dict(result.findings.select("reason", "statement").iter_rows())
    assert "esx99" in told["host_not_in_vhost"]
    assert "after the position date" in told["export_after_position_date"]


def test_an_encrypted_workbook(tmp_path):
    with pytest.raises(ExportError, match="sensitivity label"):
        read(tmp_path, SAMPLES / "azure-migrate" / "AzureMigrate_Discovery_Report.MIP-encrypted.xlsx")
