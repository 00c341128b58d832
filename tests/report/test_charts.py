from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.report import charts
from lmanalytics.report.baseline_tables import latest
from lmanalytics.report.marks import MOST
from lmanalytics.report.run import open_run
from lmanalytics.report.theme import render
from lmanalytics.schemas import ANSWERS
from tests.report.example_run import RUNS

CHARTS = {
    "position": lambda run, change: charts.position_chart(change(run.position)),
    "accounts": lambda run, change: charts.accounts_chart(change(run.accounts)),
    "expiry": lambda run, change: charts.expiry_chart(change(run.licenses), run.as_of),
    "os": lambda run, change: charts.os_chart(change(latest(run, "oses"))),
    "option": lambda run, change: charts.option_chart(change(run.plan)),
    "cost": lambda run, change: charts.cost_chart(change(run.demand), change(run.plan)),
    "break_even": lambda run, change: charts.break_even_chart(change(run.demand)),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def rows_of(chart):
    spec = chart.to_dict()
    return [row for values in spec["datasets"].values() for row in values]


def licenses(*rows):
    frame = pl.DataFrame(rows, orient="row", schema=["edition", "quantity", "sa_active", "sa_end", "valid_to"])
    dates = pl.col("sa_end", "valid_to").cast(pl.String).str.to_date()
    return ANSWERS["licenses"].conform(frame.lazy().with_columns(dates, product=pl.lit("P"), metric=pl.lit("core")))


def counted(chart):
    return {row["state"]: row["count"] for row in rows_of(chart)}


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize("name", RUNS)
def test_every_chart_is_drawn_and_described_for_every_run(runs, name, draw):
    chart = draw(runs[name], lambda frame: frame)
    assert chart.to_dict()["description"].endswith(".")
    assert render(chart.to_dict())["image/svg+xml"].startswith("<svg")


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_the_order_of_rows_does_not_change_a_chart(runs, draw):
    usual = draw(runs["usual"], lambda frame: frame).to_dict()
    assert draw(runs["usual"], lambda frame: frame.reverse()).to_dict() == usual


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_a_run_without_rows_says_so_in_words(runs, draw):
    (row,) = rows_of(draw(runs["empty"], lambda frame: frame))
    assert row["text"].endswith(".")


def test_the_position_draws_what_is_covered_short_and_over(runs):
    chart = charts.position_chart(runs["usual"].position)
    drawn = {(r["name"], r["state"]): r["count"] for r in rows_of(chart)}
    assert drawn == {
        ("Windows Server Standard 2022", "required and covered"): 80,
        ("Windows Server Standard 2022", "short"): 16,
        ("Windows Server Standard 2019", "required and covered"): 16,
        ("Windows Server Datacenter 2022", "required and covered"): 960,
        ("Windows Server Datacenter 2022", "surplus"): 40,
        ("Exchange Server Standard 2019", "required and covered"): 2,
        ("Exchange Server Standard 2019", "short"): 1,
    }
    assert "Short: Windows Server Standard 2022, Exchange Server Standard 2019." in chart.to_dict()["description"]


def test_what_is_not_computable_is_not_drawn_as_zero(runs):
    names = {row["name"] for row in rows_of(charts.position_chart(runs["usual"].position))}
    assert not [name for name in names if name.startswith("SQL Server")]
    (row,) = rows_of(charts.position_chart(runs["only_hosts"].position))
    assert "no balance" in row["text"]


def test_metrics_have_their_own_scale(runs):
    spec = charts.position_chart(runs["usual"].position).to_dict()
    assert spec["resolve"]["scale"]["x"] == "independent"


def test_a_cut_chart_says_how_many_bars_there_are():
    names = [f"Product {n:02}" for n in range(MOST + 5)]
    rows = pl.LazyFrame({"product": "*", "table": names, "outcome": "licensed", "rows": list(range(1, MOST + 6))})
    chart = charts.accounts_chart(ANSWERS["accounts"].conform(rows))
    assert len(rows_of(chart)) == MOST
    assert f"the first {MOST} of {MOST + 5} bars" in chart.to_dict()["encoding"]["x"]["title"]
    total = sum(range(1, MOST + 6))
    assert f"{total} counted" in chart.to_dict()["description"]


def test_rows_that_newer_ones_replace_are_not_drawn_as_rejected():
    outcomes = ["superseded", "duplicate", "quarantined"]
    rows = pl.LazyFrame({"product": "*", "table": "oses", "outcome": outcomes, "rows": [5, 2, 1]})
    drawn = {row["state"]: row["count"] for row in rows_of(charts.accounts_chart(ANSWERS["accounts"].conform(rows)))}
    assert drawn == {"superseded by newer rows": 7, "rejected": 1}


@pytest.mark.parametrize(
    ("sa_end", "bucket"),
    [
        ("2026-06-30", "within 12 months"),
        ("2027-06-30", "within 12 months"),
        ("2027-07-01", "in 12 to 24 months"),
        ("2028-06-30", "in 12 to 24 months"),
        ("2028-07-01", "after 24 months"),
        (None, "end unknown"),
    ],
)
def test_the_end_of_software_assurance_falls_into_one_bucket(sa_end, bucket):
    chart = charts.expiry_chart(licenses(("E", 7, True, sa_end, None)), "2026-06-30")
    assert counted(chart) == {bucket: 7}


def test_a_license_without_active_software_assurance_has_none():
    assert counted(charts.expiry_chart(licenses(("E", 7, False, "2030-01-01", None)), "2026-06-30")) == {
        "no active SA": 7
    }


@pytest.mark.parametrize(("valid_to", "is_drawn"), [("2026-06-29", False), ("2026-06-30", True), (None, True)])
def test_only_licenses_in_force_are_drawn(valid_to, is_drawn):
    (row,) = rows_of(charts.expiry_chart(licenses(("E", 7, False, None, valid_to)), "2026-06-30"))
    assert (row.get("count") == 7) is is_drawn


def test_the_break_even_divides_cost_by_the_physical_cores(runs):
    drawn = {(r["option"], r["oses"]): r["cost"] for r in rows_of(charts.break_even_chart(runs["usual"].demand))}
    assert drawn["datacenter physical cores", 3] == float(Decimal(6771) / 16)
    assert drawn["standard physical cores", 6] == float(Decimal(1176) * 3 / 16)


def test_costs_are_compared_only_where_there_are_prices(runs):
    free = runs["usual"].demand.with_columns(cost=pl.lit(None, ANSWERS["demand"].schema["cost"]))
    (row,) = rows_of(charts.cost_chart(free, runs["usual"].plan))
    assert row["text"].startswith("No prices")


def test_the_chosen_option_is_marked(runs):
    rows = rows_of(charts.cost_chart(runs["usual"].demand, runs["usual"].plan))
    chosen = {r["name"]: r["option"] for r in rows if r["is_chosen"] == "chosen"}
    assert chosen == {
        "host-01": "virtual cores",
        "host-02": "standard physical cores",
        "host-03": "standard physical cores",
        "host-04": "datacenter physical cores",
    }


def test_subjects_of_a_chart_can_be_named(runs):
    chart = charts.cost_chart(
        runs["usual"].demand,
        runs["usual"].plan,
        lambda rows: rows.with_columns(pl.col("subject_id").str.to_uppercase()),
    )
    assert {row["name"] for row in rows_of(chart)} >= {"HOST-01"}
