"""Extended Security Updates cover something, for a year."""

from datetime import date

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.row_conditions import Column as Where

from lmanalytics.quality.checks import at_least, filled, not_before, suite


def esu_coverage_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `esu_coverage`."""
    return suite(
        "esu_coverage",
        [
            at_least("quantity", 1),
            at_least("esu_year", 1),
            not_before("coverage_end", "coverage_start"),
            filled(
                "ose_id",
                Where("host_id").is_null() & Where("device_id").is_null(),
                "Coverage should name a host, an environment or a device.",
            ),
        ],
    )
