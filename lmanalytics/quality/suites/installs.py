"""A passive copy names the active one."""

from datetime import date

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.row_conditions import Column as Where

from lmanalytics.quality.checks import filled, plausible_day, suite


def installs_suite(as_of: date | None) -> ExpectationSuite:
    """Return the checks of `installs`."""
    return suite(
        "installs",
        [
            filled(
                "primary_install_id",
                Where("role") != "active",
                "A passive install should name the active one.",
                action="Without it the copy needs licenses of its own; name the install that it stands in for.",
            ),
            plausible_day("observed_on", as_of),
        ],
    )
