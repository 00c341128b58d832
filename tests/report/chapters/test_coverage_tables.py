from datetime import date

import polars as pl
import pytest

from lmanalytics.report.chapters import coverage_tables, text
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS, CANONICAL
from tests.report.chapters.test_tables import body
from tests.report.example_run import usual
from tests.report.test_display import cells


@pytest.mark.parametrize(
    ("snapshot", "band"),
    [
        (date(2026, 7, 1), "after the position date"),
        (date(2026, 6, 30), "up to 30 days"),
        (date(2026, 5, 31), "up to 30 days"),
        (date(2026, 5, 30), "31 to 90 days"),
        (date(2026, 4, 1), "31 to 90 days"),
        (date(2026, 3, 31), "more than 90 days"),
        (None, "no day stated"),
    ],
)
def test_a_snapshot_falls_into_one_band_of_age(tmp_path, snapshot, band):
    folder = usual(tmp_path / "run")
    path = folder / "sources.parquet"
    pl.read_parquet(path).head(1).with_columns(snapshot_on=pl.lit(snapshot, pl.Date)).write_parquet(path)
    (row,) = body(coverage_tables.freshness_table(open_run(folder)))
    assert row[:4] == [band, "1", "1", "5"]


def test_without_a_list_of_machines_coverage_is_not_known(tmp_path):
    run = open_run(usual(tmp_path / "run"))
    for draw in (coverage_tables.coverage_table, coverage_tables.unseen_table):
        assert cells(draw(run))[1][0].startswith("No directory or CMDB list was given.")


def test_rows_that_newer_ones_replace_are_a_share_of_their_table(tmp_path):
    folder = usual(tmp_path / "run")
    rows = {
        "table": ["oses"] * 3,
        "product": ["P", "P", "P"],
        "outcome": ["superseded", "duplicate", "used"],
        "rows": [2, 1, 5],
    }
    frame = ANSWERS["accounts"].conform(pl.LazyFrame(rows))
    frame.collect().write_parquet(folder / "accounts.parquet")
    found = [row[:4] for row in body(coverage_tables.duplicates_table(open_run(folder)))]
    assert found == [["oses", "duplicate", "1", "12 %"], ["oses", "superseded", "2", "25 %"]]


@pytest.mark.parametrize(("users", "flag"), [([100, 150, 1234], "look at it"), ([100, 1234], ""), ([99, 50], None)])
def test_round_counts_are_flagged_when_they_are_more_than_half(tmp_path, users, flag):
    folder = usual(tmp_path / "run")
    frame = pl.LazyFrame({"entity_id": "main", "product": [f"P{n}" for n in range(len(users))], "users": users})
    path = folder / "accepted" / "access_counts.parquet"
    CANONICAL["access_counts"].conform(frame).collect().write_parquet(path)
    found = {row[0]: row[4] for row in body(coverage_tables.round_table(open_run(folder))) if len(row) > 4}
    assert found == ({} if flag is None else {"Users with access to server software": flag})


def test_gaps_are_told_by_fact_in_the_order_of_the_money(tmp_path):
    folder = usual(tmp_path / "run")
    rows = [
        ("h1", "ose_edition", 2, 3),
        ("h2", "ose_edition", 1, None),
        ("v1", "ose_host", 1, 1),
        ("all", "every_fact", 9, None),
    ]
    names = ["subject_id", "fact", "machines", "rank"]
    frame = (
        pl.DataFrame(rows, orient="row", schema=names)
        .lazy()
        .with_columns(subject_kind=pl.lit("host"), action=pl.lit("Look."))
    )
    ANSWERS["unknowns"].conform(frame).collect().write_parquet(folder / "unknowns.parquet")
    found = [row[1:4] for row in body(coverage_tables.gaps_table(open_run(folder)))]
    assert found == [["1", "1", "1"], ["2", "3", "3"]]


@pytest.fixture
def listed(tmp_path):
    """A run with a list of five machines, of which three are in no export."""
    folder = usual(tmp_path / "run")
    known = CANONICAL["known_machines"].conform(
        pl.LazyFrame({"source": "directory", "name": [f"m{n}" for n in range(5)]})
    )
    known.collect().write_parquet(folder / "accepted" / "known_machines.parquet")
    rows = {
        "source": "directory",
        "machine": ["m0", "m1", "m2"],
        "last_seen": [date(2020, 1, 1), date(2026, 6, 1), None],
        "reason": ["long_unseen", "not_seen", "gone"],
    }
    ANSWERS["unseen_machines"].conform(pl.LazyFrame(rows)).collect().write_parquet(folder / "unseen_machines.parquet")
    return open_run(folder)


def test_machines_of_a_list_are_shown_missing_or_explained(listed):
    assert body(coverage_tables.coverage_table(listed)) == [["directory", "5", "1", "1", "1", "66 %"]]


def test_machines_that_nothing_explains_come_first(listed):
    assert [row[0] for row in body(coverage_tables.unseen_table(listed))] == ["m1", "m0", "m2"]


def test_the_summary_counts_the_machines_that_nothing_explains(listed):
    said = text.unseen(listed)
    assert said.startswith("Known to a directory or CMDB list and shown by no export: **1 machine**.")
    assert "Retired, or without a sign for long, are 2 more." in said
