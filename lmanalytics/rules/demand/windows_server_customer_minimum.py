"""Windows Server by virtual machine: the fewest core licenses of one customer.

Microsoft's guidance states a minimum for each customer in its section on containers; a review of the
Product Terms reports that they dropped it in April 2023. The policy says which of both holds.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "customers"
ANSWER = "core_licenses"


@rule(unit="core_license", cite="guidance", start="2022-10-01")
def min_licenses(
    *, customer_minimum: str, min_licenses_per_customer: int, min_licenses_per_customer_by_terms: int
) -> pl.Expr:
    """The minimum in force under the reading that was chosen; zero where it has been dropped."""
    by_guidance = customer_minimum == "guidance"
    return pl.lit(min_licenses_per_customer if by_guidance else min_licenses_per_customer_by_terms, pl.Int64)


@rule(unit="core_license", cite="guidance", start="2022-10-01")
def core_licenses(virtual_core_licenses: pl.Expr, min_licenses: pl.Expr) -> pl.Expr:
    """The licenses of all OSEs that are licensed by themselves, raised to the minimum; none need none."""
    return pl.when(virtual_core_licenses > 0).then(pl.max_horizontal(virtual_core_licenses, min_licenses)).otherwise(0)
