from datetime import date

import pytest

from lmanalytics.errors import RuleError
from lmanalytics.rules.right import listed_provider_licenses
from tests.tables import check

BEFORE = """
case           | acquired_on | version_released_on || acquired_before | is_early | acquisition    | version_use
---------------|-------------|---------------------||-----------------|----------|----------------|---------------
any license    | 2016-10-01  | 2016-10-15          ||                 | true     | not_restricted | not_restricted
age not known  |             |                     ||                 | true     | not_restricted | not_restricted
"""
NOW = """
case                             | acquired_on | version_released_on || acquired_before | is_early | acquisition         | version_use
---------------------------------|-------------|---------------------||-----------------|----------|---------------------|----------------
old license, old version         | 2016-10-01  | 2018-11-13          || 2019-10-01      | true     | early               | version_allowed
the last day                     | 2019-09-30  | 2019-09-30          || 2019-10-01      | true     | early               | version_allowed
the first day                    | 2019-10-01  | 2019-10-01          || 2019-10-01      | false    | late                | version_too_new
new license, new version         | 2024-01-15  | 2021-08-18          || 2019-10-01      | false    | late                | version_too_new
neither its age nor what runs    |             |                     || 2019-10-01      |          | acquisition_unknown | version_unknown
"""


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2019, 9, 30)])
def test_before_listed_providers_were_set_apart(day):
    check(listed_provider_licenses, day, BEFORE)


@pytest.mark.parametrize("day", [date(2019, 10, 1), date(2026, 6, 30)])
def test_old_licenses_keep_their_rights(day):
    check(listed_provider_licenses, day, NOW)


def test_the_day_before_core_licensing_is_an_error():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(listed_provider_licenses, date(2016, 9, 30), NOW)


def test_every_reason_occurs():
    said = set((BEFORE + NOW).replace("|", " ").split())
    assert {reason.code for reason in listed_provider_licenses.Reason} <= said
