"""Access licenses are counted from one."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import at_least, suite


def access_licenses_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `access_licenses`."""
    return suite("access_licenses", [at_least("quantity", 1)])
