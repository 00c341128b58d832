from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import azure_sql_normalized_cores
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
TYPES = {"service": pl.String, "tier": pl.String, "edition": pl.String, "vcores": pl.Int64}
HELD = """
case                  | enterprise_cores | standard_cores || normalized_cores_held | concurrent_days | general_purpose_vcores_of_enterprise | business_critical_vcores_of_enterprise | general_purpose_vcores_of_standard | business_critical_vcores_of_standard
----------------------|------------------|----------------||-----------------------|-----------------|--------------------------------------|----------------------------------------|------------------------------------|-------------------------------------
both                  |             2000 |            750 ||                  8750 |             180 |                                 8000 |                                   2000 |                                750 |                                  187
Enterprise            |              500 |              0 ||                  2000 |             180 |                                 2000 |                                    500 |                                  0 |                                    0
Standard alone        |                0 |              4 ||                     4 |             180 |                                    0 |                                      0 |                                  4 |                                    1
one short of a vcore  |                0 |              3 ||                     3 |             180 |                                    0 |                                      0 |                                  3 |                                    0
unknown               |                  |              4 ||                       |             180 |                                      |                                        |                                  4 |                                    1
"""


def taken(service, variant, vcores, day=DAY):
    row = {"service": service, "tier": variant, "edition": variant, "vcores": vcores}
    found = compute(azure_sql_normalized_cores, "normalized", Settings(day), services=pl.LazyFrame([row], schema=TYPES))
    row = found.collect().to_dicts()[0]
    return row["normalized_cores"], row["enterprise_cores"], row["standard_cores"], row["reason"]


def test_what_licenses_give():
    check(azure_sql_normalized_cores, DAY, HELD)


@pytest.mark.parametrize(
    ("service", "variant", "vcores", "expected"),
    [
        ("sql_database", "general_purpose", 1, (1, 1, 1, "required")),
        ("sql_database", "general_purpose", 16, (16, 4, 16, "required")),
        ("sql_database", "general_purpose", 17, (17, 5, 17, "required")),
        ("sql_managed_instance", "business_critical", 1, (4, 1, 4, "required")),
        ("sql_database", "hyperscale", 8, (8, 2, 8, "required")),
        ("ssis", "Enterprise", 1, (4, 1, 4, "required")),
        ("ssis", "Standard", 2, (2, 1, 2, "required")),
        ("sql_virtual_machine", "Standard", 1, (4, 1, 4, "required")),
        ("sql_virtual_machine", "Standard", 4, (4, 1, 4, "required")),
        ("sql_virtual_machine", "Standard", 5, (5, 2, 5, "required")),
        ("sql_virtual_machine", "Enterprise", 2, (16, 4, 16, "required")),
        ("sql_virtual_machine", "Enterprise", 6, (24, 6, 24, "required")),
        ("sql_database_serverless", None, 8, (None, None, None, "not_eligible")),
        ("sql_database_dtu", "general_purpose", 8, (None, None, None, "not_eligible")),
        ("sql_dedicated_host", None, 72, (None, None, None, "not_eligible")),
        ("sql_database", None, 8, (None, None, None, "unknown_rate")),
        ("blob_storage", None, 8, (None, None, None, "unknown_rate")),
        ("sql_virtual_machine", "Standard", None, (None, None, None, "vcores_unknown")),
    ],
)
def test_what_a_resource_takes(service, variant, vcores, expected):
    assert taken(service, variant, vcores) == expected


def test_standard_serves_the_dearer_rate_since_august_2020():
    assert taken("sql_managed_instance", "business_critical", 2, date(2020, 7, 31)) == (8, 2, None, "required")
    assert taken("sql_managed_instance", "business_critical", 2, date(2020, 8, 1)) == (8, 2, 8, "required")
    assert taken("sql_managed_instance", "general_purpose", 2, date(2020, 7, 31)) == (2, 1, 2, "required")


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2018, 3, 31)])
def test_before_the_benefit(day):
    assert taken("sql_database", "general_purpose", 8, day) == (None, None, None, "not_yet")
    assert taken("sql_database", "general_purpose", 8, date(2018, 4, 1))[0] == 8


@given(st.integers(1, 128), st.sampled_from(["Standard", "Enterprise"]))
def test_machines_agree_with_plain_arithmetic(vcores, edition):
    licensed = max(4, vcores)
    cores = licensed * (4 if edition == "Enterprise" else 1)
    quarter, rest = divmod(cores, 4)
    assert taken("sql_virtual_machine", edition, vcores)[:3] == (cores, quarter + (rest > 0), cores)
