from datetime import date
from typing import NamedTuple

import polars as pl
import pytest
import yaml

from lmanalytics import sample
from lmanalytics.errors import UsageError
from lmanalytics.ingest.readers import ingest
from lmanalytics.quality.gate import gate
from lmanalytics.sample import files, order
from lmanalytics.sample.order import Order

AS_OF = date(2026, 6, 30)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def canonical(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canonical")
    sample.write(folder, hosts=2000, density=10, installs=3, form="canonical")
    return folder


@pytest.fixture(scope="module")
def oses(canonical):
    return pl.read_csv(canonical / "oses.csv", infer_schema=False)


@pytest.mark.parametrize("form", ["rvtools", "canonical", "parquet"])
def test_pieces_leave_no_seam_and_the_same_order_gives_the_same_bytes(form, tmp_path, monkeypatch):
    asked = {"hosts": 210, "density": 3, "installs": 2, "vcenters": 3, "employees": 50, "form": form}
    sample.write(tmp_path / "whole", **asked)
    monkeypatch.setattr(order, "PIECE_OSES", 120)
    sample.write(tmp_path / "pieces", **asked)
    assert contents(tmp_path / "whole") == contents(tmp_path / "pieces")


def test_another_seed_gives_other_installs(canonical, tmp_path):
    sample.write(tmp_path, hosts=80, density=3, installs=3, form="canonical", seed=7)
    other = (tmp_path / "installs_inventory.csv").read_bytes()
    assert other[:5000] != (canonical / "installs_inventory.csv").read_bytes()[:5000]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"hosts": 0}, "0 hosts"),
        ({"density": 0}, "1 to 400 OSEs on average, not 0"),
        ({"density": 401}, "not 401"),
        ({"installs": 51}, "at most 50 installs"),
        ({"installs": -1}, "not -1"),
        ({"form": "json"}, "no form 'json'"),
        ({"hosts": 2001, "form": "workbook"}, "2,000 hosts of the sample at most, not 2,001"),
        ({"entities": 2, "vcenters": 1, "hosts": 80, "form": "rvtools"}, "2 entities need as many vCenters"),
        ({"entities": 3, "hosts": 80, "form": "rvtools"}, "80 hosts make 2"),
        ({"hosts": 200_000_000}, r"takes about .* GB, and .* free\. Ask for fewer hosts"),
    ],
)
def test_an_order_that_cannot_be_is_refused_before_anything_is_written(asked, told, tmp_path):
    with pytest.raises(UsageError, match=told):
        sample.write(tmp_path / "new", **asked)
    assert not (tmp_path / "new").exists()


def test_the_disk_must_have_room(tmp_path, monkeypatch):
    need = Order(hosts=5000).bytes()
    monkeypatch.setattr(order.shutil, "disk_usage", lambda _: Usage(need * 2, need + 1, need - 1))
    with pytest.raises(UsageError, match="on a larger disk"):
        sample.write(tmp_path / "new", hosts=5000)


@pytest.mark.parametrize("form", ["rvtools", "canonical", "parquet"])
def test_the_estimate_of_the_disk_is_near_and_not_below(form, tmp_path):
    asked = {"hosts": 400, "density": 20, "installs": 3, "form": form}
    sample.write(tmp_path, **asked)
    taken = sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file())
    assert 0.6 * Order(**asked).bytes() < taken < Order(**asked).bytes()


@pytest.mark.parametrize(
    ("hosts", "form", "vcenters"),
    [(40, "workbook", 1), (2000, "workbook", 1), (2001, "rvtools", 2), (250_000, "rvtools", 125)],
)
def test_form_and_vcenters_follow_from_the_size(hosts, form, vcenters):
    assert (Order(hosts=hosts).format, Order(hosts=hosts).vcenter_count) == (form, vcenters)


@pytest.mark.parametrize("vcenters", [1, 2, 3, 7])
def test_every_host_is_in_one_piece_of_one_vcenter(vcenters):
    asked = Order(hosts=270, density=400, vcenters=vcenters, form="rvtools")
    pieces = [p for v in range(vcenters) for p in asked.pieces(asked.vcenter_sites(v))]
    assert [host for first, last in pieces for host in range(first, last)] == list(range(270))
    assert all(first % 40 == 0 for first, _ in pieces)


def test_several_vcenters_use_the_same_names_and_ids(tmp_path):
    sample.write(tmp_path, hosts=80, density=3, snapshots=1, form="rvtools", vcenters=2)
    one, two = (pl.read_csv(p, infer_schema=False) for p in sorted(tmp_path.rglob("RVTools_tabvInfo.csv")))
    assert set(one["VM ID"]) & set(two["VM ID"])
    assert set(one["Cluster_duplicated_0"]) == set(two["Cluster_duplicated_0"])
    assert not set(one["VM UUID"]) & set(two["VM UUID"])
    assert one["VI SDK UUID"].n_unique() == two["VI SDK UUID"].n_unique() == 1


def test_the_dirt_of_real_exports_is_drawn(oses, canonical):
    drawn = oses.filter(pl.col("ose_id") > "nwr-app-040000")
    name = pl.col("name")
    for odd in (
        name.is_null(),
        name.str.contains("<script>"),
        name.str.starts_with("=cmd"),
        name.str.contains(',.*"'),
        name.str.ends_with("  "),
        name.str.contains(r"^\d+$"),
        name.str.contains("^NWR-"),
    ):
        assert drawn.filter(odd).height, odd
    hosts = pl.read_csv(canonical / "hosts.csv", infer_schema=False)
    assert drawn["host_id"].null_count()
    assert any(host.startswith("esx-retired") for host in drawn["host_id"].drop_nulls())
    assert drawn["host_id"].drop_nulls().str.contains("^ESX").any()
    assert hosts["physical_cores"].null_count()
    assert hosts["host_name"].str.contains("^ESX").any()
    assert hosts["observed_on"].unique().sort().to_list() == ["28/06/2026", "31/03/2026"]
    assert oses.is_duplicated().any()
    assert hosts.is_duplicated().any()
    assert oses["is_template"].str.contains("true").any()
    assert oses["is_running"].str.contains("false").any()


def test_the_dirt_is_little(oses):
    odd = oses.filter(~pl.col("name").str.contains(r"^(nwr|vCLS)-\S+$").fill_null(value=False))
    assert 0.001 < odd.height / oses.height < 0.02


def test_an_inventory_lists_so_many_installs_and_names_machines_of_the_estate(canonical, oses):
    installs = pl.read_csv(canonical / "installs_inventory.csv", infer_schema=False)
    newest = set(oses.filter(observed_on="2026-06-28")["ose_id"])
    known = installs["ose_id"].str.to_lowercase().is_in(newest)
    assert 2.9 < installs["install_id"].n_unique() / len(newest) < 3.1
    assert 0.99 < known.mean() < 1
    assert installs.is_duplicated().any()
    assert installs["product"].null_count()
    engines = installs.filter(pl.col("component") == "Database Engine")
    assert {"Standard", "Enterprise", "Express", "Developer", None} <= set(engines["edition"])


def test_papers_of_other_sites_name_their_machines_and_agreements(canonical, oses):
    known = set(oses["ose_id"])
    coverage = pl.read_csv(canonical / "esu_coverage.csv", infer_schema=False)
    machines = coverage["ose_id"].drop_nulls()
    assert coverage["coverage_id"].is_unique().all()
    assert machines.is_in(known).mean() > 0.6
    assert coverage.height == 50 * 8
    agreements = pl.read_csv(canonical / "agreements.csv", infer_schema=False)
    assert agreements.select("agreement_id", "enrollment_id").is_unique().all()
    assert agreements.height == 2 * 5
    for name in ("mobility_deployments", "license_assignments"):
        frame = pl.read_csv(canonical / f"{name}.csv", infer_schema=False)
        assert set(frame["agreement_id"].drop_nulls()) <= set(agreements["agreement_id"])


def test_parquet_comes_in_parts_with_types(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_PART_ROWS", 100)
    rows = sample.write(tmp_path, hosts=80, density=3, installs=2, form="parquet")
    parts = sorted(tmp_path.glob("oses_part_*.parquet"))
    frames = [pl.read_parquet(p) for p in parts]
    assert [f.height for f in frames[:-1]] == [100] * (len(parts) - 1)
    assert sum(f.height for f in frames) == rows["oses"]
    assert frames[0].schema["observed_on"] == pl.Date
    assert frames[0].schema["vcpus"] == pl.Int64
    assert frames[0].schema["is_running"] == pl.Boolean


def test_each_entity_has_a_folder_with_machines_and_papers_of_its_own(tmp_path):
    sample.write(tmp_path, hosts=4 * 1000, density=1, snapshots=1, form="canonical", entities=2)
    told = yaml.safe_load((tmp_path / "estate.yaml").read_text())["entities"]
    assert told == {"northwind_rail/*": "northwind_rail", "northwind_2/*": "northwind_2"}
    ids = {}
    for name in ("northwind_rail", "northwind_2"):
        ids[name] = {*pl.read_csv(tmp_path / name / "agreements.csv", infer_schema=False)["enrollment_id"]}
        assert pl.read_csv(tmp_path / name / "hosts.csv").height > 1990
    assert not ids["northwind_rail"] & ids["northwind_2"]


def test_employees_are_drawn_with_devices_and_orders(tmp_path):
    rows = sample.write(tmp_path, hosts=1, employees=3000)
    assert rows["employees_drawn"] == rows["devices_drawn"] == 3000
    assert 90 * 3000 < sum(p.stat().st_size for p in tmp_path.glob("*_drawn.csv")) < 130 * 3000
    assert 200 < rows["workplace_orders_drawn"] < 280
    hired = pl.read_csv(tmp_path / "employees_drawn.csv", infer_schema=False)["employed_from"]
    assert hired.str.to_date("%d/%m/%Y").max() < AS_OF


def test_entities_share_the_employees(tmp_path):
    sample.write(tmp_path, hosts=120, density=1, form="canonical", entities=2, employees=101)
    ids = pl.concat(pl.read_csv(p, infer_schema=False) for p in sorted(tmp_path.rglob("employees_drawn.csv")))
    assert ids["employee_id"].n_unique() == ids.height == 101


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.Files, "table", full)
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        sample.write(tmp_path, hosts=80, density=1, form="canonical")


def test_progress_is_told_in_twentieths(tmp_path):
    told = []
    sample.write(tmp_path, hosts=200, density=400, snapshots=1, form="canonical", progress=told.append)
    assert told == [f"{p} % of the machines written" for p in (40, 80, 100)]


@pytest.mark.slow
def test_the_gate_keeps_little_of_it_back(tmp_path):
    sample.write(tmp_path / "exports", hosts=120, density=6, installs=2, form="rvtools", vcenters=2, employees=200)
    ingested = ingest(tmp_path / "exports", tmp_path / "tables", AS_OF)
    gated = gate(ingested.tables, tmp_path / "accepted", tmp_path / "quarantine", tmp_path / "quality", as_of=AS_OF)
    counts = gated.counts.sum()
    assert 0 < counts["quarantined"].item() / counts["read"].item() < 0.01
    assert {"oses", "hosts", "installs", "purchases", "employees", "esu_coverage"} <= set(gated.counts["table"])
