import polars as pl
import pytest

from lmanalytics.report.charts import baseline
from lmanalytics.report.charts.theme import render
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS
from tests.report.charts.test_charts import rows_of
from tests.report.example_run import RUNS, usual

CHARTS = ("funnel_chart", "timeline_chart", "expiry_chart")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def run_with(folder, *rows):
    """Give a run these lots: edition, quantity, sa_active, sa_start, sa_end, valid_to."""
    columns = ["edition", "quantity", "sa_active", "sa_start", "sa_end", "valid_to"]
    frame = pl.DataFrame(rows, orient="row", schema=columns)
    dates = pl.col("sa_start", "sa_end", "valid_to").cast(pl.String).str.to_date()
    lots = frame.lazy().with_columns(dates, product=pl.lit("P"), metric=pl.lit("core"), enrollment_id=pl.lit("E"))
    path = usual(folder)
    ANSWERS["licenses"].conform(lots).collect().write_parquet(path / "licenses.parquet")
    return open_run(path)


@pytest.mark.parametrize("draw", CHARTS)
@pytest.mark.parametrize("name", RUNS)
def test_every_chart_is_drawn_and_described_for_every_run(runs, name, draw):
    chart = getattr(baseline, draw)(runs[name])
    assert chart.to_dict()["description"].endswith(".")
    assert render(chart.to_dict())["image/svg+xml"].startswith("<svg")


@pytest.mark.parametrize("draw", CHARTS)
def test_a_run_without_rows_says_so_in_words(runs, draw):
    (row,) = rows_of(getattr(baseline, draw)(runs["empty"]))
    assert row["text"].endswith(".")


def test_the_funnel_narrows_from_read_to_counted(runs):
    rows = rows_of(baseline.funnel_chart(runs["usual"]))
    assert [row["rows"] for row in rows] == [11, 10, 9, 12, 10]


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
def test_the_end_of_software_assurance_falls_into_one_bucket(tmp_path, sa_end, bucket):
    chart = baseline.expiry_chart(run_with(tmp_path / "run", ("E", 7, True, None, sa_end, None)))
    assert {row["state"]: row["count"] for row in rows_of(chart)} == {bucket: 7}


def test_a_license_without_active_software_assurance_has_none(tmp_path):
    run = run_with(tmp_path / "run", ("E", 7, False, None, "2030-01-01", None))
    assert {row["state"]: row["count"] for row in rows_of(baseline.expiry_chart(run))} == {"no active SA": 7}


@pytest.mark.parametrize(("valid_to", "is_drawn"), [("2026-06-29", False), ("2026-06-30", True), (None, True)])
def test_only_licenses_in_force_are_drawn(tmp_path, valid_to, is_drawn):
    run = run_with(tmp_path / "run", ("E", 7, False, None, None, valid_to))
    (row,) = rows_of(baseline.expiry_chart(run))
    assert (row.get("count") == 7) is is_drawn


def test_periods_that_end_together_are_one_bar_of_the_timeline(tmp_path):
    run = run_with(
        tmp_path / "run",
        ("E", 7, True, "2024-01-01", "2027-06-30", None),
        ("E", 5, True, "2025-01-01", "2027-06-30", None),
        ("E", 3, True, "2024-01-01", "2028-12-31", None),
        ("E", 2, False, "2020-01-01", "2026-06-29", None),
    )
    bars = [row for row in rows_of(baseline.timeline_chart(run)) if "state" in row]
    assert [(b["start"], b["end"], b["licenses"], b["state"]) for b in bars] == [
        ("2020-01-01", "2026-06-29", 2, "ended before the position date"),
        ("2024-01-01", "2027-06-30", 12, "ends within 12 months"),
        ("2024-01-01", "2028-12-31", 3, "active"),
    ]


def test_a_long_timeline_shows_the_rows_with_most_licenses_and_says_so(tmp_path):
    lots = [(f"E{n:02}", n, True, "2024-01-01", "2028-12-31", None) for n in range(1, 31)]
    chart = baseline.timeline_chart(run_with(tmp_path / "run", *lots), limit=24)
    names = {row["name"] for row in rows_of(chart) if "name" in row}
    assert len(names) == 24
    assert "E: P E06" not in names
    assert "The 24 rows with most licenses of 30 are drawn." in chart.to_dict()["description"]
