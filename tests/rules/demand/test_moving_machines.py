from datetime import date

import pytest

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import moving_machines
from tests.tables import check

DAY = date(2026, 6, 30)
MACHINES = """
case               | licenses | hosts || needs_sa_to_move | licenses_of_each_host | servers_of_each_host
-------------------|----------|-------||------------------|-----------------------|---------------------
one server         |        8 |     1 || false            |                     8 |                    1
two servers        |        8 |     2 || true             |                    16 |                    2
cores unknown      |          |     2 || true             |                       |                    2
servers unknown    |        8 |       ||                  |                       |
"""


def test_machines():
    check(moving_machines, DAY, MACHINES)


def test_the_first_day():
    check(moving_machines, date(2011, 7, 1), MACHINES)
    with pytest.raises(RuleError, match="2011-07-01"):
        check(moving_machines, date(2011, 6, 30), MACHINES)
