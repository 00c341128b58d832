from datetime import date

import pytest

from lmanalytics.errors import RuleError
from lmanalytics.rules.right import azure_hybrid_benefit_eligibility
from tests.tables import check

LICENSES = """
case                       | product                          | edition    | has_coverage | location             || is_eligible_product | eligibility      | edition_use
---------------------------|----------------------------------|------------|--------------|----------------------||---------------------|------------------|------------------
Standard with coverage     | Windows Server                   | Standard   | true         | azure                || true                | eligible         | either_edition
Datacenter with coverage   | Windows Server                   | Datacenter | true         | azure_dedicated_host || true                | eligible         | either_edition
coverage ended             | Windows Server                   | Standard   | false        | on_premises          || true                | coverage_ended   | by_edition_rights
coverage not known         | Windows Server                   | Standard   |              | azure_stack          || true                | coverage_unknown | by_edition_rights
Essentials                 | Windows Server                   | Essentials | true         |                      || true                | other_edition    |
the suite's other part     | System Center                    | Standard   | true         | azure                || false               | other_product    | either_edition
the suite as a whole       | Core Infrastructure Server Suite | Standard   | true         | azure                || false               | other_product    | either_edition
nothing known              |                                  |            |              |                      ||                     |                  |
"""


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2026, 6, 30)])
def test_which_licenses_have_the_benefit(day):
    check(azure_hybrid_benefit_eligibility, day, LICENSES)


def test_the_day_before_core_licensing_is_an_error():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(azure_hybrid_benefit_eligibility, date(2016, 9, 30), LICENSES)


def test_every_reason_occurs():
    said = set(LICENSES.replace("|", " ").split())
    assert {reason.code for reason in azure_hybrid_benefit_eligibility.Reason} <= said
