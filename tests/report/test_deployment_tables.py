import polars as pl
import pytest

from lmanalytics.report import deployment_tables
from lmanalytics.report.run import open_run
from tests.report.example_run import RUNS, usual
from tests.report.test_tables import body, notes


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
