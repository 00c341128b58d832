"""From how many OSEs on Windows Server Datacenter is cheaper than Standard.

Both editions are licensed by the same cores, so the answer depends on their prices alone.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "prices"
ANSWER = "datacenter_cheaper_from_oses"


class Reason(ReasonBase):
    """Which edition costs less."""

    STANDARD = "Standard costs no more than Datacenter."
    DATACENTER = "Datacenter costs less than Standard."


@rule(unit="ose", cite="per_core", start="2016-10-01")
def datacenter_cheaper_above_oses(
    standard_set_price: pl.Expr, datacenter_set_price: pl.Expr, oses_per_set: pl.Expr
) -> pl.Expr:
    """The most OSEs for which full sets of Standard cost no more than one of Datacenter."""
    affordable = (datacenter_set_price // standard_set_price).cast(pl.Int64)
    return affordable * oses_per_set


@rule(unit="ose", cite="per_core", start="2016-10-01")
def datacenter_cheaper_from_oses(datacenter_cheaper_above_oses: pl.Expr) -> pl.Expr:
    """The fewest OSEs for which Datacenter costs less."""
    return datacenter_cheaper_above_oses + 1


@rule(unit="ratio", cite="per_core", start="2016-10-01")
def datacenter_cheaper_above_sets(standard_set_price: pl.Expr, datacenter_set_price: pl.Expr) -> pl.Expr:
    """The ratio of the prices: full sets of Standard above which Datacenter costs less."""
    return datacenter_set_price / standard_set_price


@rule(unit="code", cite="per_core", start="2016-10-01", optional=("standard_cost", "datacenter_cost"))
def cheapest(standard_cost: pl.Expr, datacenter_cost: pl.Expr) -> pl.Expr:
    """The edition that costs less for one server; Standard where both cost the same."""
    is_datacenter = datacenter_cost < standard_cost
    return pl.when(is_datacenter).then(Reason.DATACENTER.lit).when(~is_datacenter).then(Reason.STANDARD.lit)
