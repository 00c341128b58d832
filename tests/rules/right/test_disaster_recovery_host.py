from datetime import date

import pytest

from lmanalytics.rules.right import disaster_recovery_host
from tests.tables import check

DAY = date(2026, 6, 30)
HOSTS = """
case                       | hypervisor | host_os_use    | is_dr_dedicated | serves_production | provider        | has_windows_sa || is_license_waived | reason
---------------------------|------------|----------------|-----------------|-------------------|-----------------|----------------||-------------------|----------------------
a destination of replicas  | hyper_v    | replica_target | true            | false             |                 | true           || true              | replica_server
at an outsourcer           | hyper_v    | replica_target | true            | false             | Contoso         | true           || true              | replica_server
it does other work         | hyper_v    | workload       | true            | false             |                 | true           || false             | other_use
it only hosts              | hyper_v    | manage_only    | true            | false             |                 | true           || false             | other_use
its use is not known       | hyper_v    |                | true            | false             |                 | true           ||                   | use_unknown
another hypervisor         | esxi       | replica_target | true            | false             |                 | true           || false             | not_hyper_v
the hypervisor is unknown  |            | replica_target | true            | false             |                 | true           ||                   | hypervisor_unknown
not dedicated              | hyper_v    | replica_target | false           | false             |                 | true           || false             | not_dedicated
production runs on it      | hyper_v    | replica_target | true            | true              |                 | true           || false             | serves_production
in Azure                   | hyper_v    | replica_target | true            | false             | Microsoft Azure | true           || false             | in_azure
no SA                      | hyper_v    | replica_target | true            | false             |                 | false          || false             | no_software_assurance
SA is not known            | hyper_v    | replica_target | true            | false             |                 |                ||                   | assurance_unknown
a failure before unknown   |            |                | false           | false             |                 |                || false             | not_dedicated
"""


@pytest.mark.parametrize("day", [date(2016, 10, 1), DAY])
def test_hosts(day):
    check(disaster_recovery_host, day, HOSTS)


def test_every_reason_occurs():
    cells = {line.split("|")[-1].strip() for line in HOSTS.strip().splitlines()[2:]}
    assert cells == {reason.code for reason in disaster_recovery_host.Reason}
