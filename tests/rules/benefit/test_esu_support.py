from datetime import date

from lmanalytics.rules.benefit import esu_support
from tests.tables import check

DAY = date(2026, 1, 31)
PLANS = """
case                 | support_plan                 | has_updates || support
---------------------|------------------------------|-------------||--------------
pay per incident     | Pay-Per-Incident             | true        || included
unified              | Unified                      | true        || included
unified, in full     | unified support              | true        || included
partners             | Premier Support for Partners | true        || included
another              | Premier                      | true        || plan_excluded
no plan              |                              | true        || plan_unknown
no updates           | Unified                      | false       || no_updates
updates unknown      | Unified                      |             || included
"""
ISSUES = """
case        | issue                        || is_issue_supported
------------|------------------------------||-------------------
activation  | activation                   || true
regression  | regression                   || true
known       | known_operating_system_issue || true
general     | general_advice               || false
unknown     |                              ||
"""


def test_plans():
    check(esu_support, DAY, PLANS)


def test_issues():
    check(esu_support, DAY, ISSUES)


def test_every_reason_occurs():
    assert not [r for r in esu_support.Reason if r.code not in PLANS]
