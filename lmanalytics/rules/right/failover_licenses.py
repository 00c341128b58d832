"""Core licenses that SQL Server in one OSE would need by itself: what fail-over copies are measured against.

A virtual OSE counts its virtual cores, a physical one the cores of its server, each with its minimum.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "oses"
ANSWER = "core_licenses"


@rule(unit="core_license", cite="per_core", start="2016-10-01")
def virtual_core_licenses(vcpus: pl.Expr, *, min_cores_per_ose: int) -> pl.Expr:
    """Virtual cores of the OSE, raised to the minimum."""
    return pl.max_horizontal(vcpus.cast(pl.Int64), min_cores_per_ose)


@rule(unit="core_license", cite="per_core", start="2016-10-01", decides_null=True)
def physical_core_licenses(
    cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr, *, min_cores_per_processor: int
) -> pl.Expr:
    """Cores of the server, each processor raised to the minimum; of a total alone the least that it may be."""
    listed = (
        cores_per_processor.cast(pl.List(pl.Int64)).list.eval(pl.element().clip(min_cores_per_processor)).list.sum()
    )
    least = pl.max_horizontal(physical_cores, processors * min_cores_per_processor)
    known = physical_cores.is_not_null() & processors.is_not_null()
    return pl.when(cores_per_processor.is_not_null()).then(listed).when(known).then(least)


@rule(unit="core_license", cite="per_core", start="2016-10-01", decides_null=True)
def core_licenses(kind: pl.Expr, virtual_core_licenses: pl.Expr, physical_core_licenses: pl.Expr) -> pl.Expr:
    """Core licenses of the OSE; null where its cores are not known."""
    return pl.when(kind == "physical").then(physical_core_licenses).when(kind.is_not_null()).then(virtual_core_licenses)
