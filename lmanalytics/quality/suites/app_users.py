"""An assignment ends after it begins."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import not_before, suite


def app_users_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `app_users`."""
    return suite("app_users", [not_before("assigned_to", "assigned_from")])
