"""A deployment at a provider ends after it begins."""

from datetime import date

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.row_conditions import Column as Where

from lmanalytics.quality.checks import at_least, filled, not_before, suite


def mobility_deployments_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `mobility_deployments`."""
    return suite(
        "mobility_deployments",
        [
            at_least("vcpus", 1),
            at_least("managed_oses", 0),
            not_before("ended_on", "deployed_on"),
            filled(
                "production_deployment_id",
                Where("role") == "passive_failover",
                "A passive fail-over deployment should name the one in production.",
            ),
        ],
    )
