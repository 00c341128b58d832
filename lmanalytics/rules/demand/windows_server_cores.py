"""Windows Server: the core licenses that license one server in full, once.

Every physical core is licensed, subject to a minimum for each processor and one for the server. Standard
and Datacenter share this base; it says nothing about how many OSEs may run.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "cores_to_license"


class Reason(ReasonBase):
    """How exactly the cores of a server are known."""

    EXACT = "The cores of each processor are known, or they divide evenly."
    LOWER_BOUND = "The cores do not divide evenly and the split is unknown: an uneven one can need more licenses."


@rule(unit="core", cite="per_core", start="2016-10-01", decides_null=True, optional=("cores_per_processor",))
def cores_by_processor(
    cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr, *, min_cores_per_processor: int
) -> pl.Expr:
    """Cores with each processor raised to its minimum; without a list, no fewer than cores and minimum say.

    For cores that divide evenly the larger of both is the exact sum, for others its lower bound.
    """
    each = cores_per_processor.cast(pl.List(pl.Int64)).list.eval(
        pl.when(pl.element().is_not_null()).then(pl.max_horizontal(pl.element(), min_cores_per_processor))
    )
    listed = pl.when(~each.list.contains(pl.lit(None, pl.Int64)) & (each.list.len() > 0)).then(each.list.sum())
    known = processors.is_not_null() & physical_cores.is_not_null()
    spread = pl.when(known).then(pl.max_horizontal(physical_cores, processors * min_cores_per_processor))
    return pl.coalesce(listed, spread)


@rule(unit="core", cite="per_core", start="2016-10-01")
def cores_to_license(cores_by_processor: pl.Expr, *, min_cores_per_server: int) -> pl.Expr:
    """Core licenses of one full set: the cores, raised to the minimum of the server."""
    return pl.max_horizontal(cores_by_processor, min_cores_per_server)


@rule(unit="code", cite="per_core", start="2016-10-01", decides_null=True, optional=("cores_per_processor",))
def accuracy(cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr) -> pl.Expr:
    """Whether the split of the cores over the processors leaves no doubt."""
    even = (processors == 1) | (physical_cores % processors == 0)
    return (
        pl.when(cores_per_processor.is_not_null() | even)
        .then(Reason.EXACT.lit)
        .when(processors.is_not_null() & physical_cores.is_not_null())
        .then(Reason.LOWER_BOUND.lit)
    )
