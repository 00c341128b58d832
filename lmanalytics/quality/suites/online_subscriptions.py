"""A subscription ends after it begins."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import at_least, not_before, suite


def online_subscriptions_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `online_subscriptions`."""
    return suite(
        "online_subscriptions",
        [
            at_least("quantity", 0),
            not_before("end_date", "start_date"),
        ],
    )
