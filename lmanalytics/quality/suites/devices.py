"""A screen's size is a number."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import matches, suite


def devices_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `devices`."""
    return suite(
        "devices",
        [
            matches(
                "screen_inches",
                r"^[0-9]+(\.[0-9]+)?$",
                "Screen inches should be a number such as 13.3.",
                is_error=False,
            )
        ],
    )
