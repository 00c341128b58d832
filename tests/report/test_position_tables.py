import polars as pl
import pytest

from lmanalytics.report import position_tables
from lmanalytics.report.run import open_run
from tests.report.example_run import RUNS, usual
from tests.report.test_tables import body, notes


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def test_the_position_is_a_line_for_each_product_edition_version_and_metric(runs):
    rows = body(position_tables.position_table(runs["usual"]))
    assert rows[0] == ["Standard 2022", "64", "64", "96", "16", "0", "0", "16", "1,176.00", "1"]
    assert rows[3] == ["Enterprise 2022", "24", "24", *[UNKNOWN] * 6, "3"]
    assert rows[4][-3:] == ["1", UNKNOWN, "1"]


def test_a_position_without_purchases_shows_no_zero(runs):
    (row,) = body(position_tables.position_table(runs["only_hosts"]))
    assert row[1:] == [UNKNOWN, UNKNOWN, "96", *[UNKNOWN] * 5, "1"]


def test_entities_are_told_apart(tmp_path):
    folder = usual(tmp_path / "run")
    position = pl.read_parquet(folder / "position.parquet")
    both = pl.concat([position, position.with_columns(entity_id=pl.lit("other"))])
    both.write_parquet(folder / "position.parquet")
    assert notes(position_tables.position_table(open_run(folder)))[:2] == [
        "main: Windows Server, licenses by core",
        "main: SQL Server, licenses by core",
    ]
