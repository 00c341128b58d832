"""SQL Server by physical core: the core licenses that license one server in full.

Every physical core is licensed, subject to a minimum for each processor; hyper-threads are not counted. Any
number of instances may then run in the physical OSE.
"""

import polars as pl

from lmanalytics.rules.demand import _per_core
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "cores_to_license"


class Reason(ReasonBase):
    """How exactly the cores of a server are known."""

    EXACT = "The cores of each processor are known, or they divide evenly."
    LOWER_BOUND = "The cores do not divide evenly and the split is unknown: an uneven one can need more licenses."


@rule(unit="core", cite="per_core", start="2012-04-01", decides_null=True, optional=("cores_per_processor",))
def cores_to_license(
    cores_per_processor: pl.Expr,
    processors: pl.Expr,
    physical_cores: pl.Expr,
    *,
    min_cores_per_processor: int,
    sql_physical_minimum: str,
) -> pl.Expr:
    """Core licenses of the server: its cores, each processor (or by the other reading the OSE) at its minimum."""
    if sql_physical_minimum == "per_ose":
        total = _per_core.cores_to_license(cores_per_processor, processors, physical_cores, 0)
        return pl.when(total.is_not_null()).then(pl.max_horizontal(total, min_cores_per_processor))
    return _per_core.cores_to_license(cores_per_processor, processors, physical_cores, min_cores_per_processor)


@rule(unit="code", cite="per_core", start="2012-04-01", decides_null=True, optional=("cores_per_processor",))
def accuracy(cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr) -> pl.Expr:
    """Whether the split of the cores over the processors leaves no doubt."""
    exact = _per_core.is_exact(cores_per_processor, processors, physical_cores)
    return pl.when(exact).then(Reason.EXACT.lit).when(~exact).then(Reason.LOWER_BOUND.lit)
