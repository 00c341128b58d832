from datetime import date

import pytest

from lmanalytics.rules.right import disaster_recovery_place
from lmanalytics.rules.right.disaster_recovery_place import Reason
from tests.tables import check

DAY = date(2026, 6, 30)
RUNS = """
case                           | target              | is_dr_dedicated | location    | os_product     | license_source       | operator              | is_same_cluster | is_same_server || is_windows_permitted | is_license_used_twice | obstacle_of_place
-------------------------------|---------------------|-----------------|-------------|----------------|----------------------|-----------------------|-----------------|----------------||----------------------|-----------------------|------------------------
a dedicated server             | customer_server     | true            | on_premises | Windows Server | own                  | customer              | false           | false          || true                 | false                 |
in the cluster of production   | customer_server     | true            | on_premises | Windows Server | own                  | customer              | true            | false          || true                 | false                 | same_cluster
on the server of production    | customer_server     | true            | on_premises | Windows Server | own                  | customer              | false           | true           || true                 | false                 | same_server
production is nowhere          | customer_server     | true            | on_premises | Windows Server | own                  | customer              |                 |                || true                 | false                 | production_unknown
not dedicated                  | customer_server     | false           | on_premises | Windows Server | own                  | customer              | false           | false          || true                 | false                 | not_dedicated
who knows whether dedicated    | customer_server     |                 | on_premises | Windows Server | own                  | customer              | false           | false          || true                 | false                 | dedicated_unknown
an outsourcer's server         | customer_server     | true            | on_premises | Windows Server | own                  | authorized_outsourcer | false           | false          || true                 | false                 |
in Azure otherwise             | customer_server     |                 | azure       | Linux          |                      |                       | false           | false          || true                 | false                 | not_site_recovery
Linux in Azure                 | azure_site_recovery |                 | azure       | Linux          |                      |                       | false           | false          || true                 | false                 |
Windows in Azure, hybrid       | azure_site_recovery |                 | azure       | Windows Server | azure_hybrid_benefit |                       | false           | false          || true                 | true                  |
Windows in Azure, rented       | azure_site_recovery |                 | azure       | Windows Server | license_included     |                       | false           | false          || true                 | false                 |
Windows in Azure, own          | azure_site_recovery |                 | azure       | Windows Server | own                  |                       | false           | false          || false                | false                 | windows_in_azure
Windows in Azure, unknown      | azure_site_recovery |                 | azure       | Windows Server |                      |                       | false           | false          ||                      | false                 | windows_license_unknown
anything in Azure              | azure_site_recovery |                 |             |                | own                  |                       | false           | false          || false                | false                 | windows_in_azure
a failure before an unknown    | customer_server     |                 | on_premises | Windows Server | own                  | customer              | true            |                || true                 | false                 | same_cluster
"""
LISTED = """
case                 | target              | is_dr_dedicated | location    | os_product     | license_source | operator        | is_same_cluster | is_same_server || is_operator_permitted | obstacle_of_place
---------------------|---------------------|-----------------|-------------|----------------|----------------|-----------------|-----------------|----------------||-----------------------|------------------
a Listed Provider    | customer_server     | true            | on_premises | Windows Server | own            | listed_provider | false           | false          || {permitted}           | {obstacle}
not in its own Azure | azure_site_recovery | true            | azure       | Linux          |                | listed_provider | false           | false          || true                  |
"""


def test_runs():
    check(disaster_recovery_place, DAY, RUNS)


@pytest.mark.parametrize(
    ("day", "permitted", "obstacle"),
    [
        (date(2016, 10, 1), "true", ""),
        (date(2019, 9, 30), "true", ""),
        (date(2019, 10, 1), "", "listed_provider_unknown"),
    ],
)
def test_listed_providers_since_october_2019(day, permitted, obstacle):
    check(disaster_recovery_place, day, LISTED.format(permitted=permitted, obstacle=obstacle))


def test_every_reason_occurs():
    cells = {line.split("|")[-1].strip() for line in RUNS.strip().splitlines()[2:]} - {""}
    assert cells | {"listed_provider_unknown"} == {reason.code for reason in Reason}
