from datetime import date

import pytest

from lmanalytics.errors import PolicyError
from lmanalytics.rules.right import terms_edition
from tests.tables import check

AS_OF = date(2026, 6, 30)
LICENSES = """
case                                  | acquired_on | version_released_on || if_at_acquisition | if_at_version_upgrade | if_current | governed_on | reason
--------------------------------------|-------------|---------------------||-------------------|-----------------------|------------|-------------|-----------------------
the version was there already         | 2020-03-01  | 2018-11-13          || 2020-03-01        | 2020-03-01            | 2026-06-30 | 2020-03-01  | at_acquisition
released on the day of the purchase   | 2018-11-13  | 2018-11-13          || 2018-11-13        | 2018-11-13            | 2026-06-30 | 2018-11-13  | at_acquisition
the version came a day later          | 2018-11-12  | 2018-11-13          || 2018-11-12        | 2018-11-13            | 2026-06-30 | 2018-11-13  | at_version_upgrade
its version is not known              | 2020-03-01  |                     || 2020-03-01        | 2020-03-01            | 2026-06-30 | 2020-03-01  | at_acquisition
when it was acquired is not known     |             | 2018-11-13          ||                   |                       | 2026-06-30 |             | acquisition_unknown
"""


def test_licenses():
    check(terms_edition, AS_OF, LICENSES)


@pytest.mark.parametrize(
    ("reading", "day", "reason"),
    [
        ("at_acquisition", "2018-11-12", "at_acquisition"),
        ("at_version_upgrade", "2018-11-13", "at_version_upgrade"),
        ("current", "2026-06-30", "current"),
    ],
)
def test_each_reading(reading, day, reason):
    table = f"""
case   | acquired_on | version_released_on || governed_on | reason
-------|-------------|---------------------||-------------|-------
later  | 2018-11-12  | 2018-11-13          || {day}       | {reason}
"""
    check(terms_edition, AS_OF, table, terms_edition=reading)


def test_terms_of_today_need_no_day_of_acquisition():
    table = """
case   | acquired_on | version_released_on || governed_on | reason
-------|-------------|---------------------||-------------|--------
stated |             |                     || 2026-06-30  | current
"""
    check(terms_edition, AS_OF, table, terms_edition="current")


def test_a_reading_that_there_is_not_is_an_error():
    with pytest.raises(PolicyError, match="no reading"):
        check(terms_edition, AS_OF, LICENSES, terms_edition="latest")
