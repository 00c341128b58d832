from datetime import date

from lmanalytics.rules.right import license_mobility_failover
from tests.tables import check

PASSIVE = """
case                            | product         | passive_licenses | production_licenses | is_production_known | is_production_running | is_same_partner | passive_number || failover           | is_free | failover_licenses
--------------------------------|-----------------|------------------|---------------------|---------------------|-----------------------|-----------------|----------------||--------------------|--------|------------------
as many as production           | SQL Server      |               16 |                  16 | true                | true                  | true            |              1 || free               | true    |                 0
fewer than production           | SQL Server      |               12 |                  16 | true                | true                  | true            |              1 || free               | true    |                 0
one more than production        | SQL Server      |               17 |                  16 | true                | true                  | true            |              1 || more_licenses      | false   |                17
a second OSE                    | SQL Server      |                4 |                  16 | true                | true                  | true            |              2 || another_ose        | false   |                 4
with another partner            | SQL Server      |                4 |                  16 | true                | true                  | false           |                || other_partner      | false   |                 4
production ended                | SQL Server      |                4 |                  16 | true                | false                 | true            |              1 || production_ended   | false   |                 4
production not named            | SQL Server      |                4 |                     |                     |                       |                 |                || production_unknown |         |
of another product              | Exchange Server |                1 |                   1 | true                | true                  | true            |              1 || not_sql_server     | false   |                 1
its size is unknown             | SQL Server      |                  |                  16 | true                | true                  | true            |              1 || size_unknown       |         |
production's size is unknown    | SQL Server      |                4 |                     | true                | true                  | true            |              1 || size_unknown       |         |
"""


def test_passive_instances_on_a_partners_servers():
    check(license_mobility_failover, date(2026, 6, 30), PASSIVE)


def test_what_more_licenses_than_production_cost_is_a_policy():
    rows = """
case              | product    | passive_licenses | production_licenses | is_production_known | is_production_running | is_same_partner | passive_number || failover      | failover_licenses
as many           | SQL Server |                8 |                   8 | true                | true                  | true            |              1 || free          |                 0
four more         | SQL Server |               12 |                   8 | true                | true                  | true            |              1 || more_licenses |                 4
in a second OSE   | SQL Server |               12 |                   8 | true                | true                  | true            |              2 || another_ose   |                12
"""
    day = date(2026, 6, 30)
    check(license_mobility_failover, day, rows, mobility_failover_excess="excess_alone")
    strict = rows.replace("|                 4", "|                12")
    check(license_mobility_failover, day, strict, mobility_failover_excess="all_licenses")


def test_every_reason_occurs():
    assert all(reason.code in PASSIVE for reason in license_mobility_failover.Reason)
