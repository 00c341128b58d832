"""Text becomes typed columns; what is not understood is null and says why."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.ingest.cells import Convention, cast_table
from lmanalytics.schemas import CANONICAL


def cast(table, conventions=None, index=0, **columns):
    height = max(len(values) for values in columns.values())
    frame = pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.String)).with_columns(
        pl.lit(index, pl.Int64).alias("source_index"),
        pl.lit("f.csv").alias("source_file"),
        pl.lit(None, pl.String).alias("source_sheet"),
        pl.int_range(2, height + 2, dtype=pl.Int64).alias("source_row"),
    )
    return cast_table(CANONICAL[table], frame.lazy(), conventions).collect()


def days_of(*texts, convention=None):
    return cast("purchases", {0: convention} if convention else None, order_date=list(texts))["order_date"].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-25", date(2026, 12, 25)),
        ("2026-12-25 00:00:00", date(2026, 12, 25)),  # a whole day in a workbook
        ("2017/11/28 16:14:28", date(2017, 11, 28)),
        ("1/15/2020 7:54:19 AM", date(2020, 1, 15)),
        ("9/21/2020 12:04:49 PM", date(2020, 9, 21)),
        ("12:00 AM 21 July 2026", date(2026, 7, 21)),
        ("2025-01-02T03:04:05.1234567Z", date(2025, 1, 2)),
        ("2025-01-02T03:04:05+02:00", date(2025, 1, 2)),
        ("31.12.2024", date(2024, 12, 31)),
        ("1.2.2024", date(2024, 2, 1)),  # points: nobody writes the month first with them
        ("31 Dez 2024", date(2024, 12, 31)),
        ("31 décembre 2024", date(2024, 12, 31)),
        ("31-Dec-2024", date(2024, 12, 31)),
        ("Tuesday, 31 December 2024", date(2024, 12, 31)),
        ("July 4, 2025", date(2025, 7, 4)),
        ("20240531", date(2024, 5, 31)),
        ("45000", date(2023, 3, 15)),  # a spreadsheet's day number
        ("3/3/2024", date(2024, 3, 3)),
        ("15/1/24", date(2024, 1, 15)),
        ("15/1/99", date(1999, 1, 15)),
    ],
)
def test_forms_of_dates(text, expected):
    assert days_of(text) == [expected]


@pytest.mark.parametrize(
    "text", ["1969-12-31 22:00:00", "1970-01-01", "1/1/1900", "0001-01-01", "9999-12-31", "12/31/9999", "1899-12-30"]
)
def test_dates_that_mean_none_are_null_without_an_issue(text):
    row = cast("purchases", order_date=[text]).row(0, named=True)
    assert row["order_date"] is None
    assert row["issues"] == []


@pytest.mark.parametrize("text", ["2024-02-30", "31/31/2024", "soon", "2024-13-01", "12x"])
def test_a_date_that_does_not_exist_is_null_with_an_issue(text):
    row = cast("purchases", order_date=[text]).row(0, named=True)
    assert (row["order_date"], row["issues"]) == (None, [f"order_date: '{text}' is not a date"])


def test_the_whole_column_decides_what_comes_first():
    assert days_of("1/2/2024", "13/2/2024") == [date(2024, 2, 1), date(2024, 2, 13)]
    assert days_of("1/2/2024", "2/13/2024") == [date(2024, 1, 2), date(2024, 2, 13)]


def test_another_date_column_of_the_sheet_decides_for_a_silent_one():
    frame = cast("purchases", order_date=["1/2/2024"], coverage_end=["31/12/2024"])
    assert frame["order_date"].to_list() == [date(2024, 2, 1)]


def test_a_column_that_settles_nothing_is_an_issue_unless_the_estate_says():
    row = cast("purchases", order_date=["1/2/2024"]).row(0, named=True)
    assert row["order_date"] is None
    (issue,) = row["issues"]
    assert issue.startswith("order_date: '1/2/2024' may be day/month or month/day; say `dates: day_first`")
    assert days_of("1/2/2024", convention=Convention(dates="day_first")) == [date(2024, 2, 1)]
    assert days_of("1/2/2024", convention=Convention(dates="month_first")) == [date(2024, 1, 2)]


def test_what_the_column_shows_wins_over_what_the_estate_says():
    assert days_of("1/2/2024", "2/13/2024", convention=Convention(dates="day_first"))[0] == date(2024, 1, 2)


def test_a_column_that_contradicts_itself_settles_nothing():
    assert days_of("13/1/2024", "1/13/2024", "1/2/2024") == [date(2024, 1, 13), date(2024, 1, 13), None]


def test_each_sheet_decides_for_itself():
    parts = [
        pl.LazyFrame({"order_date": texts, "source_index": [index, index], "source_row": [2, 3]}).with_columns(
            source_file=pl.lit("f"), source_sheet=pl.lit("s")
        )
        for index, texts in enumerate([["1/2/2024", "13/2/2024"], ["1/2/2024", "2/13/2024"]])
    ]
    frame = cast_table(CANONICAL["purchases"], pl.concat(parts)).collect()
    assert frame["order_date"].to_list() == [date(2024, 2, 1), date(2024, 2, 13), date(2024, 1, 2), date(2024, 2, 13)]


def test_times_of_day():
    texts = ["2024-05-01 10:15:00", "5/13/2024 12:30 AM", "5/13/2024 1:02:03 PM"]
    frame = cast("recovery_runs", started_at=texts)
    texts = frame["started_at"].dt.to_string("%Y-%m-%d %H:%M:%S").to_list()
    assert texts == ["2024-05-01 10:15:00", "2024-05-13 00:30:00", "2024-05-13 13:02:03"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16", 16), ("-3", -3), ("+4", 4), ("4.0", 4), ("4,00", 4), ("16,384", 16384), ("1.791.567", 1791567),
        ("1 000", 1000), ("1'000", 1000), ("(5)", -5), ("5-", -5), ("\u22125", -5), ("007", 7), (" 8 ", 8),
    ],
)  # fmt: skip
def test_forms_of_whole_numbers(text, expected):
    assert cast("hosts", physical_cores=[text])["physical_cores"].to_list() == [expected]


@pytest.mark.parametrize("text", ["12x", "2.5", "abc12", "12GiB", "1,2,3", "0x10", "many", "99999999999999999999"])
def test_what_is_no_whole_number_is_an_issue(text):
    row = cast("hosts", physical_cores=[text]).row(0, named=True)
    assert (row["physical_cores"], row["issues"]) == (None, [f"physical_cores: '{text}' is not a whole number"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.50", "12.5"), ("12,50", "12.5"), ("1.234,56", "1234.56"), ("1,791,567.26", "1791567.26"),
        ("1429,4", "1429.4"), ("EUR;200", "200"), ("€ 3", "3"), ("7 USD", "7"), ("0,125", "0.125"), ("-4.2", "-4.2"),
        ("1234.5678", "1234.5678"), ("$1,234.50", "1234.5"),
    ],
)  # fmt: skip
def test_forms_of_money(text, expected):
    assert cast("prices", unit_price=[text])["unit_price"].to_list() == [Decimal(expected)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1,234", "3.50"], "1234"),
        (["1,234", "3,50"], "1.234"),
        (["1.234", "3,50"], "1234"),
        (["1.234", "3.50"], "1.234"),
        (["1,234", "7"], None),
        (["1.234"], None),
    ],
)
def test_the_whole_column_decides_what_a_comma_is(texts, expected):
    value = cast("prices", unit_price=texts)["unit_price"][0]
    assert value == (Decimal(expected) if expected else None)


def test_an_ambiguous_amount_can_be_settled_by_the_estate():
    settled = {0: Convention(decimal="comma")}
    assert cast("prices", settled, unit_price=["1,234"])["unit_price"].to_list() == [Decimal("1.234")]
    row = cast("prices", unit_price=["1,234"]).row(0, named=True)
    assert "say `decimal: comma` or `decimal: point`" in row["issues"][0]


@settings(deadline=None, max_examples=8)
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=200))
def test_every_grouped_whole_number_is_read_back(numbers):
    for sign in ("", ",", ".", " ", "'"):
        texts = [f"{number:,}".replace(",", sign) for number in numbers]
        assert cast("hosts", physical_cores=texts)["physical_cores"].to_list() == numbers


@settings(deadline=None, max_examples=8)
@given(st.lists(st.dates(date(1980, 1, 1), date(2060, 12, 31)), min_size=1, max_size=50))
def test_every_date_is_read_back_in_every_form(dates):
    for form in ("%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d %B %Y", "%d-%b-%Y", "%Y-%m-%dT%H:%M:%S.0000000Z"):
        assert days_of(*(day.strftime(form) for day in dates)) == dates
    assert days_of("31/1/2024", *(day.strftime("%d/%m/%Y") for day in dates))[1:] == dates
    assert days_of("1/31/2024", *(day.strftime("%m/%d/%Y") for day in dates))[1:] == dates


@pytest.mark.parametrize("word", ["-", "N/A", "Not applicable", "null", "None", "#N/A", "", "  ", "#REF!"])
def test_words_for_nothing_are_null_without_an_issue(word):
    row = cast("hosts", physical_cores=[word], cluster_id=[word], host_os_use=[word]).row(0, named=True)
    assert (row["physical_cores"], row["cluster_id"], row["host_os_use"], row["issues"]) == (None, None, None, [])


def test_none_is_a_value_where_the_enum_has_it():
    assert cast("hosts", hypervisor=["None"])["hypervisor"].to_list() == ["none"]


@pytest.mark.parametrize("name", ["59", "1E10", "MARCH1", "None", "N/A", "=cmd()", "<script>alert(1)</script>", "é ü"])
def test_names_stay_text_as_they_are(name):
    assert cast("oses", name=[f"{name}  "])["name"].to_list() == [name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("True", True), ("FALSE", False), ("yes", True), ("Nein", False), ("Wahr", True), ("Faux", False), ("1", True), ("0", False)],
)  # fmt: skip
def test_booleans_in_the_languages_of_tools(text, expected):
    assert cast("hosts", is_dedicated=[text])["is_dedicated"].to_list() == [expected]


def test_an_unclear_boolean_is_an_issue_and_not_the_default():
    row = cast("hosts", is_dedicated=["maybe"]).row(0, named=True)
    assert (row["is_dedicated"], row["issues"]) == (None, ["is_dedicated: 'maybe' is neither yes nor no"])


def test_enums_are_folded_and_checked():
    frame = cast(
        "purchases",
        metric=["User CAL", "Core", "per core", "planet"],
        purchase_type=["L&SA", "Step-Up", "SA", "License"],
    )
    assert frame["metric"].to_list() == ["user_cal", "core", "core", None]
    assert frame["purchase_type"].to_list() == ["license_and_sa", "step_up", "sa", "license"]
    assert frame["issues"][3][0].startswith("metric: 'planet' is not one of core, server")


def test_lists_are_told_apart_by_semicolons():
    assert cast("agreements", affiliates=["a; b;;c", ""])["affiliates"].to_list() == [["a", "b", "c"], None]


def test_defaults_fill_empty_cells_and_absent_columns_only():
    frame = cast("purchases", basis=[None, "nonsense", "statement_summary"])
    assert frame["basis"].to_list() == ["transaction", None, "statement_summary"]
    assert frame["licenses_per_unit"].to_list() == [1, 1, 1]


def test_an_absent_enrollment_takes_the_agreement():
    frame = cast("purchases", agreement_id=["A", "A", None], enrollment_id=[None, "E", None])
    assert frame["enrollment_id"].to_list() == ["A", "E", None]


def test_rows_get_an_entity_an_id_and_exactly_the_schema():
    frame = cast("hosts", index=3, host_id=["a", "b"], entity_id=[None, "x"])
    assert frame.schema == CANONICAL["hosts"].schema
    assert frame["entity_id"].to_list() == ["main", "x"]
    assert frame["row_id"].to_list() == [(3 << 40) | (2 << 4), (3 << 40) | (3 << 4)]


def test_a_part_is_the_last_digit_of_the_row_id_and_issues_are_kept():
    frame = pl.LazyFrame(
        {"host_id": ["a"], "source_index": [0], "source_row": [2], "source_file": ["f"], "source_sheet": ["s"],
         "part": [5], "issues": [["said before"]], "physical_cores": ["x"]}
    )  # fmt: skip
    row = cast_table(CANONICAL["hosts"], frame).collect().row(0, named=True)
    assert row["row_id"] == (2 << 4) | 5
    assert row["issues"] == ["physical_cores: 'x' is not a whole number", "said before"]


def test_a_long_cell_is_cut_in_the_issue():
    row = cast("hosts", physical_cores=["x" * 500]).row(0, named=True)
    assert len(row["issues"][0]) < 120
