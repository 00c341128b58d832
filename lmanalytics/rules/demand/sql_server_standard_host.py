"""SQL Server Standard by physical core: it covers the physical OSE and no virtual machine.

Use `sql_server_cores` for `cores_to_license`.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "core_licenses"


class Reason(ReasonBase):
    """Whether Standard may be licensed by physical core."""

    PHYSICAL_OSE_ONLY = (
        "Standard by physical core covers the physical OSE; virtual machines are licensed by themselves."
    )
    NOT_BY_PHYSICAL_CORE = "By the reading in force Standard is not licensed by physical core."


@rule(unit="code", cite="physical_ose", start="2012-04-01")
def use(*, sql_standard_physical_cores: str) -> pl.Expr:
    """Whether Standard may be licensed by physical core."""
    allowed = sql_standard_physical_cores == "physical_ose_only"
    return (Reason.PHYSICAL_OSE_ONLY if allowed else Reason.NOT_BY_PHYSICAL_CORE).lit


@rule(unit="core_license", cite="physical_ose", start="2012-04-01")
def core_licenses(cores_to_license: pl.Expr, use: pl.Expr) -> pl.Expr:
    """Core licenses for SQL Server Standard in the physical OSE; null where they may not be used so."""
    return pl.when(use == Reason.PHYSICAL_OSE_ONLY.code).then(cores_to_license)
