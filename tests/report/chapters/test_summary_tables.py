from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.report.chapters import summary_tables
from lmanalytics.report.display import UNKNOWN
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS
from tests.report.chapters.test_tables import body
from tests.report.charts.test_charts import rows_of
from tests.report.example_run import usual

POLICIES = {
    "policy": ["a_gap", "movement", "edition", "hopeless"],
    "reading": ["breaks", "observed", "low", "as_is"],
    "source": ["Terms"] * 4,
    "cost_if_otherwise": [
        "restarts: unchanged",
        "cluster: +1,176.50; free: -200.00; none: unchanged",
        "high: +30.00",
        "other: not computable; third: +1.00",
    ],
}


def unknown(place, least, most, counted, rank):
    cost = {"cost_least": least, "cost_most": most, "cost_counted": counted}
    known = {name: None if value is None else Decimal(value) for name, value in cost.items()}
    swing = None if None in (least, most) else Decimal(most - least)
    return {"entity_id": "main", "subject_kind": "host", "subject_id": place, "product": "P", "fact": "host_cores",
            "currency": "USD", "rank": rank, "action": "Look.", "swing": swing} | known  # fmt: skip


@pytest.fixture
def run(tmp_path):
    folder = usual(tmp_path / "run")
    ANSWERS["policies"].conform(pl.LazyFrame(POLICIES)).collect().write_parquet(folder / "policies.parquet")
    rows = [unknown("h1", 50, 450, 100, 1), unknown("h2", 10, None, 10, 2), unknown("all", 60, 460, 110, None)]
    schema = {name: ANSWERS["unknowns"].schema[name] for name in rows[0]}
    frame = ANSWERS["unknowns"].conform(pl.LazyFrame(rows, schema=schema))
    frame.collect().write_parquet(folder / "unknowns.parquet")
    return open_run(folder)


def test_readings_and_facts_are_ranked_by_the_money_between_their_ends(run):
    rows = body(summary_tables.swings_table(run))
    assert [row[1:] for row in rows] == [
        ["movement", "observed", "cluster; free", "-200.00", "1,176.50", "1,376.50"],
        [rows[1][1], "as counted", "2 places", "-50.00", "350.00", "400.00"],
        ["edition", "low", "high", "0.00", "30.00", "30.00"],
        ["hopeless", "as is", "other; third", *[UNKNOWN] * 3],
    ]
    assert [row[0] for row in rows] == ["Reading", "Fact", "Reading", "Reading"]


def test_the_tornado_has_a_bar_for_each_end_that_moves(run):
    bars = [row for row in rows_of(summary_tables.swings_chart(run)) if "end" in row]
    drawn = {(bar["name"], bar["end"]): (bar["start"], bar["stop"]) for bar in bars}
    assert drawn["movement", "less"] == (-200.0, 0.0)
    assert drawn["movement", "more"] == (0.0, 1176.5)
    assert ("edition", "less") not in drawn


def test_without_other_readings_that_is_said(tmp_path):
    assert rows_of(summary_tables.swings_chart(open_run(usual(tmp_path / "run"))))[0]["text"].startswith("No open")


def test_the_risks_begin_with_errors_and_are_few(tmp_path):
    rows = body(summary_tables.risks_table(open_run(usual(tmp_path / "run")), limit=1))
    assert [row[0] for row in rows] == ["error"]
