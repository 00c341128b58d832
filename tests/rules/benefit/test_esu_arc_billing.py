from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.benefit import esu_arc_billing
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 11, 21)
BILLS = """
case                      | product        | subscribed_on | first_day  | year_start | is_volume_licensed_before || back_billing     | back_bill_from | recurring_from | months_back_billed
--------------------------|----------------|---------------|------------|------------|---------------------------||------------------|----------------|----------------|-------------------
SQL Server, late          | SQL Server     | 2026-09-10    | 2026-07-15 | 2026-07-15 |                           || from_year_start  | 2026-07-15     | 2026-09-10     | 2
SQL Server, on the day    | SQL Server     | 2026-07-15    | 2026-07-15 | 2026-07-15 |                           || nothing_back     |                | 2026-07-15     |
SQL Server, early         | SQL Server     | 2026-06-01    | 2026-07-15 |            |                           || nothing_back     |                | 2026-07-15     |
SQL Server, second year   | SQL Server     | 2025-09-01    | 2024-07-10 | 2025-07-09 |                           || from_year_start  | 2025-07-09     | 2025-09-01     | 2
Windows Server, late      | Windows Server | 2023-12-10    | 2023-10-11 | 2023-10-11 |                           || from_support_end | 2023-10-11     | 2023-12-10     | 2
Windows Server, next year | Windows Server | 2025-01-10    | 2023-10-11 | 2024-10-09 |                           || from_support_end | 2023-10-11     | 2025-01-10     | 15
after volume licensing    | Windows Server | 2025-01-10    | 2023-10-11 | 2024-10-09 | true                      || transition       |                | 2025-01-10     |
day unknown               | SQL Server     |               | 2026-07-15 | 2026-07-15 |                           ||                  |                |                |
"""
LIMITS = """
case             | cores    | days_disconnected || license_resources | resource_groups | is_new_subscription
-----------------|----------|-------------------||-------------------|-----------------|--------------------
one              |    10000 |                30 ||                 1 |               1 | false
two              |    10001 |                31 ||                 2 |               1 | true
three            |    23000 |                 0 ||                 3 |               1 | false
a full group     |  8000000 |                 1 ||               800 |               1 | false
a second group   |  8000001 |                 1 ||               801 |               2 | false
none             |        0 |                 1 ||                 0 |               0 | false
unknown          |          |                   ||                   |                 |
"""


def test_bills():
    check(esu_arc_billing, DAY, BILLS)


def test_limits():
    check(esu_arc_billing, DAY, LIMITS)


@pytest.mark.parametrize(
    ("provisioned", "months"),
    [
        (date(2023, 12, 5), [date(2023, 10, 1), date(2023, 11, 1)]),
        (date(2023, 10, 31), []),
        (date(2024, 1, 1), [date(2023, 10, 1), date(2023, 11, 1), date(2023, 12, 1)]),
    ],
)
def test_months_that_are_billed(provisioned, months):
    day = date(2023, 10, 11)
    row = {"product": "Windows Server", "subscribed_on": provisioned, "first_day": day, "year_start": day}
    found = evaluate(pl.LazyFrame([row]), esu_arc_billing, Settings(DAY)).collect()
    assert found[column_name(esu_arc_billing, "first_days_back_billed")].item().to_list() == months


def test_every_reason_occurs():
    assert not [r for r in esu_arc_billing.Reason if r.code not in BILLS]
