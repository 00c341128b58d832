"""A service has at least one virtual core."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import at_least, suite


def cloud_services_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `cloud_services`."""
    return suite("cloud_services", [at_least("vcores", 1)])
