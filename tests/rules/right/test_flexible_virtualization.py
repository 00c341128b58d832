from datetime import date

import pytest

from lmanalytics.errors import RuleError
from lmanalytics.rules.right import flexible_virtualization
from tests.tables import check

NOW = """
case                          | is_listed_provider | uses_listed_datacenter | has_coverage || is_authorized_outsourcer | shared_use
------------------------------|--------------------|------------------------|--------------||--------------------------|------------------
outsourcer, coverage          | false              | false                  | true         || true                     | permitted
outsourcer, no coverage       | false              | false                  | false        || true                     | needs_coverage
outsourcer, coverage unknown  | false              | false                  |              || true                     | coverage_unknown
Listed Provider               | true               | false                  | true         || false                    | listed_provider
on a listed one's data center | false              | true                   | true         || false                    | listed_provider
listed, the rest not known    | true               |                        |              || false                    | listed_provider
provider not known            |                    |                        | true         ||                          | provider_unknown
its data center not known     | false              |                        | true         ||                          | provider_unknown
"""
BEFORE = """
case                 | is_listed_provider | uses_listed_datacenter | has_coverage || is_authorized_outsourcer | shared_use
---------------------|--------------------|------------------------|--------------||--------------------------|---------------------
outsourcer, coverage | false              | false                  | true         || true                     | not_introduced_yet
Listed Provider      | true               | false                  | true         || false                    | not_introduced_yet
provider not known   |                    |                        | true         ||                          | not_introduced_yet
"""


@pytest.mark.parametrize("day", [date(2022, 10, 1), date(2026, 6, 30)])
def test_since_its_introduction(day):
    check(flexible_virtualization, day, NOW)


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2022, 9, 30)])
def test_before_its_introduction(day):
    check(flexible_virtualization, day, BEFORE)


def test_the_day_before_core_licensing_is_an_error():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(flexible_virtualization, date(2016, 9, 30), NOW)


def test_every_reason_occurs():
    said = set((NOW + BEFORE).replace("|", " ").split())
    assert {reason.code for reason in flexible_virtualization.Reason} <= said
