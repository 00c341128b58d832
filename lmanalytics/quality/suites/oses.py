"""An operating system environment has virtual cores and stands somewhere."""

from datetime import date

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.row_conditions import Column as Where

from lmanalytics.quality.checks import at_least, filled, plausible, plausible_day, suite

MOST_VCPUS = 2048


def oses_suite(as_of: date | None) -> ExpectationSuite:
    """Return the checks of `oses`."""
    return suite(
        "oses",
        [
            at_least("vcpus", 1),
            plausible("vcpus", 0, MOST_VCPUS, action="Compare with the hypervisor."),
            filled(
                "vcpus",
                Where("kind") == "virtual",
                "Vcpus should be filled in for a virtual machine.",
                action="Without it the machine cannot be licensed by its virtual cores; add the column to the export.",
            ),
            filled(
                "host_id",
                (Where("location") == "on_premises") & Where("cluster_id").is_null(),
                "An environment on your premises should name its host or its cluster.",
                action="Without it the machine counts on no server; add the column to the export.",
            ),
            plausible_day("observed_on", as_of),
        ],
    )
