"""An order was placed by the position date."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import plausible_day, suite


def workplace_orders_suite(as_of: date | None) -> ExpectationSuite:
    """Return the checks of `workplace_orders`."""
    return suite("workplace_orders", [plausible_day("ordered_on", as_of)])
