"""Windows Server under a provider's services agreement (SPLA): what a provider reports for a month.

A server on which an OSE ran at any time of the month is licensed for that month. So an OSE that moves is
reported with every server that it was on.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "core_licenses"


@rule(unit="core", cite="spla", start="2016-10-01", decides_null=True, optional=("physical_cores",))
def cores_of_server(processors: pl.Expr, physical_cores: pl.Expr, *, min_cores_per_processor: int) -> pl.Expr:
    """Cores to report of one server: all of them, and no fewer than the minimum of each processor."""
    least = processors.cast(pl.Int64) * min_cores_per_processor
    return pl.when(processors.is_not_null()).then(pl.max_horizontal(physical_cores.cast(pl.Int64), least))


@rule(unit="core_license", cite="spla", start="2016-10-01")
def core_licenses(cores_of_server: pl.Expr, servers_used: pl.Expr) -> pl.Expr:
    """Core licenses of the month: those of each server that was used, all servers being alike."""
    return cores_of_server * servers_used


@rule(unit="license", cite="spla", start="2016-10-01")
def processor_licenses(processors: pl.Expr, servers_used: pl.Expr) -> pl.Expr:
    """Licenses of the month under the former model: one for each processor of each server that was used."""
    return processors * servers_used
