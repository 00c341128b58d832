"""Agreements run forward in time."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import not_before, suite


def agreements_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `agreements`."""
    return suite(
        "agreements",
        [
            not_before("end_date", "start_date"),
            not_before("anniversary_date", "start_date"),
            not_before("last_order_on", "start_date"),
        ],
    )
