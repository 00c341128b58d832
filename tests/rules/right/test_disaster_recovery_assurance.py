from datetime import date

import pytest

from lmanalytics.rules.right import disaster_recovery_assurance
from tests.tables import check

DAY = date(2026, 6, 30)
RUNS = """
case                        | has_software | os_product     | licenses | licenses_with_sa | has_access_sa || has_server_sa | obstacle_of_licenses
----------------------------|--------------|----------------|----------|------------------|---------------||---------------|----------------------
all licenses                | true         | Windows Server |       16 |               16 | true          || true          |
one of them                 | true         | Windows Server |       16 |                1 | true          || {one}         | {open}
none                        | true         | Windows Server |       16 |                0 | true          || false         | no_software_assurance
no licenses at all          | true         | Windows Server |        0 |                0 | true          || false         | no_software_assurance
licenses not known          | true         | Windows Server |          |                  | true          ||               | assurance_unknown
nothing to license          | false        | Linux          |          |                  | true          || true          |
who knows what it runs      | false        |                |          |                  | true          ||               | assurance_unknown
none, whatever else it runs | true         |                |       16 |                0 | true          || false         | no_software_assurance
some, whatever else it runs | true         |                |       16 |               16 | true          ||               | assurance_unknown
a CAL without               | true         | Windows Server |       16 |               16 | false         || true          | access_without_sa
a CAL not known             | true         | Windows Server |       16 |               16 |               || true          | access_unknown
a failure before an unknown | true         | Windows Server |          |                  | false         ||               | access_without_sa
"""


@pytest.mark.parametrize("day", [date(2016, 10, 1), DAY])
def test_some_suffice(day):
    check(disaster_recovery_assurance, day, RUNS.format(one="true", open=""))


def test_some_are_not_known_to_be_those_of_the_server():
    table = RUNS.format(one="", open="assurance_unknown")
    check(disaster_recovery_assurance, DAY, table, partial_software_assurance="not_computable")


def test_every_reason_occurs():
    cells = {line.split("|")[-1].strip() for line in RUNS.strip().splitlines()[2:]} - {"", "{open}"}
    assert cells == {reason.code for reason in disaster_recovery_assurance.Reason}
