"""System Center: the core licenses that license one server in full, once.

Only endpoints that are managed need licenses: of a server, one server management license for every physical
core, subject to the same minimums as Windows Server. The management servers' own software, and the SQL Server
that serves it alone, come with them. Standard and Datacenter share this base.
"""

import polars as pl

from lmanalytics.rules.demand import _per_core
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "cores_to_license"


class Reason(ReasonBase):
    """How exactly the cores of a managed server are known."""

    EXACT = "The cores of each processor are known, or they divide evenly."
    LOWER_BOUND = "The cores do not divide evenly and the split is unknown: an uneven one can need more licenses."


@rule(unit="core", cite="server_licenses", start="2016-10-01", decides_null=True, optional=("cores_per_processor",))
def cores_to_license(
    cores_per_processor: pl.Expr,
    processors: pl.Expr,
    physical_cores: pl.Expr,
    *,
    min_cores_per_processor: int,
    min_cores_per_server: int,
) -> pl.Expr:
    """Core licenses of one full set: the cores, raised to the minimum of each processor and of the server."""
    cores = _per_core.cores_to_license(cores_per_processor, processors, physical_cores, min_cores_per_processor)
    return pl.when(cores.is_not_null()).then(pl.max_horizontal(cores, min_cores_per_server))


@rule(unit="code", cite="server_licenses", start="2016-10-01", decides_null=True, optional=("cores_per_processor",))
def accuracy(cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr) -> pl.Expr:
    """Whether the split of the cores over the processors leaves no doubt."""
    exact = _per_core.is_exact(cores_per_processor, processors, physical_cores)
    return pl.when(exact).then(Reason.EXACT.lit).when(~exact).then(Reason.LOWER_BOUND.lit)
