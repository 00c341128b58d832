from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import esu_sql_server_licenses
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 11, 21)
OSES = """
case                    | vcpus | is_physical | processors | physical_cores | edition    | channel        | is_passive || cores | core_licenses | hosted_licenses | basis
------------------------|-------|-------------|------------|----------------|------------|----------------|------------||-------|---------------|-----------------|---------------
four                    |     4 | false       |            |                | Standard   | volume_license | false      ||     4 |             4 |               4 | virtual_cores
two                     |     2 | false       |            |                | Standard   | volume_license | false      ||     2 |             4 |               4 | virtual_cores
five                    |     5 | false       |            |                | Standard   | volume_license | false      ||     5 |             5 |               5 | virtual_cores
Standard stops on Arc   |    32 | false       |            |                | Standard   | azure_arc      | false      ||    32 |            24 |              32 | virtual_cores
at its limit            |    24 | false       |            |                | Standard   | azure_arc      | false      ||    24 |            24 |              24 | virtual_cores
below it                |    23 | false       |            |                | Standard   | azure_arc      | false      ||    23 |            23 |              23 | virtual_cores
Enterprise does not     |    32 | false       |            |                | Enterprise | azure_arc      | false      ||    32 |            32 |              32 | virtual_cores
nor volume licensing    |    32 | false       |            |                | Standard   | volume_license | false      ||    32 |            32 |              32 | virtual_cores
channel unknown         |    32 | false       |            |                | Standard   |                | false      ||    32 |            32 |              32 | virtual_cores
passive                 |    32 | false       |            |                | Enterprise | volume_license | true       ||    32 |             0 |              32 | passive
physical                |       | true        |          2 |             20 | Enterprise | volume_license | false      ||    20 |            20 |              20 | physical_cores
physical, small         |       | true        |          2 |              4 | Enterprise | volume_license | false      ||     8 |             8 |               8 | physical_cores
cores unknown           |       | false       |            |                | Enterprise | volume_license | false      ||       |               |                 | virtual_cores
server's cores unknown  |    16 | true        |          2 |                | Enterprise | volume_license | false      ||       |               |                 | physical_cores
"""
HOSTS = """
case                 | host_cores | edition    | is_listed_provider || unlimited_virtualization | host_licenses
---------------------|------------|------------|--------------------||--------------------------|--------------
least                |         12 | Enterprise | false              || unlimited                |            16
at the least         |         16 | Enterprise | false              || unlimited                |            16
more                 |         17 | Enterprise | false              || unlimited                |            17
Enterprise Core      |         40 | Enterprise Core | false         || unlimited                |            40
Standard             |         40 | Standard   | false              || needs_enterprise         |
Listed Provider      |         40 | Enterprise | true               || listed_provider          |
edition unknown      |         40 |            | false              ||                          |
cores unknown        |            | Enterprise | false              || unlimited                |
"""
NORMALIZED = """
case         | standard_cores | enterprise_cores || normalized_cores
-------------|----------------|------------------||-----------------
both         |             10 |               10 ||               50
Standard     |             10 |                0 ||               10
Enterprise   |              0 |                3 ||               12
unknown      |                |                3 ||
"""
CHANNELS = """
case                       | channel        | metric || availability    | alternative
---------------------------|----------------|--------||-----------------|--------------
by core on Arc             | azure_arc      | core   || available       |
by server on Arc           | azure_arc      | server || not_through_arc | pay_as_you_go
by server, volume license  | volume_license | server || available       |
"""


def test_oses():
    check(esu_sql_server_licenses, DAY, OSES)


def test_hosts():
    check(esu_sql_server_licenses, DAY, HOSTS)


def test_normalized_cores():
    check(esu_sql_server_licenses, DAY, NORMALIZED)


def test_channels():
    check(esu_sql_server_licenses, DAY, CHANNELS)


def test_a_small_machine_that_the_provider_licenses():
    frame = pl.LazyFrame({"vcpus": [2]})
    found = evaluate(frame, esu_sql_server_licenses, Settings(DAY)).collect()
    names = ("hosted_licenses", "min_hosted_licenses_per_ose")
    assert [found[column_name(esu_sql_server_licenses, n)].item() for n in names] == [4, 4]


@pytest.mark.parametrize(
    ("listed", "expected"), [([2, 20], 24), ([4, 4], 8), ([5], 5), ([4, None], None), ([], None), (None, None)]
)
def test_each_processor_has_its_minimum(listed, expected):
    frame = pl.LazyFrame({"cores_per_processor": [listed]}, schema={"cores_per_processor": pl.List(pl.Int64)})
    found = evaluate(frame, esu_sql_server_licenses, Settings(DAY)).collect()
    assert found[column_name(esu_sql_server_licenses, "cores_of_server")].item() == expected


def meters(*installs):
    rows = [{"entity_id": "main", "ose_id": "v", "version": v, "edition": e, "is_passive": p} for v, e, p in installs]
    types = {"edition": pl.String, "is_passive": pl.Boolean}
    frame = pl.LazyFrame(rows, schema_overrides=types)
    found = compute(esu_sql_server_licenses, "meters", Settings(DAY), installs=frame).sort("version").collect()
    return list(found.select("version", "edition", "is_passive", "instances").iter_rows())


def test_each_version_counts_once_in_its_highest_edition():
    found = meters(
        ("2014", "Standard", False), ("2016", "Standard", False), ("2016", "Enterprise", False),
        ("2016", "Developer", False), ("2014", "Developer", True),
    )  # fmt: skip
    assert found == [("2014", "Standard", False, 2), ("2016", "Enterprise", False, 3)]


def test_an_unknown_edition_matters_unless_the_highest_is_there():
    assert meters(("2014", None, False), ("2014", "Standard", False)) == [("2014", None, False, 2)]
    assert meters(("2014", None, False), ("2014", "Enterprise", False)) == [("2014", "Enterprise", False, 2)]


def test_all_instances_must_be_passive():
    assert meters(("2014", "Standard", True), ("2014", "Standard", True))[0][2]


@given(
    st.integers(1, 200), st.sampled_from(["Standard", "Enterprise"]), st.sampled_from(["azure_arc", "volume_license"])
)
def test_agrees_with_plain_counting(vcpus, edition, channel):
    row = {"vcpus": vcpus, "edition": edition, "channel": channel}
    found = evaluate(pl.LazyFrame([row]), esu_sql_server_licenses, Settings(DAY)).collect()
    expected = min(vcpus, 24) if (edition, channel) == ("Standard", "azure_arc") else vcpus
    assert found[column_name(esu_sql_server_licenses, "core_licenses")].item() == max(expected, 4)


def test_every_reason_occurs():
    text = f"{OSES}{HOSTS}{CHANNELS}"
    assert not [r for r in esu_sql_server_licenses.Reason if r.code not in text]
