from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import compute
from lmanalytics.rules.entitlement import new_version_rights
from lmanalytics.rules.parameters import Settings, load_rule_file

AS_OF, DAY = date(2026, 6, 30), timedelta(days=1)
SQL = {
    "2016": date(2016, 6, 1),
    "2017": date(2017, 9, 29),
    "2019": date(2019, 11, 4),
    "2022": date(2022, 11, 16),
    "2025": date(2025, 11, 18),
}
SCHEMA = {
    "product": pl.String,
    "edition": pl.String,
    "version": pl.String,
    "acquired_on": pl.Date,
    "valid_to": pl.Date,
    "sa_active": pl.Boolean,
    "sa_end": pl.Date,
    "is_perpetual": pl.Boolean,
}


def right(as_of=AS_OF, **row):
    defaults = {"product": "SQL Server", "edition": "Enterprise", "sa_active": False, "is_perpetual": True}
    licenses = pl.LazyFrame([defaults | row], schema=SCHEMA)
    policies = {}
    return compute(new_version_rights, "version_rights", Settings(as_of, policies), licenses=licenses).collect()[
        "version_right"
    ][0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"version": "2016"}, "2016"),
        ({"version": "2016", "sa_end": SQL["2019"] - DAY}, "2017"),
        ({"version": "2016", "sa_end": SQL["2019"]}, "2019"),
        ({"version": "2016", "sa_end": date(2027, 1, 1), "sa_active": True}, "2025"),
        ({"version": "2022", "sa_end": SQL["2019"]}, "2022"),
        ({"version": "2016", "sa_active": True}, "2025"),
        ({"acquired_on": SQL["2022"]}, "2022"),
        ({"acquired_on": SQL["2022"] - DAY}, "2019"),
        ({}, None),
        ({"version": "7.5"}, "7.5"),
        ({"product": "Visual FoxPro", "edition": None}, None),
        ({"is_perpetual": False, "valid_to": AS_OF, "sa_active": True, "sa_end": AS_OF}, "2025"),
        ({"is_perpetual": False, "valid_to": AS_OF - DAY, "sa_end": AS_OF - DAY, "version": "2019"}, None),
        (
            {"product": "Exchange Server", "edition": "Standard", "version": "2016", "sa_end": date(2018, 10, 21)},
            "2016",
        ),
        (
            {"product": "Exchange Server", "edition": "Standard", "version": "2016", "sa_end": date(2018, 10, 22)},
            "2019",
        ),
        ({"product": "Windows Server CAL", "edition": None, "version": "2019", "sa_end": date(2024, 11, 1)}, "2025"),
        ({"product": "Office", "edition": "Professional Plus", "version": "2021"}, "LTSC 2021"),
        ({"product": "SQL Server", "edition": "Business Intelligence", "version": "2012", "sa_active": True}, "2014"),
        ({"product": "SQL Server", "edition": "Of The Moon", "version": "2012", "sa_active": True}, "2025"),
    ],
)
def test_the_highest_version(row, expected):
    assert right(**row) == expected


def test_a_version_released_after_the_position_date_is_no_right_yet():
    covered = {"version": "2019", "sa_active": True, "sa_end": date(2027, 1, 1)}
    assert right(SQL["2025"] - DAY, **covered) == "2022"
    assert right(SQL["2025"], **covered) == "2025"


@settings(max_examples=30, deadline=None)
@given(st.dates(date(2016, 6, 1), date(2026, 12, 31)), st.sampled_from(sorted(SQL)), st.integers(0, 1000))
def test_the_right_is_the_newest_version_of_the_covered_time(end, version, more):
    inside = [v for v, ga in SQL.items() if ga <= min(end, AS_OF)]
    expected = max([version, *inside], key=SQL.get)
    assert right(version=version, sa_end=end, sa_active=end >= AS_OF) == expected
    longer = end + more * DAY
    later = right(version=version, sa_end=longer, sa_active=longer >= AS_OF)
    assert SQL[later] >= SQL[expected]


def test_the_order_of_the_rows_is_kept_and_the_policy_may_leave_unknown_versions_unknown():
    rows = [
        {"product": "SQL Server", "edition": "Standard", "acquired_on": day, "is_perpetual": True}
        for day in SQL.values()
    ]
    licenses = pl.LazyFrame(rows[::-1], schema=SCHEMA)
    for reading, expected in (("latest_at_acquisition", list(SQL)[::-1]), ("unknown", [None] * 5)):
        found = compute(
            new_version_rights, "version_rights", Settings(AS_OF, {"unknown_version": reading}), licenses=licenses
        ).collect()
        assert found["version_right"].to_list() == expected


@pytest.mark.parametrize(
    ("version", "installed", "held", "is_covered", "reason"),
    [
        ("2010", 9, 10, True, "newer_covers_older"),
        ("2013", 10, 10, True, "same_version"),
        ("2013", 11, 10, False, "too_few"),
        ("2016", 1, 0, False, "too_few"),
        ("95", 1, 0, None, None),
    ],
)
def test_a_later_version_covers_an_earlier_install(version, installed, held, is_covered, reason):
    licenses = pl.LazyFrame({"entity_id": ["main"], "product": ["Office"], "version_right": ["2013"], "quantity": [10]})
    installs = pl.LazyFrame(
        {"entity_id": ["main"], "product": ["Office"], "version": [version], "installed": [installed]}
    )
    cover = compute(new_version_rights, "version_cover", Settings(AS_OF), licenses=licenses, installs=installs)
    assert cover.select("held", "is_covered", "reason").collect().rows() == [(held, is_covered, reason)]


def test_every_version_has_its_reference_and_stands_once():
    file = load_rule_file(new_version_rights)
    table = file.table("product_versions")
    assert set(table["reference"]) <= set(file.references)
    assert not table.select("product", "edition", "version").is_duplicated().any()
