from datetime import date

from lmanalytics.rules.right import license_mobility_failover
from tests.tables import check

PASSIVE = """
case                            | product         | passive_licenses | production_licenses | is_production_known | is_production_running | is_same_partner | passive_number || failover           | is_free
--------------------------------|-----------------|------------------|---------------------|---------------------|-----------------------|-----------------|----------------||--------------------|--------
as many as production           | SQL Server      |               16 |                  16 | true                | true                  | true            |              1 || free               | true
fewer than production           | SQL Server      |               12 |                  16 | true                | true                  | true            |              1 || free               | true
one more than production        | SQL Server      |               17 |                  16 | true                | true                  | true            |              1 || more_licenses      | false
a second OSE                    | SQL Server      |                4 |                  16 | true                | true                  | true            |              2 || another_ose        | false
with another partner            | SQL Server      |                4 |                  16 | true                | true                  | false           |                || other_partner      | false
production ended                | SQL Server      |                4 |                  16 | true                | false                 | true            |              1 || production_ended   | false
production not named            | SQL Server      |                4 |                     |                     |                       |                 |                || production_unknown |
of another product              | Exchange Server |                1 |                   1 | true                | true                  | true            |              1 || not_sql_server     | false
its size is unknown             | SQL Server      |                  |                  16 | true                | true                  | true            |              1 || size_unknown       |
production's size is unknown    | SQL Server      |                4 |                     | true                | true                  | true            |              1 || size_unknown       |
"""


def test_passive_instances_on_a_partners_servers():
    check(license_mobility_failover, date(2026, 6, 30), PASSIVE)


def test_every_reason_occurs():
    assert all(reason.code in PASSIVE for reason in license_mobility_failover.Reason)
