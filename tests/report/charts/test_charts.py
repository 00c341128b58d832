import polars as pl
import pytest

from lmanalytics.report.chapters.deployment_tables import latest
from lmanalytics.report.charts import answers
from lmanalytics.report.charts.marks import MOST, MOST_OF_METRICS, stacked_bars
from lmanalytics.report.charts.theme import render
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS
from tests.report.example_run import RUNS

CHARTS = {
    "position": lambda run, change: answers.position_chart(change(run.position)),
    "accounts": lambda run, change: answers.accounts_chart(change(run.accounts)),
    "os": lambda run, change: answers.os_chart(change(latest(run, "oses"))),
    "option": lambda run, change: answers.option_chart(change(run.plan)),
    "cost": lambda run, change: answers.cost_chart(change(run.alternatives)),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def rows_of(chart):
    spec = chart.to_dict()
    return [row for values in spec["datasets"].values() for row in values]


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
    chart = answers.position_chart(runs["usual"].position)
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
    names = {row["name"] for row in rows_of(answers.position_chart(runs["usual"].position))}
    assert not [name for name in names if name.startswith("SQL Server")]
    (row,) = rows_of(answers.position_chart(runs["only_hosts"].position))
    assert "no balance" in row["text"]


def test_metrics_have_their_own_scale(runs):
    spec = answers.position_chart(runs["usual"].position).to_dict()
    assert spec["resolve"]["scale"]["x"] == "independent"


def test_a_cut_chart_says_how_many_bars_there_are():
    names = [f"Product {n:02}" for n in range(MOST + 5)]
    rows = pl.LazyFrame({"product": "*", "table": names, "outcome": "licensed", "rows": list(range(1, MOST + 6))})
    chart = answers.accounts_chart(ANSWERS["accounts"].conform(rows))
    assert len(rows_of(chart)) == MOST
    assert f"the first {MOST} of {MOST + 5} bars" in chart.to_dict()["encoding"]["x"]["title"]
    total = sum(range(1, MOST + 6))
    assert f"{total} counted" in chart.to_dict()["description"]


def test_rows_that_newer_ones_replace_are_not_drawn_as_rejected():
    outcomes = ["superseded", "duplicate", "quarantined"]
    rows = pl.LazyFrame({"product": "*", "table": "oses", "outcome": outcomes, "rows": [5, 2, 1]})
    drawn = {row["state"]: row["count"] for row in rows_of(answers.accounts_chart(ANSWERS["accounts"].conform(rows)))}
    assert drawn == {"superseded by newer rows": 7, "rejected": 1}


def alternatives(*rows):
    """Read (subject, option, cost, is_chosen)."""
    names = ["subject_id", "option", "cost", "is_chosen"]
    frame = pl.DataFrame(rows, orient="row", schema=names).lazy()
    same = {"entity_id": "main", "subject_kind": "host", "product": "P", "currency": "USD"}
    return ANSWERS["alternatives"].conform(frame.with_columns(**{name: pl.lit(value) for name, value in same.items()}))


def test_every_metric_shows_its_first_bars_when_a_chart_is_cut():
    names = [f"core {n:02}" for n in range(MOST_OF_METRICS)] + ["server 1", "server 2"]
    metrics = ["core"] * MOST_OF_METRICS + ["server"] * 2
    rows = pl.DataFrame({"name": names, "metric": metrics, "state": "short", "count": 1})
    chart = stacked_bars(rows, {"short": "#000000"}, "licenses", "Said.")
    drawn = {row["name"] for row in rows_of(chart)}
    assert len(drawn) == MOST_OF_METRICS
    assert {"server 1", "server 2", "core 00"} <= drawn
    assert f"core {MOST_OF_METRICS - 1:02}" not in drawn


def test_options_beyond_the_colors_are_drawn_together():
    options = [f"option_{n:02}" for n in range(10) for _ in range(10 - n)]
    plan = pl.LazyFrame(
        {"product": "P", "option": [*options, None]}, schema={"product": pl.String, "option": pl.String}
    )
    drawn = {row["state"]: row["count"] for row in rows_of(answers.option_chart(plan))}
    assert drawn["other options"] == 6 + 5 + 4 + 3 + 2 + 1
    assert drawn["option 00"] == 10
    assert drawn["no option available"] == 1


def test_costs_are_compared_only_where_there_are_prices_and_a_choice():
    for rows in ([("h", "a", None, True), ("h", "b", None, False)], [("h", "a", 5, True)]):
        (row,) = rows_of(answers.cost_chart(alternatives(*rows)))
        assert row["text"].startswith("No subject has several options")


def test_the_chosen_option_is_marked():
    rows = rows_of(
        answers.cost_chart(
            alternatives(("h", "a", 5, False), ("h", "b_c", 7, True), ("i", "a", 1, True), ("i", "b_c", 2, False))
        )
    )
    assert {r["name"]: r["option"] for r in rows if r["is_chosen"] == "chosen"} == {"h": "b c", "i": "a"}
    assert [r["name"] for r in rows] == ["h", "h", "i", "i"]


def test_subjects_of_a_chart_can_be_named():
    chart = answers.cost_chart(
        alternatives(("h", "a", 5, True), ("h", "b", 7, False)),
        lambda rows: rows.with_columns(pl.col("subject_id").str.to_uppercase()),
    )
    assert {row["name"] for row in rows_of(chart)} == {"H"}
