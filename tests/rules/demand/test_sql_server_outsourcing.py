from datetime import date

import pytest

from lmanalytics.rules.demand import sql_server_outsourcing
from tests.tables import check

NOW = """
case                            | operator              | is_dedicated || physical_core_use | virtual_core_use | acquired_before
--------------------------------|-----------------------|--------------||-------------------|------------------|----------------
own                             | customer              | true         || allowed           | allowed          |
own, whatever is said           | customer              | false        || allowed           | allowed          |
an outsourcer's dedicated       | authorized_outsourcer | true         || allowed           | allowed          |
an outsourcer's shared          | authorized_outsourcer | false        || shared_server     | needs_sa         |
a Listed Provider's dedicated   | listed_provider       | true         || old_licenses_only | needs_sa         | 2019-10-01
a Listed Provider's shared      | listed_provider       | false        || shared_server     | needs_sa         |
unknown                         |                       | true         ||                   |                  |
"""
BEFORE = """
case                            | operator              | is_dedicated || physical_core_use | virtual_core_use | acquired_before
--------------------------------|-----------------------|--------------||-------------------|------------------|----------------
own                             | customer              | true         || allowed           | allowed          |
an outsourcer's dedicated       | authorized_outsourcer | true         || allowed           | allowed          |
a Listed Provider's dedicated   | listed_provider       | true         || allowed           | allowed          |
a Listed Provider's shared      | listed_provider       | false        || shared_server     | needs_sa         |
"""


@pytest.mark.parametrize("day", [date(2019, 10, 1), date(2026, 6, 30)])
def test_since_listed_providers(day):
    check(sql_server_outsourcing, day, NOW)


@pytest.mark.parametrize("day", [date(2012, 4, 1), date(2016, 10, 1), date(2019, 9, 30)])
def test_before_listed_providers(day):
    check(sql_server_outsourcing, day, BEFORE)
