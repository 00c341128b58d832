import polars as pl
import pytest

from lmanalytics.report.chapters import position_tables
from lmanalytics.report.display import UNKNOWN
from lmanalytics.report.run import open_run
from tests.report.chapters.test_tables import body, notes
from tests.report.example_run import RUNS, usual


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def test_the_position_is_a_line_for_each_product_edition_version_and_metric(runs):
    rows = body(position_tables.position_table(runs["usual"]))
    owned, allocation = ["64", "0", "0", "64", "96", "-32"], ["16", "0", "0", "16", "1,176.00"]
    assert rows[0] == ["Standard 2022", *owned, *allocation, "1", ""]
    assert rows[3] == ["Enterprise 2022", "24", "0", "0", "24", *[UNKNOWN] * 7, "3", ""]
    assert rows[4][-4:] == ["1", UNKNOWN, "1", ""]


def test_a_position_without_purchases_shows_no_zero(runs):
    (row,) = body(position_tables.position_table(runs["only_hosts"]))
    assert row[1:] == [*[UNKNOWN] * 4, "96", *[UNKNOWN] * 6, "1", ""]


def test_owned_licenses_are_split_by_where_they_came_from(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "licenses.parquet"
    lots = pl.read_parquet(path)
    half = lots.filter(pl.col("license_id") == "L-1").with_columns(quantity=pl.lit(32, pl.Int64))
    split = [half, half.with_columns(license_id=pl.lit("L-8"), program=pl.lit("oem"))]
    pl.concat([lots.filter(pl.col("license_id") != "L-1"), *split]).write_parquet(path)
    rows = body(position_tables.position_table(open_run(folder)))
    assert rows[0][1:5] == ["32", "32", "0", "64"]


def test_a_source_that_nothing_tells_is_not_called_volume(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "licenses.parquet"
    unnamed = pl.when(pl.col("license_id") == "L-1").then(None).otherwise("program")
    pl.read_parquet(path).with_columns(program=unnamed).write_parquet(path)
    rows = body(position_tables.position_table(open_run(folder)))
    assert rows[0][1:5] == [UNKNOWN, UNKNOWN, UNKNOWN, "64"]


def test_licenses_of_volume_programs_alone_need_no_columns_for_it(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "position.parquet"
    pl.read_parquet(path).filter(pl.col("version") == "2022", pl.col("edition") == "Standard").write_parquet(path)
    table = position_tables.position_table(open_run(folder))
    assert body(table)[0][:3] == ["Standard 2022", "64", "96"]
    assert any(note.startswith("Everything owned came from volume") for note in notes(table))


def test_a_line_names_the_clauses_of_the_options_that_were_chosen(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "demand.parquet"
    demand = pl.read_parquet(path)
    standard = pl.col("option") == "standard_physical_cores"
    rule = pl.when(standard).then(pl.lit("windows_server_standard.core_licenses")).otherwise("rule")
    demand.with_columns(rule=rule).write_parquet(path)
    table = position_tables.position_table(open_run(folder))
    assert body(table)[0][-1] == "C1"
    assert [row[-1] for row in body(table)[1:]] == [""] * 4
    assert "C1: Product Terms, Windows Server, Server Licenses (per core)." in notes(table)


def test_entities_add_up_what_is_known_on_both_sides(runs):
    assert body(position_tables.entities_table(runs["usual"])) == [
        ["Exchange Server", "server", "3", "2", "0", "1", UNKNOWN, "0"],
        ["SQL Server", "core", *[UNKNOWN] * 5, "1"],
        ["Windows Server", "core", "1,072", "1,096", "40", "16", "1,176.00", "0"],
    ]


def test_entities_are_told_apart(tmp_path):
    folder = usual(tmp_path / "run")
    position = pl.read_parquet(folder / "position.parquet")
    both = pl.concat([position, position.with_columns(entity_id=pl.lit("other"))])
    both.write_parquet(folder / "position.parquet")
    assert notes(position_tables.position_table(open_run(folder)))[:2] == [
        "main: Windows Server, licenses by core",
        "main: SQL Server, licenses by core",
    ]
