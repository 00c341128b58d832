"""A host has processors, and each processor at least one core."""

from datetime import date

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import at_least, not_fewer, plausible, plausible_day, suite

MOST_PROCESSORS, MOST_CORES = 32, 2048
COMPARE = "Compare with the vendor's data sheet."
DISCONNECTED = "Export again while the host is connected; hypervisors report zero for one that is not."


def hosts_suite(as_of: date | None) -> ExpectationSuite:
    """Return the checks of `hosts`."""
    return suite(
        "hosts",
        [
            at_least("processors", 1, action=DISCONNECTED),
            at_least("physical_cores", 1, action=DISCONNECTED),
            not_fewer(
                "physical_cores",
                "processors",
                action="Compare with the data sheet; some exports give the cores of one processor in this column.",
            ),
            plausible("processors", 0, MOST_PROCESSORS, action=COMPARE),
            plausible("physical_cores", 0, MOST_CORES, action=COMPARE),
            plausible_day("observed_on", as_of),
        ],
    )
