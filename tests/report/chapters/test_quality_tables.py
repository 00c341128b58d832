import polars as pl
import pytest

from lmanalytics.report.chapters import quality_tables
from lmanalytics.report.display import UNKNOWN
from lmanalytics.report.run import open_run
from tests.report.chapters.test_tables import body
from tests.report.example_run import RUNS, usual


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def test_accounts_add_up_to_the_rows_counted_anew(runs):
    rows = {row[0]: row[1:] for row in body(quality_tables.accounts_table(runs["usual"]))}
    assert rows["hosts"] == ["4", "0", "0", "0", "1", "5", "5", "yes"]
    assert rows["Total"] == ["4", "2", "4", "2", "1", "13", "13", ""]


@pytest.mark.parametrize("rows", [3, 5])
def test_a_row_too_few_or_too_many_does_not_add_up(tmp_path, rows):
    folder = usual(tmp_path / "run")
    path = folder / "accounts.parquet"
    used = pl.col("outcome") == "used"
    changed = pl.read_parquet(path).with_columns(rows=pl.when(used).then(pl.lit(rows)).otherwise("rows"))
    changed.write_parquet(path)
    found = {row[0]: row[-1] for row in body(quality_tables.accounts_table(open_run(folder)))}
    assert found == {"hosts": "yes", "oses": "yes", "purchases": "no", "Total": ""}


def test_a_table_that_accounts_forget_does_not_add_up(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "accounts.parquet"
    pl.read_parquet(path).filter(pl.col("table") != "oses").write_parquet(path)
    found = {row[0]: row[-3:] for row in body(quality_tables.accounts_table(open_run(folder)))}
    assert found["oses"] == [UNKNOWN, "4", "no"]


def test_checks_that_failed_come_first(runs):
    outcomes = [row[-1] for row in body(quality_tables.checks_table(runs["usual"]))]
    assert outcomes == ["broken"] * 3 + ["failed"] * 3 + ["warned"] * 3


def test_checks_are_counted_by_table(runs):
    rows = body(quality_tables.suites_table(runs["usual"]))
    assert rows[0] == ["hosts", "4", "1", "1", "1", "1"]
    assert rows[-1] == ["Total", "12", "3", "3", "3", "3"]


def test_rejected_rows_say_where_they_stand_and_why(runs):
    assert body(quality_tables.quarantine_table(runs["usual"])) == [
        ["hosts", "rvtools.xlsx", "vHost", "9", "physical_cores: '12x' is no number"]
    ]


def test_rows_that_a_correction_leaves_out_are_counted_anew_too(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "accounts.parquet"
    accounts = pl.read_parquet(path)
    left_out = accounts.filter(pl.col("outcome") == "quarantined").with_columns(
        outcome=pl.lit("excluded_by_correction"), rows=pl.lit(2, pl.Int64)
    )
    pl.concat([accounts, left_out]).write_parquet(path)
    found = {row[0]: row[-3:] for row in body(quality_tables.accounts_table(open_run(folder)))}
    assert found["hosts"] == ["7", "5", "no"]
    (folder / "corrected").mkdir()
    pl.DataFrame({"outcome": ["excluded", "excluded", "repaired"]}).write_parquet(
        folder / "corrected" / "hosts.parquet"
    )
    found = {row[0]: row[-3:] for row in body(quality_tables.accounts_table(open_run(folder)))}
    assert found["hosts"] == ["7", "7", "yes"]
