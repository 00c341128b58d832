from datetime import date

import pytest

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server_virtual_cores
from tests.tables import check

OSES = """
case            | vcpus | sa_or_subscription | is_same_farm || core_licenses | eligibility | movement
----------------|-------|--------------------|--------------||---------------|-------------|----------------
sixteen         |    16 | true               | true         ||            16 | allowed     | any_time
nine            |     9 | true               | true         ||             9 | allowed     | any_time
eight           |     8 | true               | true         ||             8 | allowed     | any_time
seven           |     7 | true               | true         ||             8 | allowed     | any_time
one             |     1 | true               | true         ||             8 | allowed     | any_time
without SA      |     8 | false              | true         ||             8 | needs_sa    | any_time
to another farm |     8 | true               | false        ||             8 | allowed     | once_per_period
unknown size    |       | true               | true         ||               | allowed     | any_time
unknown SA      |     8 |                    |              ||             8 |             |
"""
RIGHTS = """
case          | vcpus || min_licenses | oses_allowed | process_containers_allowed
--------------|-------||--------------|--------------|---------------------------
one licensed  |     4 ||            8 |            1 | unlimited
"""


@pytest.mark.parametrize("day", [date(2022, 10, 1), date(2026, 6, 30)])
def test_single_oses(day):
    check(windows_server_virtual_cores, day, OSES)


def test_what_one_licensed_machine_permits():
    check(windows_server_virtual_cores, date(2026, 6, 30), RIGHTS)


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="its first rule starts on 2022-10-01"):
        check(windows_server_virtual_cores, date(2022, 9, 30), OSES)
