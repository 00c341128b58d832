import polars as pl
import pytest

from lmanalytics.report.chapters import virtualization_tables
from lmanalytics.report.display import UNKNOWN
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS
from tests.report.chapters.test_tables import body, notes
from tests.report.example_run import RUNS, usual


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


@pytest.fixture
def placed_run(tmp_path):
    """A run whose first three hosts stand in clusters, and of which the facts tell where each OSE is now."""
    folder = usual(tmp_path / "run")
    (folder / "facts").mkdir()
    same = {"entity_id": pl.lit("main"), "subject_kind": pl.lit("host")}
    names = [f"host-0{n}" for n in range(1, 5)]
    hosts = pl.DataFrame({"subject_id": names}).with_columns(
        **same,
        cluster_id=pl.Series(["v/alpha", "v/alpha", "v/beta", None]),
        inventory_id=pl.lit("v"),
        physical_cores=pl.lit(16, pl.Int64),
    )
    hosts.write_parquet(folder / "facts" / "hosts.parquet")
    oses = pl.DataFrame({"subject_id": ["host-01", "host-01", "host-02", "host-02"], "kind": "virtual"}).with_columns(
        **same, is_load=pl.lit(value=True), state=pl.Series(["current", "earlier", "current", "current"])
    )
    oses.write_parquet(folder / "facts" / "oses.parquet")
    return open_run(folder)


def test_a_cluster_adds_up_its_hosts_their_peak_and_their_cost(placed_run):
    table = virtualization_tables.clusters_table(placed_run)
    rows = dict(zip([n for n in notes(table) if ", hosts:" in n], body(table), strict=False))
    layer = "standard physical cores: 1; virtual cores: 1"
    assert rows["alpha, hosts: 2, cores: 32"] == ["Windows Server", layer, "3", "9", "6", "72", "5,733.00", "6,762.00"]
    assert rows["beta, hosts: 1, cores: 16"][2:5] == ["0", "9", "9"]


def test_what_is_unknown_of_one_host_is_unknown_of_its_cluster(placed_run):
    rows = {row[0]: row for row in body(virtualization_tables.patterns_table(placed_run))}
    assert set(rows) == {"Windows Server"}
    (without,) = [row for row in body(virtualization_tables.patterns_table(placed_run)) if row[1] == "none available"]
    assert without[3:] == ["1", *[UNKNOWN] * 5]


def test_alternatives_are_those_of_the_subjects_with_most_to_lose(tmp_path):
    folder = usual(tmp_path / "run")
    names = ["subject_id", "option", "cost", "is_chosen"]
    rows = [("host-04", "a", 9000, True), ("host-04", "b", 6000, False), ("host-01", "a", 1, True)]
    frame = pl.DataFrame(rows, orient="row", schema=names).lazy().with_columns(
        entity_id=pl.lit("main"), subject_kind=pl.lit("host"), product=pl.lit("Windows Server")
    )  # fmt: skip
    ANSWERS["alternatives"].conform(frame).collect().write_parquet(folder / "alternatives.parquet")
    table = virtualization_tables.alternatives_table(open_run(folder), subjects=1)
    largest = max(
        pl.read_parquet(folder / "plan.parquet").drop_nulls("cost").to_dicts(),
        key=lambda row: row["cost_of_next_best"] - row["cost"],
    )["subject_id"]
    shown = {"host-04": [["a", UNKNOWN, "9,000.00", UNKNOWN, "yes"], ["b", UNKNOWN, "6,000.00", UNKNOWN, "no"]]}
    shown["host-01"] = [["a", UNKNOWN, "1.00", UNKNOWN, "yes"]]
    assert [row[:5] for row in body(table)] == shown.get(largest, [])


def test_rules_of_thumb_that_say_nothing_are_left_out(tmp_path):
    folder = usual(tmp_path / "run")
    rows = {
        "heuristic": ["all_standard", "all_datacenter", "greedy_on_stock"],
        "cost": [50, None, 0],
        "objective": [20, 20, 0],
        "saving": [30, None, 0],
        "product_group": ["A core;B core", "A core;B core", "C core"],
    }
    frame = pl.LazyFrame(rows).with_columns(entity_group=pl.lit("main"))
    ANSWERS["savings"].conform(frame).collect().write_parquet(folder / "savings.parquet")
    assert body(virtualization_tables.savings_table(open_run(folder))) == [
        ["A core; B core", "all standard", "50.00", "20.00", "30.00"]
    ]
