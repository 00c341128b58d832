"""Employment ends after it begins."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import not_before, suite


def employees_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `employees`."""
    return suite("employees", [not_before("employed_to", "employed_from")])
