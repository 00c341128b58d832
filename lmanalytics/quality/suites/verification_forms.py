"""A form is answered after it was submitted."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import not_before, plausible_day, suite


def verification_forms_suite(as_of: date | None) -> ExpectationSuite:
    """Return the checks of `verification_forms`."""
    return suite(
        "verification_forms",
        [
            plausible_day("submitted_on", as_of),
            not_before("confirmed_on", "submitted_on"),
            not_before("rejected_on", "submitted_on"),
        ],
    )
