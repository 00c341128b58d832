"""A recovery run ends after it starts."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import not_before, suite


def recovery_runs_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `recovery_runs`."""
    return suite(
        "recovery_runs",
        [
            not_before("ended_at", "started_at"),
            not_before("production_down_to", "production_down_from"),
        ],
    )
