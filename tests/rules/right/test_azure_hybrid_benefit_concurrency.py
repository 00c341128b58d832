from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import azure_hybrid_benefit_concurrency
from tests.tables import check

TODAY = date(2026, 6, 30)
NOW = """
case                      | edition    | use                  | assigned_on || concurrency     | concurrent_days | concurrent_times | concurrent_until | redeployment_days | redeployable_on
--------------------------|------------|----------------------|-------------||-----------------|-----------------|------------------|------------------|-------------------|----------------
Standard in Azure         | Standard   | azure                | 2026-01-01  || while_migrating |             180 |                1 | 2026-06-29       |                90 | 2026-04-01
Standard, day not known   | Standard   | azure                |             || while_migrating |             180 |                1 |                  |                90 |
Datacenter in Azure       | Datacenter | azure                | 2026-01-01  || without_end     |                 |                  |                  |                   |
Datacenter, whole host    | Datacenter | azure_dedicated_host | 2026-01-01  || either_or       |               0 |                0 |                  |                   |
Datacenter on Azure Local | Datacenter | azure_local          | 2026-01-01  || while_migrating |             180 |                1 | 2026-06-29       |                   |
the last day of 31        | Standard   | azure                | 2019-07-31  || while_migrating |             180 |                1 | 2019-08-30       |                90 | 2019-10-29
the first day of 180      | Standard   | azure                | 2019-08-01  || while_migrating |             180 |                1 | 2020-01-27       |                90 | 2019-10-30
edition not known         |            | azure                | 2026-01-01  ||                 |                 |                  |                  |                   |
"""
OTHERWISE = """
case                      | edition    | use                  | assigned_on || concurrency     | concurrent_days | concurrent_times | concurrent_until | redeployable_on
--------------------------|------------|----------------------|-------------||-----------------|-----------------|------------------|------------------|----------------
Standard in Azure         | Standard   | azure                | 2026-01-01  || either_or       |               0 |                0 |                  | 2026-04-01
Datacenter, whole host    | Datacenter | azure_dedicated_host | 2026-01-01  || while_migrating |             180 |                1 | 2026-06-29       |
"""


def test_how_long_licenses_serve_both_places():
    check(azure_hybrid_benefit_concurrency, TODAY, NOW)


def test_the_other_readings():
    given = {"ahb_standard_concurrency": "either_or", "ahb_host_concurrency": "while_migrating"}
    check(azure_hybrid_benefit_concurrency, TODAY, OTHERWISE, **given)


@pytest.mark.parametrize(("day", "days"), [(date(2016, 10, 1), 31), (date(2019, 7, 31), 31), (date(2019, 8, 1), 180)])
def test_the_days_of_a_migration_grew(day, days):
    table = f"case | edition | use || concurrent_days\nany | Standard | azure || {days}"
    check(
        azure_hybrid_benefit_concurrency,
        day,
        table.replace("use ||", "use | assigned_on ||").replace("azure ||", "azure | 2016-10-01 ||"),
    )


@given(st.dates(date(2016, 10, 1), date(2030, 12, 31)))
def test_the_last_day_counts_from_the_day_of_assignment(day):
    row = pl.LazyFrame({"edition": ["Standard"], "use": ["azure"], "assigned_on": [day]})
    found = evaluate(row, azure_hybrid_benefit_concurrency, Settings(TODAY)).collect()
    days = 180 if day >= date(2019, 8, 1) else 31
    last = found[column_name(azure_hybrid_benefit_concurrency, "concurrent_until")][0]
    first = found[column_name(azure_hybrid_benefit_concurrency, "redeployable_on")][0]
    assert (last, first) == (day + timedelta(days=days - 1), day + timedelta(days=90))


def test_every_reason_occurs():
    said = set((NOW + OTHERWISE).replace("|", " ").split())
    assert {reason.code for reason in azure_hybrid_benefit_concurrency.Reason} <= said
