"""A license is assigned to something."""

from datetime import date

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.row_conditions import Column as Where

from lmanalytics.quality.checks import at_least, filled, plausible_day, suite


def license_assignments_suite(as_of: date | None) -> ExpectationSuite:
    """Return the checks of `license_assignments`."""
    return suite(
        "license_assignments",
        [
            at_least("quantity", 1),
            filled(
                "ose_id",
                Where("to_host_id").is_null() & Where("to_datacenter_id").is_null() & Where("to_provider").is_null(),
                "An assignment should name a host, a data center, a provider or an environment.",
                action="Say what the licenses were assigned to.",
            ),
            plausible_day("assigned_on", as_of),
        ],
    )
