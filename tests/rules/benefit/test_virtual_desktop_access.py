from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import virtual_desktop_access
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

AS_OF = date(2026, 6, 30)
DEVICES = """
case                            | sa_active_until | vda_until  | devices | licensed_devices | assigned_on || is_covered | needs_license | licenses_needed | remote_machines | local_machines | reassignable_on
--------------------------------|-----------------|------------|---------|------------------|-------------||------------|---------------|-----------------|-----------------|----------------|----------------
PCs with Software Assurance     | 2027-12-31      |            |     100 |                1 | 2026-01-01  || true       | false         |               0 |               4 |              4 | 2026-04-01
thin clients                    |                 |            |     100 |                0 |             || false      | true          |             100 |               0 |              0 |
thin client with a VDA license  |                 | 2027-01-01 |       1 |                1 | 2024-02-29  || true       | false         |               0 |               4 |              4 | 2024-05-29
last day of coverage            | 2026-06-30      |            |       1 |               25 |             || true       | false         |               0 |             100 |            100 |
the day after                   | 2026-06-29      |            |       1 |                  |             || false      | true          |               1 |                 |                |
VDA ended, coverage runs        | 2026-07-01      | 2020-01-01 |       1 |                1 |             || true       | false         |               0 |               4 |              4 |
both ended                      | 2026-06-29      | 2026-06-29 |       0 |                0 |             || false      | true          |               0 |               0 |              0 |
how many is not known           |                 |            |         |                  |             || false      | true          |                 |                 |                |
"""
DAYS = st.none() | st.integers(-5, 5).map(lambda n: AS_OF + timedelta(days=n))


def test_which_devices_need_a_license_and_how_many_machines_they_reach():
    check(virtual_desktop_access, AS_OF, DEVICES)


@given(DAYS, DAYS, st.integers(0, 1000))
def test_it_agrees_with_a_plain_reading(sa, vda, devices):
    facts = pl.LazyFrame(
        {"sa_active_until": [sa], "vda_until": [vda], "devices": [devices]},
        schema={"sa_active_until": pl.Date, "vda_until": pl.Date, "devices": pl.Int64},
    )
    row = evaluate(facts, virtual_desktop_access, Settings(AS_OF)).collect().to_dicts()[0]
    covered = any(until is not None and until >= AS_OF for until in (sa, vda))
    assert row[column_name(virtual_desktop_access, "licenses_needed")] == (0 if covered else devices)
