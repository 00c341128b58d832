from datetime import date

import pytest

from lmanalytics.rules.right import terms_clauses
from tests.tables import check

CLAUSES = """
case                         | product         | governed_on || windows_server | sql_server  | virtual_machine | listed_provider_servers
-----------------------------|-----------------|-------------||----------------|-------------|-----------------|------------------------
long ago                     | Windows Server  | 2014-05-01  || not_offered    | any_license | not_offered     | true
Listed Providers, the last   | Windows Server  | 2019-09-30  || not_offered    | any_license | not_offered     | true
Listed Providers, the first  | Windows Server  | 2019-10-01  || not_offered    | any_license | not_offered     | false
Windows Server, the last     | Windows Server  | 2022-09-30  || not_offered    | any_license | not_offered     | false
Windows Server, the first    | Windows Server  | 2022-10-01  || with_sa        | any_license | with_sa         | false
SQL Server, the last         | SQL Server      | 2022-11-15  || with_sa        | any_license | any_license     | false
SQL Server, the first        | SQL Server      | 2022-11-16  || with_sa        | with_sa     | with_sa         | false
another product              | Exchange Server | 2022-11-16  || with_sa        | with_sa     |                 | false
the day is not known         | SQL Server      |             ||                |             |                 |
"""


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2022, 10, 1), date(2026, 6, 30)])
def test_the_day_that_governs_decides_and_not_the_day_of_the_position(day):
    check(terms_clauses, day, CLAUSES)


def test_every_reason_occurs():
    assert all(f" {reason.code} " in CLAUSES for reason in terms_clauses.Reason)
