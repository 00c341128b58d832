from datetime import date
from pathlib import Path
from zipfile import ZipFile

import fastexcel
import polars as pl
import pytest

from lmanalytics import sample
from lmanalytics.errors import UsageError

COMMITTED = Path(__file__).parents[2] / "data" / "sample"
NEWEST = "RVTools_export_all_2026-06-28_06.00.12.xlsx"
BEFORE = "RVTools_export_all_2026-03-31_06.00.07.xlsx"


def contents(folder):
    """Every file; of a workbook its parts, because two versions of zlib may pack them differently."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".xlsx":
            with ZipFile(path) as book:
                found |= {f"{name}/{part.filename}": (part.date_time, book.read(part)) for part in book.infolist()}
        else:
            found[name] = path.read_bytes()
    return found


def tab(path, name):
    return fastexcel.read_excel(path).load_sheet(name, dtypes="string").to_polars()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    sample.write(folder)
    return folder


@pytest.fixture(scope="module")
def vms(written):
    return tab(written / NEWEST, "vInfo")


@pytest.fixture(scope="module")
def hosts(written):
    return tab(written / NEWEST, "vHost")


def test_the_committed_sample_is_what_the_defaults_write(written):
    assert contents(written) == contents(COMMITTED)


def test_twice_the_same_bytes(written, tmp_path):
    sample.write(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {p.name: p.read_bytes() for p in written.iterdir()}


def test_another_seed_gives_another_estate_with_the_same_hosts(vms, hosts, tmp_path):
    sample.write(tmp_path, seed=7)
    assert tab(tmp_path / NEWEST, "vHost")["Host"].equals(hosts["Host"])
    assert not tab(tmp_path / NEWEST, "vInfo")["VM UUID"].equals(vms["VM UUID"])


def test_it_is_small_enough_to_commit(written):
    assert sum(p.stat().st_size for p in written.iterdir()) < 1_000_000


def test_the_newest_snapshot_is_two_days_before_the_position_date(tmp_path):
    sample.write(tmp_path, hosts=2, as_of=date(2027, 1, 2))
    assert sorted(p.name[19:29] for p in tmp_path.glob("RVTools*")) == ["2026-10-03", "2026-12-31"]
    book = next(tmp_path.glob("RVTools*2026-12-31*"))
    assert tab(book, "vMetaData")["xlsx creation datetime"].to_list() == ["2026-12-31 06:00:12"]


def test_an_estate_needs_hosts_and_an_empty_folder(tmp_path):
    with pytest.raises(UsageError, match="0 hosts"):
        sample.write(tmp_path / "none", hosts=0)
    (tmp_path / "mine.csv").touch()
    with pytest.raises(UsageError, match="not empty"):
        sample.write(tmp_path)


def test_custom_attributes_stand_between_annotation_and_datacenter_and_repeat_a_heading(written):
    sheet = fastexcel.read_excel(written / NEWEST).load_sheet("vInfo", header_row=None, n_rows=1, dtypes="string")
    headings = list(sheet.to_polars().row(0))
    start, end = headings.index("Annotation"), headings.index("Datacenter")
    assert headings[start + 1 : end] == ["Owner", "Environment", "Cluster"]
    assert headings.count("Cluster") == 2
    assert len(headings) == 90 + 3


def test_odd_names_are_kept_as_text(vms):
    names = vms["VM"].to_list()
    for odd in ("<script>alert('x')</script>", '=HYPERLINK("http://example.test")', "4711", "nwr-web-legacy  ", None):
        assert odd in names


def test_ids_are_unique_but_a_smbios_uuid_is_shared(vms):
    assert vms["VM UUID"].is_unique().all()
    assert vms["VM ID"].is_unique().all()
    assert vms["SMBIOS UUID"].value_counts()["count"].max() == 4


def test_the_dirt_of_real_exports_is_there(written, vms, hosts):
    assert set(vms["Host"]) - set(hosts["Host"]) == {"esx-retired-07.northwind-rail.example"}
    idle = set(hosts["Host"]) - set(vms["Host"])
    assert idle == {"esx022.northwind-rail.example", "esx040.northwind-rail.example"}
    assert hosts.filter(pl.col("# Cores") == "-16")["Host"].to_list() == ["esx040.northwind-rail.example"]
    assert vms["Template"].unique().sort().to_list() == ["False", "True"]
    assert vms["SRM Placeholder"].unique().sort().to_list() == ["False", "True"]
    assert vms["Powerstate"].unique().sort().to_list() == ["poweredOff", "poweredOn", "suspended"]
    assert vms["VM"].str.starts_with("vCLS-").sum() == 12
    assert vms["Creation date"].str.starts_with("1969-12-31").any()
    assert "0" in tab(written / NEWEST, "vCPU")["Sockets"].to_list()
    configured, reported = "OS according to the configuration file", "OS according to the VMware Tools"
    assert (vms[configured] == "Microsoft Windows Server 2016 or later (64-bit)").any()
    assert (vms[configured] != vms[reported]).any()
    assert vms[reported].is_null().any()


def test_clusters_count_the_cores_of_their_hosts_but_for_the_faulty_one(written, hosts):
    cores = hosts.group_by("Cluster").agg(pl.col("# Cores").cast(pl.Int64).sum(), pl.len())
    clusters = tab(written / NEWEST, "vCluster").join(cores, left_on="Name", right_on="Cluster")
    differing = clusters.filter(pl.col("NumCpuCores").cast(pl.Int64) != pl.col("# Cores"))["Name"].to_list()
    assert differing == ["TST"]
    assert clusters["NumHosts"].cast(pl.Int64).sum() == 40


def test_the_estate_grows_and_moves_between_the_snapshots(written, vms):
    before = tab(written / BEFORE, "vInfo")
    both = vms.join(before, on="VM UUID", suffix=" before")
    moved = both.filter(pl.col("Host") != pl.col("Host before"))
    assert vms.height > before.height > both.height
    assert 0 < moved.height < both.height // 3
    assert moved.filter(pl.col("Cluster_1") != pl.col("Cluster_1 before")).is_empty()


def test_the_statement_has_its_date_in_k3_and_its_headings_in_row_10(written):
    book = fastexcel.read_excel(written / "license_statement.xlsx")
    cells = book.load_sheet("Pivot Data", header_row=None, skip_rows=0, dtypes="string").to_polars()
    assert cells.row(2)[10] == "2026/06/28"
    assert cells.row(9)[:4] == (
        "Product Pool",
        "License Product Family",
        "License Version",
        "Effective License Quantity",
    )
    table = cells[10:]
    quantity, country = table.to_series(3).cast(pl.Int64), table.to_series(7)
    assert quantity.filter(country == "All Countries").sum() == quantity.filter(country != "All Countries").sum()


def test_the_german_list_is_windows_1252_with_semicolons(written):
    text = (written / "purchases_de.csv").read_bytes().decode("cp1252")
    assert text.splitlines()[0].endswith(";Einzelpreis;Währung")
    assert '"' not in text
    assert "9.120,50" in text


def test_a_large_estate_is_a_folder_of_csvs_and_pieces_leave_no_seam(tmp_path, monkeypatch):
    sample.write(tmp_path / "whole", hosts=130, density=4, form="rvtools", vcenters=1)
    monkeypatch.setattr("lmanalytics.sample.order.PIECE_OSES", 160)
    sample.write(tmp_path / "pieces", hosts=130, density=4, form="rvtools", vcenters=1)
    assert contents(tmp_path / "whole") == contents(tmp_path / "pieces")
    folder = tmp_path / "whole" / "RVTools_export_all_2026-06-28_06.00.12"
    assert sorted(p.name for p in folder.iterdir()) == [
        "RVTools_tabvCluster.csv",
        "RVTools_tabvHost.csv",
        "RVTools_tabvInfo.csv",
        "RVTools_tabvMetaData.csv",
        "RVTools_tabvSource.csv",
    ]
    hosts = pl.read_csv(folder / "RVTools_tabvHost.csv")
    assert hosts["Host"].is_unique().all()
    assert hosts.height == 130


def test_purchases_grow_with_the_estate(tmp_path):
    sample.write(tmp_path, hosts=80)
    small, large = (pl.read_csv(folder / "purchases_uk.csv")["Quantity"].sum() for folder in (COMMITTED, tmp_path))
    assert 1.7 * small < large < 2.3 * small
