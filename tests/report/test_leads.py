"""Figures lead to their lines, and no text from data leads anywhere."""

import re
from html import unescape
from urllib.parse import unquote

import polars as pl
import pytest

from lmanalytics.report import leads
from lmanalytics.report.display import UNKNOWN, Grid, explained, figure, table_html
from tests.report.example_run import HOSTILE

LINK = re.compile(r'<a href="([^"]*)">([^<]*)</a>')
POSITION = pl.LazyFrame(
    {
        "product": ["Windows Server", "SQL Server"],
        "edition": ["Standard", None],
        "metric": ["core", "user_cal"],
        "shortage": [16, 0],
    }
)


@pytest.fixture
def _laid(monkeypatch):
    monkeypatch.setenv(leads.VARIABLE, "1")


def links(table):
    return [(unescape(target), unescape(said)) for target, said in LINK.findall(table_html(table))]


@pytest.mark.usefixtures("_laid")
def test_a_figure_leads_to_the_lines_that_say_so():
    assert figure(1234, "position") == "[1,234](lines/position.html)"
    said = figure(None, "position", "USD", shortage=">0", product="SQL Server & more", edition=None)
    assert said.startswith("[an unknown amount](lines/position.html#shortage=%3E0&product=SQL%20Server%20%26%20more")
    assert unquote(said).endswith(f"edition={UNKNOWN})")
    assert explained("ho*st", "a/b c") == "[ho\\*st](lines/explanation.html#a%2Fb%20c)"


def test_without_pages_nothing_leads_anywhere():
    assert figure(1234, "position", "USD") == "1,234 USD"
    assert explained("host", "h1") == "host"
    assert links(Grid({"product": "Product"}, "None.", stored="position.parquet").show(POSITION)) == []


@pytest.mark.usefixtures("_laid")
def test_rows_lead_to_the_lines_that_say_what_they_say_shown_or_not():
    table = Grid({"product": "Product", "shortage": "Short"}, "None.", stored="position.parquet").show(POSITION)
    first, second, everything = links(table)
    assert first == ("lines/position.html#product=Windows%20Server&edition=Standard&metric=core", "Windows Server")
    assert unquote(second[0]) == f"lines/position.html#product=SQL Server&edition={UNKNOWN}&metric=user_cal"
    assert everything == ("lines/position.html", "lines/position.html")


@pytest.mark.usefixtures("_laid")
def test_rows_about_subjects_lead_to_their_explanation_under_their_names():
    frame = pl.LazyFrame({"subject_id": ["h/1", "h2"], "licenses_required": [16, 8]})
    named = lambda rows: rows.with_columns(subject_id=pl.format("name of {}", "subject_id"))  # noqa: E731
    grid = Grid({"subject_id": "Subject"}, "None.", stored="plan.parquet", named=named)
    assert links(grid.show(frame))[:2] == [
        ("lines/explanation.html#h%2F1", "name of h/1"),
        ("lines/explanation.html#h2", "name of h2"),
    ]


@pytest.mark.usefixtures("_laid")
def test_a_finding_leads_to_its_line():
    frame = pl.LazyFrame({"finding_id": ["a:1"], "subject_id": ["x"]})
    grid = Grid({"subject_id": "Subject"}, "None.", stored="findings.parquet")
    assert links(grid.show(frame))[0] == ("lines/findings.html#finding_id=a%3A1", "x")


@pytest.mark.usefixtures("_laid")
def test_sums_and_tables_of_no_stored_answer_lead_nowhere():
    frame = pl.LazyFrame({"product": ["a", "b"], "shortage": [1, 2]})
    grid = Grid({"product": "Product", "shortage": "Short"}, "None.", stored="position.parquet", sums=("shortage",))
    assert [said for _, said in links(grid.show(frame))] == ["a", "b", "lines/position.html"]
    assert links(Grid({"product": "Product"}, "None.").show(frame)) == []


@pytest.mark.usefixtures("_laid")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_text(text):
    frame = pl.LazyFrame({"subject_id": [text], "product": [text]})
    page = table_html(Grid({"subject_id": "Subject"}, "None.", stored="plan.parquet").show(frame))
    targets = [unescape(target) for target, _ in LINK.findall(page)]
    assert all(leads.is_inward(target) for target in targets)
    assert len(targets) == 2
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.parametrize(
    ("target", "is_inward"),
    [
        ("lines/position.html", True),
        ("lines/position.html#a=b%20c&d=%E2%80%93", True),
        ("lines/../x.html", False),
        ("lines/position.html#<script>", False),
        ("javascript:alert(1)//lines/position.html", False),
        ("https://example.org/lines/position.html", False),
        ("lines/position.html?x=1", False),
        ("lines/position.html\n", False),
    ],
)
def test_only_addresses_of_the_pages_are_inward(target, is_inward):
    assert leads.is_inward(target) == is_inward


def test_a_stored_file_names_its_table():
    assert leads.table_of("position.parquet") == "position"
    assert leads.table_of("accepted/hosts.parquet") == "hosts"
