from datetime import date, timedelta

import polars as pl
import pytest

from lmanalytics.errors import PolicyError, RuleError
from lmanalytics.rules.benefit import esu_offerings
from lmanalytics.rules.benefit.esu_offerings import Reason
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings

DAY = date(2026, 11, 21)


def offered(day=DAY, product="Windows Server", version="2012", **policies):
    found = compute(esu_offerings, "offerings", Settings(day, policies)).collect()
    return found.filter((pl.col("product") == product) & (pl.col("version") == version))


def window(product, version, year, **policies):
    row = offered(DAY, product, version, **policies).filter(esu_year=year)
    return row["period_start"].item(), row["period_end"].item()


@pytest.mark.parametrize(
    ("product", "version", "year", "start", "end"),
    [
        ("Windows Server", "2012", 1, date(2023, 10, 11), date(2024, 10, 8)),
        ("Windows Server", "2012 R2", 3, date(2025, 10, 15), date(2026, 10, 13)),
        ("Windows Server", "2008 R2", 4, date(2023, 1, 11), date(2024, 1, 9)),
        ("SQL Server", "2008", 1, date(2019, 7, 10), date(2020, 7, 14)),
        ("SQL Server", "2012", 2, date(2023, 7, 12), date(2024, 7, 9)),
        ("SQL Server", "2014", 3, date(2026, 7, 15), date(2027, 7, 12)),
        ("SQL Server", "2016", 1, date(2026, 7, 15), date(2027, 7, 13)),
        ("Windows", "7", 2, date(2021, 1, 13), date(2022, 1, 11)),
        ("Windows", "10 22H2", 1, date(2025, 10, 15), date(2026, 10, 13)),
        ("Exchange Server", "2019", 2, date(2026, 5, 1), date(2026, 10, 31)),
        ("Windows Server", "2016", 1, date(2027, 1, 13), None),
        ("Windows Server", "2016", 2, None, None),
    ],
)
def test_windows(product, version, year, start, end):
    assert window(product, version, year) == (start, end)


@pytest.mark.parametrize(
    ("policies", "asked", "expected"),
    [
        ({"sql_2014_esu_end": "sql_faq"}, ("SQL Server", "2014", 3), date(2027, 7, 8)),
        ({"sql_2014_esu_end": "product_page"}, ("SQL Server", "2014", 3), date(2027, 7, 13)),
        ({"windows_server_2016_esu_years": "second_tuesday"}, ("Windows Server", "2016", 1), date(2028, 1, 11)),
    ],
)
def test_readings_of_the_last_day(policies, asked, expected):
    assert window(*asked, **policies)[1] == expected


@pytest.mark.parametrize(
    ("policies", "asked", "expected"),
    [
        ({"sql_2016_esu_start": "arc_article"}, ("SQL Server", "2016", 1), date(2026, 7, 14)),
        ({"esu_start_of_2008": "end_of_support_day"}, ("Windows", "7", 1), date(2020, 1, 14)),
        ({"windows_10_esu_start": "first_release"}, ("Windows", "10 22H2", 1), date(2025, 11, 1)),
        ({"windows_server_2016_esu_years": "second_tuesday"}, ("Windows Server", "2016", 2), date(2028, 1, 12)),
    ],
)
def test_readings_of_the_first_day(policies, asked, expected):
    assert window(*asked, **policies)[0] == expected


def test_an_unknown_reading_is_an_error():
    with pytest.raises(PolicyError):
        offered(sql_2014_esu_end="never")


def states(day, product="Windows Server", version="2012", **policies):
    return offered(day, product, version, **policies)["state"].to_list()


UPCOMING, LIVE, ENDED, UNKNOWN = (r.code for r in (Reason.UPCOMING, Reason.LIVE, Reason.ENDED, Reason.DAYS_UNKNOWN))


@pytest.mark.parametrize(
    ("day", "expected", "current"),
    [
        (date(2023, 10, 10), [UPCOMING, UPCOMING, UPCOMING], [1]),
        (date(2023, 10, 11), [LIVE, UPCOMING, UPCOMING], [1]),
        (date(2024, 10, 8), [LIVE, UPCOMING, UPCOMING], [1]),
        (date(2024, 10, 9), [ENDED, LIVE, UPCOMING], [2]),
        (date(2026, 10, 13), [ENDED, ENDED, LIVE], [3]),
        (date(2026, 10, 14), [ENDED, ENDED, ENDED], []),
    ],
)
def test_states(day, expected, current):
    assert states(day) == expected
    assert offered(day).filter("is_current")["esu_year"].to_list() == current


@pytest.mark.parametrize(
    ("day", "expected", "current"),
    [
        (date(2027, 1, 12), [UPCOMING, UPCOMING, UPCOMING], [1]),
        (date(2027, 1, 13), [LIVE, UNKNOWN, UNKNOWN], [1]),
        (date(2028, 1, 12), [LIVE, UNKNOWN, UNKNOWN], [1]),
        (date(2028, 1, 13), [UNKNOWN, UNKNOWN, UNKNOWN], [1]),
        (date(2030, 1, 12), [UNKNOWN, UNKNOWN, UNKNOWN], [1]),
        (date(2030, 1, 13), [ENDED, ENDED, ENDED], []),
    ],
)
def test_a_year_whose_end_is_not_published_lasts_a_year(day, expected, current):
    assert states(day, version="2016") == expected
    assert offered(day, version="2016").filter("is_current")["esu_year"].to_list() == current


def test_between_two_periods_the_next_one_is_current():
    assert offered(date(2026, 4, 20), "Exchange Server", "2019").filter("is_current")["esu_year"].to_list() == [2]


def test_every_year_may_be_listed():
    assert offered(DAY)["is_listed"].to_list() == [False] * 3
    assert offered(DAY, esu_years_listed="every_year")["is_listed"].to_list() == [True] * 3


def test_years_of_an_offering_leave_no_gap_and_do_not_overlap():
    rows = compute(esu_offerings, "offerings", Settings(DAY)).collect()
    for (product, version), years in rows.group_by("product", "version"):
        known = years.sort("esu_year").drop_nulls(["period_start", "period_end"])
        assert (known["period_start"] < known["period_end"]).all()
        apart = (known["period_start"].shift(-1) - known["period_end"]).drop_nulls().to_list()
        if product not in {"Exchange Server", "Skype for Business Server"}:
            assert apart == [timedelta(days=1)] * len(apart), (product, version)


@pytest.mark.parametrize(
    ("day", "year"),
    [(date(2026, 4, 14), 1), (date(2026, 4, 15), 2), (date(2026, 4, 16), 2), (date(2026, 11, 1), None), (None, None)],
)
def test_the_period_of_a_purchase(day, year):
    bought = pl.LazyFrame(
        {"product": ["Exchange Server"], "version": ["2019"], "bought_on": [day]},
        schema_overrides={"bought_on": pl.Date},
    )
    found = compute(
        esu_offerings, "year_bought", Settings(DAY),
        purchases=bought, offered=compute(esu_offerings, "offerings", Settings(DAY)),
    )  # fmt: skip
    assert found.collect()["esu_year"].item() == year


def test_before_the_first_offering_there_is_none():
    with pytest.raises(RuleError, match="2018-07-12"):
        offered(date(2018, 7, 11))
