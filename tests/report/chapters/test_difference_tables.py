"""The chapter of the difference: with an earlier run, and without one."""

from decimal import Decimal

import altair as alt
import polars as pl
import pytest

from lmanalytics.report.chapters import difference_tables
from lmanalytics.report.display import UNKNOWN, table_html
from lmanalytics.report.run import open_run
from lmanalytics.report.since import Change
from tests.report.chapters.test_tables import body, notes
from tests.report.example_run import SCRIPT, usual
from tests.report.test_display import cells

NOTHING = "There is no earlier run to compare with."
NONE = (
    "This run is compared with no other: no earlier run of the same entities lies beside it, or the comparison was "
    "left out."
)
STEPS = {"before": (10, 100), "bought": (-8, -80), "moved": (0, 0), "sa_lapsed": (None, None), "after": (2, 20)}


@pytest.fixture
def change(tmp_path):
    rows = [
        {"step": n, "cause": cause, "detail": "prices" if cause == "bought" else "", "metric": "core"}
        | {"currency": "USD", "required": 0, "owned": 0, "surplus": 0, "shortage": short}
        | {"shortage_cost": None if cost is None else Decimal(cost)}
        for n, (cause, (short, cost)) in enumerate(STEPS.items())
    ]
    money = {"shortage_cost": pl.Decimal(38, 4)}
    pl.DataFrame(rows, schema_overrides=money).write_parquet(tmp_path / "waterfall.parquet")
    measures = ("required", "owned", "shortage", "surplus")
    balance = {"entity_id": "main", "edition": "Standard", "metric": "core"}
    balances = [
        balance | {"product": product} | {f"{m}_{side}": n for m in measures for side, n in sides.items()}
        for product, sides in (
            ("SQL Server", {"before": 10, "after": 2, "changed": -8}),
            ("Windows Server", {"before": 4, "after": 4, "changed": 0}),
        )
    ]
    pl.DataFrame(balances).write_parquet(tmp_path / "balances.parquet")
    subject = {"subject_id": SCRIPT, "product": "SQL Server", "causes": "moved;sa_lapsed"}
    subject |= {"option_before": None, "option_after": "virtual_cores"}
    subject |= {"licenses_required_before": 0, "licenses_required_after": None}
    typed = {"option_before": pl.String, "licenses_required_after": pl.Int64}
    pl.DataFrame([subject], schema_overrides=typed).write_parquet(tmp_path / "subjects.parquet")
    return Change("2026-03-31-0123", "2026-03-31", (f"Read {SCRIPT}",), tmp_path)


@pytest.fixture
def run(tmp_path):
    return open_run(usual(tmp_path / "run"))


def test_causes_that_changed_something_stand_between_before_and_after(change):
    table = difference_tables.causes_table(change)
    assert [(row[0], row[3], row[5]) for row in body(table)] == [
        ("before", "10", "100.00"),
        ("bought (prices)", "-8", "-80.00"),
        ("sa lapsed", UNKNOWN, UNKNOWN),
        ("after", "2", "20.00"),
    ]
    assert notes(table)[0] == "Licenses by core, USD"


def test_balances_that_did_not_change_are_left_out(change):
    (row,) = body(difference_tables.balances_table(change))
    assert row == ["SQL Server Standard", "core", "10", "2", "10", "2", "10", "2", "-8"]


def test_subjects_say_what_happened_to_them(change, run):
    table = difference_tables.changed_subjects_table(run, change)
    ((*_, required_before, required_now, causes),) = body(table)
    assert (required_before, required_now, causes) == ("0", UNKNOWN, "moved, sa lapsed")
    assert "<script" not in table_html(table)


def test_the_words_name_the_earlier_run_and_what_to_know(change):
    said = difference_tables.difference_words(change)
    assert "whose position date is 2026-03-31" in said
    assert "<script>" not in said


@pytest.mark.parametrize("measure", ["shortage", "shortage_cost"])
def test_the_waterfall_is_a_chart(change, measure):
    chart = difference_tables.waterfall(change, measure)
    assert isinstance(chart, alt.TopLevelMixin)
    assert chart.to_dict()["description"].startswith("From the first run to the second")


def test_without_an_earlier_run_one_sentence_says_so(run):
    assert difference_tables.difference_words(None) == NONE
    tables = [
        difference_tables.causes_table(None),
        difference_tables.balances_table(None),
        difference_tables.changed_subjects_table(run, None),
    ]
    assert [cells(table)[1] for table in tables] == [[NOTHING]] * 3
    assert difference_tables.waterfall(None, "shortage").to_dict()["description"] == NOTHING
