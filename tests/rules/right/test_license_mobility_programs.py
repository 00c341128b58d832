from datetime import date

from lmanalytics.rules.right import license_mobility_programs
from tests.tables import check

PROGRAMS = """
case                            | program                 || program_eligibility
--------------------------------|-------------------------||----------------------
Enterprise Agreement            | ea                      || sa_included
Enterprise Subscription         | eas                     || sa_included
Open Value                      | open_value              || sa_included
Open Value Subscription         | open_value_subscription || sa_included
Open License                    | open_license            || sa_optional
Select Plus                     | select_plus             || sa_optional
MPSA                            | mpsa                    || sa_optional
Cloud Solution Provider         | csp                     || program_not_eligible
a service provider's own        | spla                    || program_not_eligible
with the machine                | oem                     || program_not_eligible
boxed                           | fpp                     || program_not_eligible
a program that is not known     | other                   || program_not_eligible
unknown                         |                         ||
"""


def test_which_programs_carry_license_mobility():
    check(license_mobility_programs, date(2026, 6, 30), PROGRAMS)


def test_every_reason_occurs():
    assert all(reason.code in PROGRAMS for reason in license_mobility_programs.Reason)
