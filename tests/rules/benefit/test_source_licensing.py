from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import source_licensing
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

AS_OF = date(2026, 6, 30)
STRICT = """
case                              | desktops_with_sa | vda_licenses | user_licenses | program      || desktops_counted | may_be_eligible | may_use_research_program | reason
----------------------------------|------------------|--------------|---------------|--------------||------------------|-----------------|--------------------------|------------------
many                              |            12000 |            0 |             0 | ea           ||            12000 | true            | false                    | enough_desktops
exactly enough                    |            10000 |            0 |             0 | ea           ||            10000 | true            | false                    | enough_desktops
one too few                       |             9999 |            0 |             0 | ea           ||             9999 | false           | false                    | too_few_desktops
others do not count               |             6000 |         4500 |          5000 | ea           ||             6000 | false           | false                    | too_few_desktops
none                              |                0 |            0 |             0 | ea           ||                0 | false           | false                    | too_few_desktops
academic, however many            |            20000 |            0 |             0 | ees          ||            20000 | false           | true                     | academic_program
academic, few                     |                1 |            0 |             0 | academic_open||                1 | false           | true                     | academic_program
program not known                 |            10000 |            0 |             0 |              ||            10000 | true            | false                    | enough_desktops
desktops not known                |                  |            0 |             0 | ea           ||                  |                 |                          |
"""
WIDE = """
case                              | desktops_with_sa | vda_licenses | user_licenses | program || desktops_counted | may_be_eligible
----------------------------------|------------------|--------------|---------------|---------||------------------|----------------
devices and VDA                   |             6000 |         4500 |             0 | ea      ||            10500 | true
devices and users, exactly enough |             6000 |            0 |          4000 | ea      ||            10000 | true
all three, one too few            |             6000 |         2000 |          1999 | ea      ||             9999 | false
"""


def test_devices_alone_count():
    check(source_licensing, AS_OF, STRICT)


def test_by_the_wider_reading_vda_and_users_count_too():
    check(source_licensing, AS_OF, WIDE, source_licensing_count="device_sa_vda_and_user")


def test_every_reason_occurs():
    assert {line.split("|")[-1].strip() for line in STRICT.strip().splitlines()[2:]} - {""} == {
        r.code for r in source_licensing.Reason
    }


@given(st.integers(0, 30000), st.integers(0, 30000), st.integers(0, 30000), st.sampled_from(["ea", "ees", "mpsa"]))
def test_it_agrees_with_a_plain_reading_of_the_terms(devices, vda, users, program):
    for reading, counted in (("device_sa", devices), ("device_sa_vda_and_user", devices + vda + users)):
        facts = pl.LazyFrame(
            {"desktops_with_sa": [devices], "vda_licenses": [vda], "user_licenses": [users], "program": [program]}
        )
        answered = evaluate(facts, source_licensing, Settings(AS_OF, {"source_licensing_count": reading})).collect()
        may = answered[column_name(source_licensing, "may_be_eligible")][0]
        assert may == (program != "ees" and counted >= 10_000)


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2030, 1, 1)])
def test_it_holds_on_every_day(day):
    check(source_licensing, day, STRICT)
