"""Core licenses granted for Windows Server processor licenses when core licensing began.

Each license for two processors that had Software Assurance became a fixed number of core licenses. A
server with more cores renews Software Assurance for more.
"""

import polars as pl

from lmanalytics.rules.engine import rule
from lmanalytics.schemas import MONEY

FACTS = "hosts"
ANSWER = "core_licenses_granted"


@rule(unit="core_license", cite="grant", start="2016-10-01")
def core_licenses_granted(
    processors: pl.Expr, *, processors_per_old_license: int, core_licenses_per_old_license: int
) -> pl.Expr:
    """Core licenses granted for the processor licenses of one server."""
    old = (processors + processors_per_old_license - 1) // processors_per_old_license
    return old * core_licenses_per_old_license


@rule(unit="percent", cite="grant", start="2016-10-01")
def renewal_increase(core_licenses_granted: pl.Expr, cores_to_license: pl.Expr, *, percent_of_all: int) -> pl.Expr:
    """By how many percent more core licenses the server needs than were granted; none where the grant suffices."""
    extra = pl.max_horizontal(cores_to_license - core_licenses_granted, 0)
    return (extra * percent_of_all).cast(MONEY) / core_licenses_granted
