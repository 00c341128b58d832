from datetime import date

from lmanalytics.rules.benefit import esu_access_licenses
from tests.tables import check

DAY = date(2026, 1, 31)
TABLE = """
case                      | kind                      | has_updates | is_waived | sa_active_until | has_sa || is_sa_required | access        | is_gap | updates_for_access_licenses
--------------------------|---------------------------|-------------|-----------|-----------------|--------||----------------|---------------|--------|----------------------------
active                    | user_cal                  | true        | false     | 2027-01-01      |        || true           | covered       | false  | 0
active to the day         | device_cal                | true        | false     | 2026-01-31      |        || true           | covered       | false  | 0
ended the day before      | user_cal                  | true        | false     | 2026-01-30      |        || true           | no_sa         | true   | 0
External Connector        | external_connector        | true        | false     | 2020-01-01      |        || true           | no_sa         | true   | 0
said to have it           | user_cal                  | true        | false     |                 | true   || true           | covered       | false  | 0
said not to               | user_cal                  | true        | false     |                 | false  || true           | no_sa         | true   | 0
end unknown               | user_cal                  | true        | false     |                 |        || true           | sa_unknown    |        | 0
no updates                | user_cal                  | false       | false     | 2020-01-01      |        || false          | not_required  | false  | 0
on Azure Stack            | user_cal                  | true        | true      | 2020-01-01      |        || false          | waived        | false  | 0
a management license      | server_management_license | true        | false     | 2020-01-01      |        || true           | other_license | false  | 0
waiver not said           | user_cal                  | true        |           | 2020-01-01      |        || true           | no_sa         | true   | 0
updates unknown           | user_cal                  |             | false     | 2020-01-01      |        ||                | no_sa         | true   | 0
"""


def test_access_licenses():
    check(esu_access_licenses, DAY, TABLE)


def test_every_reason_occurs():
    assert not [r for r in esu_access_licenses.Reason if r.code not in TABLE]
