from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.report.charts.clusters import cluster_cards
from lmanalytics.report.charts.theme import render
from lmanalytics.report.run import open_run
from tests.report.charts.test_charts import rows_of
from tests.report.example_run import RUNS, usual


@pytest.fixture
def placed_run(tmp_path):
    """A run whose hosts stand in clusters, as the facts say: 16 cores each."""
    folder = usual(tmp_path / "run")
    (folder / "facts").mkdir()
    hosts = pl.DataFrame({"host_id": [f"host-0{n}" for n in range(1, 5)]}).with_columns(
        entity_id=pl.lit("main"),
        subject_kind=pl.lit("host"),
        subject_id="host_id",
        cluster_id=pl.Series(["v/alpha", "v/alpha", "v/beta", None]),
        inventory_id=pl.lit("v"),
        physical_cores=pl.lit(16, pl.Int64),
    )
    hosts.write_parquet(folder / "facts" / "hosts.parquet")
    return open_run(folder)


@pytest.mark.parametrize("name", RUNS)
def test_cards_are_drawn_or_said_for_every_run(tmp_path, name):
    chart = cluster_cards(open_run(RUNS[name](tmp_path / "run")))
    assert chart.to_dict()["description"].endswith(".")
    assert render(chart.to_dict())["image/svg+xml"].startswith("<svg")


def test_each_cluster_is_a_card_with_its_hosts_at_their_peak(placed_run):
    points = [row for row in rows_of(cluster_cards(placed_run)) if row["option"]]
    found = {(row["card"], row["peak"], row["option"]): row["cost"] for row in points}
    assert found == {
        ("alpha, hosts: 2", 3, "virtual cores"): float(Decimal(2205) / 16),
        ("alpha, hosts: 2", 6, "standard physical cores"): float(Decimal(1176) * 3 / 16),
        ("beta, hosts: 1", 9, "standard physical cores"): float(Decimal(1176) * 5 / 16),
        ("hosts without a cluster, hosts: 1", 12, "datacenter physical cores"): float(Decimal(6771) / 16),
    }


def test_the_curve_buys_standard_again_for_every_further_set(placed_run):
    chart = cluster_cards(placed_run)
    lines = [row for row in rows_of(chart) if row["line"] and row["card"].startswith("beta")]
    standard = {row["peak"]: row["cost"] for row in lines if row["line"] == "Standard, in sets"}
    datacenter = {row["cost"] for row in lines if row["line"] == "Datacenter"}
    assert (standard[1], standard[2], standard[4]) == (73.5, 73.5, 147.0)
    assert datacenter == {float(Decimal(6771) / 16)}
    assert "they meet above 10 OSEs" in chart.to_dict()["description"]


def test_the_clusters_that_cost_most_are_drawn(placed_run):
    cards = {row["card"] for row in rows_of(cluster_cards(placed_run, limit=1))}
    assert cards == {"hosts without a cluster, hosts: 1"}
