"""BizTalk Server per core: a server in full, one OSE by itself, and Enterprise for all that runs on a server.

The arithmetic is that of SQL Server; the numbers are its own.
"""

import polars as pl

from lmanalytics.rules.demand import _per_core
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "cores_to_license"


@rule(unit="core", cite="per_core", start="2013-06-12", decides_null=True,
      optional=("cores_per_processor", "processors", "physical_cores"))  # fmt: skip
def cores_to_license(
    cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr, *, min_cores_per_processor: int
) -> pl.Expr:
    """Core licenses of one server in full: its cores, each processor raised to its minimum."""
    counts = processors.cast(pl.Int64), physical_cores.cast(pl.Int64)
    return _per_core.cores_to_license(cores_per_processor, *counts, min_cores_per_processor)


@rule(unit="core_license", cite="per_core", start="2013-06-12", optional=("vcpus",))
def virtual_licenses(vcpus: pl.Expr, *, min_licenses_per_ose: int) -> pl.Expr:
    """Core licenses of one OSE by itself: its virtual cores, raised to the minimum."""
    cores = vcpus.cast(pl.Int64)
    return pl.when(cores.is_not_null()).then(pl.max_horizontal(cores, min_licenses_per_ose))


@rule(unit="core_license", cite="with_sa", start="2013-06-12", optional=("virtual_oses",))
def enterprise_licenses_without_sa(
    cores_to_license: pl.Expr, virtual_oses: pl.Expr, *, virtual_oses_per_license: int
) -> pl.Expr:
    """Enterprise licenses of a server without Software Assurance: its cores, or more where more OSEs run."""
    needed = _per_core.rounded_up(virtual_oses.cast(pl.Int64), virtual_oses_per_license)
    return pl.when(cores_to_license.is_not_null()).then(pl.max_horizontal(cores_to_license, needed))
