from datetime import date

import pytest

from lmanalytics.rules.right import disaster_recovery_verdict
from tests.tables import check

DAY = date(2026, 6, 30)
RUNS = """
case                         | purpose  | instances | obstacle_of_place | obstacle_of_licenses  | is_only_backup | obstacle_of_occasion || is_permitted | reason                | backup_instances | decided_by
-----------------------------|----------|-----------|-------------------|-----------------------|----------------|----------------------||--------------|-----------------------|------------------|------------------------------------------------
a test                       | test     |         5 |                   |                       | true           |                      || true         | test                  |                5 | disaster_recovery_verdict.is_permitted
a disaster                   | disaster |         1 |                   |                       | true           |                      || true         | disaster              |                1 | disaster_recovery_verdict.is_permitted
a transfer                   | transfer |         0 |                   |                       | true           |                      || true         | transfer              |                0 | disaster_recovery_verdict.is_permitted
the place                    | test     |         5 | same_cluster      |                       | true           |                      || false        | same_cluster          |                0 | disaster_recovery_place.obstacle_of_place
the licenses                 | test     |         5 |                   | no_software_assurance | true           |                      || false        | no_software_assurance |                0 | disaster_recovery_assurance.obstacle_of_licenses
the number                   | test     |         5 |                   |                       | false          |                      || false        | second_backup         |                5 | disaster_recovery_instances.backups
the time                     | test     |         5 |                   |                       | true           | outside_test_window  || false        | outside_test_window   |                5 | disaster_recovery_occasion.obstacle_of_occasion
the place before the time    | test     |         5 | not_dedicated     |                       | true           | outside_test_window  || false        | not_dedicated         |                0 | disaster_recovery_place.obstacle_of_place
the place is not known       | test     |         5 | dedicated_unknown |                       | true           |                      ||              | dedicated_unknown     |                  | disaster_recovery_place.obstacle_of_place
a failure before an unknown  | test     |         5 | dedicated_unknown | assurance_unknown     | true           | outside_test_window  || false        | outside_test_window   |                  | disaster_recovery_occasion.obstacle_of_occasion
instances not given          | test     |           |                   |                       | true           |                      || true         | test                  |                  | disaster_recovery_verdict.is_permitted
"""


@pytest.mark.parametrize("day", [date(2016, 10, 1), DAY])
def test_runs(day):
    check(disaster_recovery_verdict, day, RUNS)


def test_every_reason_occurs():
    given = {line.split("||")[1].split("|")[1].strip() for line in RUNS.strip().splitlines()[2:]}
    assert {reason.code for reason in disaster_recovery_verdict.Reason} <= given
