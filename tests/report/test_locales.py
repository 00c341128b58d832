"""Numbers and days as a locale writes them: the same in sentences, in tables and in charts."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import UsageError
from lmanalytics.report.charts.theme import chart_theme
from lmanalytics.report.display import Grid, amount, day, escape, readable
from lmanalytics.report.locales import SPACE, VARIABLE, locale, locale_of, writing
from lmanalytics.schemas import MONEY
from tests.report.test_display import cells

NUMBERS = [
    ("en-US", 1234567, "1,234,567"),
    ("en-US", Decimal("-1234.5"), "-1,234.50"),
    ("de-DE", 1234567, "1.234.567"),
    ("de-DE", Decimal("1234.5"), "1.234,50"),
    ("fr-FR", 1234567, f"1{SPACE}234{SPACE}567"),
    ("fr-FR", Decimal("0.05"), "0,05"),
    ("de-CH", 1234567, "1\N{RIGHT SINGLE QUOTATION MARK}234\N{RIGHT SINGLE QUOTATION MARK}567"),
    ("sv-SE", -1000, f"-1{SPACE}000"),
    ("hi-IN", 1234567, "12,34,567"),
    ("hi-IN", 999, "999"),
    ("ar-EG", 1000, "1,000"),
]
DAYS = [("en-US", "2026-06-05"), ("de-DE", "05.06.2026"), ("fr-FR", "05/06/2026"), ("sv-SE", "2026-06-05")]


@pytest.mark.parametrize(("name", "number", "written"), NUMBERS)
def test_a_number_is_written_alike_in_sentences_and_tables(name, number, written):
    kind, dtype = ("number", pl.Int64) if isinstance(number, int) else ("money", MONEY)
    with writing(name):
        assert amount(number) == written
        frame = pl.DataFrame({"x": [number]}, schema={"x": dtype})
        assert frame.select(readable(pl.col("x"), kind)).item() == written


@pytest.mark.parametrize(("name", "written"), DAYS)
def test_a_day_is_written_alike_in_sentences_and_tables(name, written):
    with writing(name):
        assert day(date(2026, 6, 5)) == day("2026-06-05") == written
        frame = pl.DataFrame({"x": [date(2026, 6, 5), None]})
        assert frame.select(readable(pl.col("x"), "date")).to_series().to_list() == [written, "\N{EN DASH}"]


def test_what_is_no_day_stays_text_and_an_unknown_one_is_said():
    assert day("*soon*") == "\\*soon\\*"
    assert day(None) == "an unknown day"


@given(
    st.sampled_from(["en-US", "de-DE", "fr-FR", "hi-IN", "es-ES", "ja-JP"]),
    st.lists(st.none() | st.integers(-(10**18), 10**18), min_size=1),
)
def test_columns_are_written_as_single_numbers_are(name, values):
    signs = locale_of(name)
    written = pl.DataFrame({"x": values}, schema={"x": pl.Int64}).select(signs.numbers(pl.col("x"))).to_series()
    assert written.to_list() == [None if value is None else signs.number(value) for value in values]


@given(
    st.sampled_from(["de-DE", "hi-IN"]), st.decimals("-1e15", "1e15", places=2, allow_nan=False, allow_infinity=False)
)
def test_no_digit_of_money_is_lost(name, value):
    signs = locale_of(name)
    written = signs.number(value, 2)
    assert Decimal(written.replace(signs.group, "").replace(signs.decimal, ".")) == value
    column = pl.DataFrame({"x": [value]}, schema={"x": pl.Decimal(38, 2)}).select(signs.numbers(pl.col("x"))).item()
    assert column == written


def test_halves_are_rounded_to_even():
    assert locale_of("en-US").number(Decimal("0.125"), 2) == "0.12"
    assert locale_of("en-US").number(Decimal("-0.004"), 2) == "0.00"


@pytest.mark.parametrize("name", ["", "xx-YY", "de-DE; rm -rf", "../de", "English"])
def test_an_unknown_locale_is_refused(name):
    with pytest.raises(UsageError, match=r"There is no locale .* as in en-US"):
        locale_of(name)


def test_underscores_and_languages_alone_are_taken():
    assert locale_of("de_AT").name == "de-AT"
    assert locale_of("de").group == "."


def test_notebooks_take_the_locale_of_their_report(monkeypatch):
    assert locale().name == "en-US"
    monkeypatch.setenv(VARIABLE, "fr-FR")
    assert locale().name == "fr-FR"
    with writing("de-DE"):
        assert locale().name == "de-DE"
    assert locale().name == "fr-FR"


def test_tables_and_their_notes_follow_the_locale():
    frame = pl.LazyFrame({"name": ["a", "b"], "count": [1234, 5678]})
    with writing("de-DE"):
        shown = cells(Grid({"name": "Name", "count": "Count"}, "None.", sums=("count",)).show(frame))
    assert shown[1:] == [["a", "1.234"], ["b", "5.678"], ["Total", "6.912"]]


def test_charts_follow_the_locale():
    assert "locale" not in chart_theme()["config"]
    with writing("de-DE"):
        number = chart_theme()["config"]["locale"]["number"]
    assert (number["decimal"], number["thousands"], number["grouping"][0]) == (",", ".", 3)


def test_spaces_between_digits_survive_escaping():
    assert escape(f"1{SPACE}234") == f"1{SPACE}234"
    assert escape("a \t\n b") == "a b"
