"""SQL Server Enterprise on a whole server: licenses of its physical cores, and the OSEs that they permit.

With Software Assurance or a subscription any number of virtual machines and containers may run SQL Server;
without it one for each license, and each further one takes one license more. The physical OSE is covered.
"""

import polars as pl

from lmanalytics.rules.demand import _per_core
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "licenses_without_sa"


@rule(unit="core_license", cite="with_sa", start="2012-04-01")
def licenses_with_sa(cores_to_license: pl.Expr) -> pl.Expr:
    """Licenses with Software Assurance: the cores, whatever runs."""
    return cores_to_license


@rule(unit="core_license", cite="without_sa", start="2012-04-01")
def licenses_without_sa(cores_to_license: pl.Expr, virtual_oses: pl.Expr, *, virtual_oses_per_license: int) -> pl.Expr:
    """Licenses without it: the cores, or as many as the virtual OSEs ask for where those are more."""
    return pl.max_horizontal(cores_to_license, _per_core.rounded_up(virtual_oses, virtual_oses_per_license))


@rule(unit="flag", cite="with_sa", start="2012-04-01", optional=("licenses_held", "has_sa"))
def is_unlimited(cores_to_license: pl.Expr, licenses_held: pl.Expr, has_sa: pl.Expr) -> pl.Expr:
    """Whether a number of licenses permits any number of virtual OSEs."""
    return (licenses_held.cast(pl.Int64) >= cores_to_license) & has_sa.cast(pl.Boolean)


@rule(unit="ose", cite="without_sa", start="2012-04-01", optional=("licenses_held",))
def virtual_oses_allowed(
    cores_to_license: pl.Expr, licenses_held: pl.Expr, *, virtual_oses_per_license: int
) -> pl.Expr:
    """Virtual OSEs that a number of licenses without Software Assurance permits: none below the cores."""
    held = licenses_held.cast(pl.Int64)
    return pl.when(held >= cores_to_license).then(held * virtual_oses_per_license).when(held.is_not_null()).then(0)
