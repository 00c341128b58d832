from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.right import azure_hybrid_benefit_host
from tests.tables import check

NOW = """
case                     | azure_host           | physical_cores | edition                   | has_coverage || available_from | is_available | licenses | unlimited_virtualization
-------------------------|----------------------|----------------|---------------------------|--------------||----------------|--------------|----------|-------------------------
dedicated host           | azure_dedicated_host |             48 | Datacenter                | true         || 2019-08-01     | true         |       48 | unlimited
azure local              | azure_local          |             32 | Datacenter: Azure Edition | true         || 2022-10-12     | true         |       32 | unlimited
one core                 | azure_local          |              1 | Datacenter                | true         || 2022-10-12     | true         |        1 | unlimited
no cores                 | azure_local          |              0 | Datacenter                | true         || 2022-10-12     | true         |        0 | unlimited
Standard has no such right | azure_dedicated_host |           48 | Standard                  | true         || 2019-08-01     | true         |       48 | needs_datacenter
without coverage         | azure_dedicated_host |             48 | Datacenter                | false        || 2019-08-01     | true         |       48 | needs_coverage
cores unknown            | azure_dedicated_host |                | Datacenter                |              || 2019-08-01     | true         |          |
no host of Azure         |                      |             48 | Datacenter                | true         ||                |              |          |
"""
THEN = """
case             | azure_host           | physical_cores | edition    | has_coverage || is_available | licenses | unlimited_virtualization
-----------------|----------------------|----------------|------------|--------------||--------------|----------|-------------------------
dedicated host   | azure_dedicated_host |             48 | Datacenter | true         || {dedicated}  | {cores}  | {says}
azure local      | azure_local          |             32 | Datacenter | true         || false        |          | not_yet_on_hosts
"""


def test_all_physical_cores():
    check(azure_hybrid_benefit_host, date(2022, 10, 12), NOW)
    check(azure_hybrid_benefit_host, date(2026, 6, 30), NOW)


@pytest.mark.parametrize(
    ("day", "dedicated", "cores", "says"),
    [
        (date(2016, 10, 1), "false", "", "not_yet_on_hosts"),
        (date(2019, 7, 31), "false", "", "not_yet_on_hosts"),
        (date(2019, 8, 1), "true", "48", "unlimited"),
        (date(2022, 10, 11), "true", "48", "unlimited"),
    ],
)
def test_before_the_benefit_reached_a_kind_of_host(day, dedicated, cores, says):
    check(azure_hybrid_benefit_host, day, THEN.format(dedicated=dedicated, cores=cores, says=says))


@given(st.integers(0, 4096))
def test_one_license_for_each_core(cores):
    table = f"case | azure_host | physical_cores || licenses\nany | azure_local | {cores} || {cores}"
    check(azure_hybrid_benefit_host, date(2026, 6, 30), table)


def test_every_reason_occurs():
    said = NOW + THEN.format(dedicated="false", cores="", says="not_yet_on_hosts")
    assert {reason.code for reason in azure_hybrid_benefit_host.Reason} <= set(said.replace("|", " ").split())
