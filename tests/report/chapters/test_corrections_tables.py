"""The register of corrections as it is printed."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.report.chapters.corrections_tables import corrections_table
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS
from tests.report.example_run import HOSTILE, RUNS

ONE = {
    "correction_id": "C-1", "table": "oses", "row": "ose_id vm-1", "column": "os_edition", "was": None, "now": "Datacenter",
    "is_exclusion": False, "rows_named": 3, "rows_otherwise": 0, "rows_changed": 2, "outcome": "applied",
    "ground": "It moved.", "evidence": "CHG-1", "approver": "J. Roe", "approved_on": date(2026, 6, 12),
}  # fmt: skip
OUT = ONE | {"correction_id": "C-0", "column": None, "now": None, "is_exclusion": True, "rows_changed": 3}


@pytest.fixture
def page(tmp_path):
    def make(*rows):
        folder = RUNS["usual"](tmp_path / "run")
        ANSWERS["corrections"].conform(pl.LazyFrame(rows)).sink_parquet(folder / "corrections.parquet")
        return corrections_table(open_run(folder)).as_raw_html()

    return make


def test_without_corrections_a_sentence_stands_in_their_place(tmp_path):
    run = open_run(RUNS["usual"](tmp_path / "run"))
    assert "No correction was given" in corrections_table(run).as_raw_html()


def test_an_entry_says_what_it_changed_and_who_approved_it(page):
    shown = page(ONE)
    told = (
        "oses os edition, ose_id vm-1",
        ">empty<",
        "Datacenter",
        ">2<",
        "It moved.",
        "CHG-1",
        "J. Roe",
        "2026-06-12",
    )
    assert not [text for text in told if text not in shown]
    assert "not applied" not in shown


def test_a_row_that_is_left_out_has_no_value(page):
    shown = page(OUT)
    assert "row left out" in shown
    assert ">empty<" not in shown


@pytest.mark.parametrize("outcome", ANSWERS["corrections"].columns["outcome"].values)
def test_what_was_not_applied_comes_first(page, outcome):
    shown = page(OUT, ONE | {"correction_id": "C-9", "outcome": outcome})
    assert (shown.index("C-9") < shown.index("C-0")) == (outcome != "applied")


def test_text_of_the_file_stays_text(page):
    shown = page(*(ONE | {"correction_id": f"C{n}", "ground": text, "now": text} for n, text in enumerate(HOSTILE)))
    assert "<script>alert" not in shown
