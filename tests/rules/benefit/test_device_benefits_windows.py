from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import device_benefits_windows
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

AS_OF = date(2026, 3, 31)
DEVICES = """
case                         | sa_active_until | vda_until  | windows_edition | screen_inches | primary_user_id || coverage                   | covered_until | sideloading                | desktop_optimization       | virtualization             | add_on_purchase        | local_installation
-----------------------------|-----------------|------------|-----------------|---------------|-----------------||----------------------------|---------------|----------------------------|----------------------------|----------------------------|------------------------|-------------------
a covered PC with its user   | 2027-01-01      |            | Pro             | 13.3          | u1              || windows_software_assurance | 2027-01-01    | windows_software_assurance | windows_software_assurance | windows_software_assurance | primary_device         | qualifying_edition
last day of coverage         | 2026-03-31      |            | Enterprise      | 13.3          | u1              || windows_software_assurance | 2026-03-31    | windows_software_assurance | windows_software_assurance | windows_software_assurance | primary_device         | qualifying_edition
the day after                | 2026-03-30      |            | Enterprise      | 13.3          | u1              || coverage_expired           | 2026-03-30    | coverage_expired           | coverage_expired           | coverage_expired           | coverage_expired       | qualifying_edition
thin client with VDA         |                 | 2027-01-01 |                 |               | u1              || virtual_desktop_access     | 2027-01-01    | software_assurance_only    | virtual_desktop_access     | virtual_desktop_access     | primary_device         | device_unknown
both, VDA longer             | 2026-12-31      | 2027-01-01 | Pro             | 9.9x          | u1              || windows_software_assurance | 2027-01-01    | windows_software_assurance | windows_software_assurance | windows_software_assurance | primary_device         | qualifying_edition
nothing recorded             |                 |            | Home            | 15.6          |                 || no_coverage                |               | no_coverage                | no_coverage                | no_coverage                | no_coverage            | screen_too_large
nobody's primary device      | 2027-01-01      |            | Pro             | 13.3          |                 || windows_software_assurance | 2027-01-01    | windows_software_assurance | windows_software_assurance | windows_software_assurance | no_primary_user        | qualifying_edition
an edition that does not do  | 2027-01-01      |            | Home            | 10.1          | u1              || windows_software_assurance | 2027-01-01    | windows_software_assurance | windows_software_assurance | windows_software_assurance | edition_not_qualifying | small_screen
a hair too large             | 2027-01-01      |            | Home            | 10.11         | u1              || windows_software_assurance | 2027-01-01    | windows_software_assurance | windows_software_assurance | windows_software_assurance | edition_not_qualifying | screen_too_large
edition not known            | 2027-01-01      |            |                 | 10.2          | u1              || windows_software_assurance | 2027-01-01    | windows_software_assurance | windows_software_assurance | windows_software_assurance | edition_unknown        | device_unknown
size is no number            | 2027-01-01      |            | Home            | small         | u1              || windows_software_assurance | 2027-01-01    | windows_software_assurance | windows_software_assurance | windows_software_assurance | edition_not_qualifying | device_unknown
edition not known, small     | 2027-01-01      |            |                 | 8.0           | u1              || windows_software_assurance | 2027-01-01    | windows_software_assurance | windows_software_assurance | windows_software_assurance | edition_unknown        | small_screen
"""
SUPPORT = """
case       | sa_active_until | vda_until | windows_edition | screen_inches | primary_user_id || desktop_optimization | sideloading
-----------|-----------------|-----------|-----------------|---------------|-----------------||----------------------|---------------------------
covered    | 2027-01-01      |           | Pro             | 13.3          | u1              || support_ended        | windows_software_assurance
not covered|                 |           | Pro             | 13.3          | u1              || no_coverage          | no_coverage
"""


def test_what_a_device_has():
    check(device_benefits_windows, AS_OF, DEVICES)


def test_the_optimization_pack_outlives_its_support():
    check(device_benefits_windows, date(2026, 4, 15), SUPPORT)
    last_day = SUPPORT.replace("support_ended        ", "windows_software_assurance")
    check(device_benefits_windows, date(2026, 4, 14), last_day)


def test_every_reason_occurs():
    found = {value for t in (DEVICES, SUPPORT) for row in read_table(t)[1].rows() for value in row}
    assert {r.code for r in device_benefits_windows.Reason} <= found


DAYS = st.none() | st.integers(-3, 3).map(lambda n: AS_OF + timedelta(days=n))
EDITIONS = st.sampled_from([None, "Pro", "Home", "Enterprise", "Education"])
SIZES = st.none() | st.decimals(Decimal("9.0"), Decimal("11.0"), places=2).map(str)


@given(DAYS, DAYS, EDITIONS, SIZES)
def test_it_agrees_with_a_plain_reading(sa, vda, edition, inches):
    facts = pl.LazyFrame(
        {"sa_active_until": [sa], "vda_until": [vda], "windows_edition": [edition], "screen_inches": [inches],
         "primary_user_id": ["u"]},
        schema={"sa_active_until": pl.Date, "vda_until": pl.Date, "windows_edition": pl.String,
                "screen_inches": pl.String, "primary_user_id": pl.String},
    )  # fmt: skip
    row = evaluate(facts, device_benefits_windows, Settings(AS_OF)).collect().to_dicts()[0]
    by_sa, by_vda = (until is not None and until >= AS_OF for until in (sa, vda))
    qualifying = None if edition is None else edition in {"Pro", "Enterprise"}
    small = None if inches is None else Decimal(inches) <= Decimal("10.1")
    value = {
        r: row[column_name(device_benefits_windows, r)]
        for r in ("sideloading", "add_on_purchase", "local_installation")
    }
    assert (value["sideloading"] in device_benefits_windows.ENTITLED) == by_sa
    assert (value["add_on_purchase"] in device_benefits_windows.ENTITLED) == (
        (by_sa and qualifying is True) or (by_vda and not by_sa)
    )
    assert (value["local_installation"] in device_benefits_windows.ENTITLED) == (qualifying is True or small is True)
