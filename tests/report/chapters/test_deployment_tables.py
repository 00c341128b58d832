import polars as pl
import pytest

from lmanalytics.report.chapters import deployment_tables
from lmanalytics.report.display import UNKNOWN
from lmanalytics.report.run import open_run
from lmanalytics.schemas import CANONICAL
from tests.report.chapters.test_tables import body
from tests.report.example_run import RUNS, usual


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def test_hosts_that_the_facts_left_out_are_not_counted(tmp_path):
    folder = usual(tmp_path / "run")
    (folder / "facts").mkdir()
    facts = pl.DataFrame({"row_id": [2, 3, 4], "state": ["current", "earlier", "current"]})
    facts.write_parquet(folder / "facts" / "hosts.parquet")
    rows = body(deployment_tables.hosts_table(open_run(folder)))
    assert rows == [["esxi", "customer", "2", "1", "4", "32", "0"]]


def test_installs_are_counted_by_edition_version_and_role(tmp_path):
    folder = usual(tmp_path / "run")
    rows = [("i1", "a", "active", False), ("i2", "a", "active", True), ("i3", "b", "passive_ha", None)]
    frame = pl.LazyFrame(rows, orient="row", schema=["install_id", "ose_id", "role", "is_evaluation"])
    frame = frame.with_columns(product=pl.lit("SQL Server"), edition=pl.lit("Standard"), version=pl.lit("2022"))
    CANONICAL["installs"].conform(frame).collect().write_parquet(folder / "accepted" / "installs.parquet")
    assert body(deployment_tables.installs_table(open_run(folder))) == [
        ["Standard", "2022", "active", "2", "1", "1"],
        ["Standard", "2022", "passive ha", "1", "1", "0"],
    ]


def test_people_are_the_largest_count_of_a_product_and_no_sum(tmp_path):
    folder = usual(tmp_path / "run")
    frame = pl.LazyFrame(
        {"product": ["P", "Q"], "users": [10, 30], "devices": [5, None], "external_users": [None, None]}
    )
    path = folder / "accepted" / "access_counts.parquet"
    CANONICAL["access_counts"].conform(frame).collect().write_parquet(path)
    found = {row[0].partition(" ")[0]: row[1:] for row in body(deployment_tables.people_table(open_run(folder)))}
    assert found == {"Users": ["2", "30"], "Devices": ["2", "5"], "External": ["2", UNKNOWN]}


def test_grounds_are_added_up(runs):
    assert body(deployment_tables.grounds_table(runs["usual"])) == [["Windows Server", "not windows", "1"]]
