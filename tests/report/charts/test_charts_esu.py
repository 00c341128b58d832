"""The calendar of Extended Security Updates."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.report.charts.esu import MOST, esu_calendar
from lmanalytics.schemas import ANSWERS

AS_OF = "2026-06-30"


def esu(*rows):
    columns = ("product", "version", "esu_year", "period_start", "period_end", "licenses_required", "licenses_covered")
    table = ANSWERS["esu"]
    frame = pl.LazyFrame([dict(zip((*columns, "gap"), row, strict=True)) for row in rows], infer_schema_length=None)
    return table.conform(frame)


def first(year=2025):
    return date(year, 7, 9)


def last(year=2026):
    return date(year, 7, 14)


def drawn(chart):
    (rows,) = [rows for rows in chart.to_dict()["datasets"].values() if "label" in rows[0]]
    return rows


def test_a_year_is_one_bar_however_many_machines_need_it():
    rows = drawn(
        esu_calendar(
            esu(
                ("SQL Server", "2014", 2, first(), last(), 8, 8, 0),
                ("SQL Server", "2014", 2, first(), last(), 4, 0, 4),
                ("SQL Server", "2014", 1, first(2024), last(2025), 4, 4, 0),
            ),
            AS_OF,
        )
    )
    assert [(r["year"], r["required"], r["covered"], r["gap"], r["state"], r["label"]) for r in rows] == [
        ("1", 4, 4, 0, "covered", "year 1"),
        ("2", 12, 8, 4, "covered in part", "2: lacks 4"),
    ]
    assert (rows[1]["start"], rows[1]["end"], rows[1]["last"]) == ("2025-07-09", "2026-07-14", "2026-07-14")


@pytest.mark.parametrize(
    ("required", "covered", "gap", "state"),
    [
        (4, 0, 4, "nothing covered"),
        (4, 1, 3, "covered in part"),
        (4, 4, 0, "covered"),
        (None, None, None, "need unknown"),
    ],
)
def test_a_bar_says_whether_the_year_is_covered(required, covered, gap, state):
    (row,) = drawn(esu_calendar(esu(("SQL Server", "2014", 2, first(), last(), required, covered, gap)), AS_OF))
    assert row["state"] == state


def test_a_year_whose_last_day_is_not_published_is_a_year_long():
    (row,) = drawn(esu_calendar(esu(("Windows Server", "2016", 1, date(2027, 1, 13), None, 8, 0, 8)), AS_OF))
    assert (row["end"], row["last"]) == ("2028-01-12", "not published")


def test_a_year_whose_first_day_is_not_published_is_not_drawn():
    chart = esu_calendar(esu(("Windows Server", "2016", 2, None, None, 8, 0, 8)), AS_OF)
    assert chart.to_dict()["description"] == (
        "No year of Extended Security Updates is needed, so there is no calendar to draw."
    )


def test_those_that_lack_most_are_drawn():
    many = [("SQL Server", str(n), 1, first(), last(), n, 0, n) for n in range(1, MOST + 6)]
    names = {row["name"] for row in drawn(esu_calendar(esu(*many), AS_OF))}
    assert len(names) == MOST
    assert f"SQL Server {MOST + 5}" in names
    assert "SQL Server 5" not in names


def test_the_description_says_what_is_drawn():
    said = esu_calendar(esu(("SQL Server", "2014", 2, first(), last(), 8, 0, 8)), AS_OF).to_dict()["description"]
    assert said == (
        "Years of Extended Security Updates by product and version, as of 2026-06-30: SQL Server 2014, year 2, "
        "2025-07-09 to 2026-07-14: 8 licenses needed, 0 covered, 8 lacking."
    )
