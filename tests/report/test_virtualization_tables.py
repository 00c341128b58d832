import polars as pl
import pytest

from lmanalytics.report import virtualization_tables
from lmanalytics.report.run import open_run
from tests.report.example_run import RUNS, usual
from tests.report.test_tables import body, notes


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def test_the_plan_puts_the_short_first_and_keeps_what_has_no_option(runs):
    rows = body(virtualization_tables.plan_table(runs["usual"]))
    assert [row[0] for row in rows] == ["host-04", "host-03", "host-02", "host-01", "host-99"]
    assert rows[-1][1:7] == ["none available", *[UNKNOWN] * 5]
    assert "Product: Windows Server." in notes(virtualization_tables.plan_table(runs["usual"]))


def test_subjects_have_the_names_of_their_machines(tmp_path):
    folder = usual(tmp_path / "run")
    hosts = pl.read_parquet(folder / "accepted" / "hosts.parquet")
    names = pl.Series("host_name", ["blade-1", "twin", "twin", None])
    hosts.with_columns(names).write_parquet(folder / "accepted" / "hosts.parquet")
    shown = [row[0] for row in body(virtualization_tables.plan_table(open_run(folder)))]
    assert shown == ["host-04", "twin (host-03)", "twin (host-02)", "blade-1", "host-99"]
