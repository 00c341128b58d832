from datetime import date

import pytest

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server_datacenter
from tests.tables import check

HOSTS = """
case                         | cores_to_license | windows_oses | host_rights_used | host_runs_windows | process_containers | full_sets_held || full_sets | core_licenses | oses_allowed | is_physical_ose_allowed
-----------------------------|------------------|--------------|------------------|-------------------|--------------------|----------------||-----------|---------------|--------------|------------------------
ten guests                   |               32 |           10 |                0 | false             |                  0 |              1 ||         1 |            32 | unlimited    | true
one guest                    |               32 |            1 |                0 | false             |                  0 |              1 ||         1 |            32 | unlimited    | true
a thousand guests            |               32 |         1000 |                1 | true              |                999 |              1 ||         1 |            32 | unlimited    | true
a physical server            |               16 |            0 |                1 | true              |                  0 |              1 ||         1 |            16 | unlimited    | true
a Windows host alone         |               16 |            0 |                0 | true              |                  0 |              1 ||         1 |            16 | unlimited    | true
containers alone             |               16 |            0 |                0 | false             |                  5 |              1 ||         1 |            16 | unlimited    | true
nothing, nothing             |               16 |            0 |                0 | false             |                  0 |              0 ||         0 |             0 | none         | false
cores unknown                |                  |            3 |                0 | false             |                  0 |              1 ||         1 |               | unlimited    | true
guests unknown               |               16 |              |                0 | false             |                  0 |              1 ||           |               | unlimited    | true
sets held unknown            |               16 |            1 |                0 | false             |                  0 |                ||         1 |            16 |              |
"""


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2026, 6, 30)])
def test_hosts(day):
    check(windows_server_datacenter, day, HOSTS)


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="its first rule starts on 2016-10-01"):
        check(windows_server_datacenter, date(2016, 9, 30), HOSTS)
