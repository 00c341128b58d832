"""A data center's clock is one that exists."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import between, suite

WEST, EAST = -720, 840
"""Minutes: Baker Island and Kiribati."""


def datacenters_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `datacenters`."""
    return suite(
        "datacenters",
        [
            between("utc_offset_minutes", WEST, EAST),
        ],
    )
