"""Nobody is counted below zero."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import at_least, suite


def access_counts_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `access_counts`."""
    return suite(
        "access_counts",
        [
            at_least("users", 0),
            at_least("devices", 0),
            at_least("external_users", 0),
        ],
    )
