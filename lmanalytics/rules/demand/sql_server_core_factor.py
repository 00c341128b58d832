"""The core factor of SQL Server 2012 and 2014: how many licenses a physical core took.

A later version knows no factor. For processors of one or two cores the factor and the minimum of a processor
give the same number; only the table's AMD processors took fewer licenses than cores.
"""

import polars as pl

from lmanalytics.rules.demand import _per_core
from lmanalytics.rules.engine import frame_rule

ANSWER = "factors"


@frame_rule(unit="percent", cite="core_factors", start="2012-04-01")
def factors(processors: pl.LazyFrame, *, core_factors: pl.DataFrame, percent_of_all: int) -> pl.LazyFrame:
    """Find the factor of each processor by its version, its number of cores and its series.

    Args:
        processors: processor_id, version, cores (of the processor), series (such as `AMD 61XX`; null for others).
        core_factors: the published table; of the rows that hold the one with the lowest priority number counts.
        percent_of_all: the factor where no row holds.

    Returns:
        processor_id, factor_percent (the whole for versions that know no factor; null where the cores are
        unknown and no row of the table holds for any number), core_licenses (rounded up).

    """
    table = core_factors.lazy().with_columns(pl.col("version").cast(pl.String))
    matched = (
        processors.join(table, on="version", how="left", suffix="_listed")
        .filter(
            pl.col("series_listed").is_null() | (pl.col("series_listed") == pl.col("series")).fill_null(value=False),
            pl.col("min_cores").is_null() | (pl.col("cores") >= pl.col("min_cores")),
            pl.col("max_cores").is_null() | (pl.col("cores") <= pl.col("max_cores")),
        )
        .group_by("processor_id")
        .agg(pl.col("factor_percent").sort_by("priority").first())
    )
    known = pl.col("cores").is_not_null()
    factor = pl.when(known).then(pl.col("factor_percent").fill_null(percent_of_all))
    return (
        processors.join(matched, on="processor_id", how="left")
        .with_columns(factor_percent=factor)
        .select(
            "processor_id",
            "factor_percent",
            core_licenses=_per_core.rounded_up(pl.col("cores") * pl.col("factor_percent"), percent_of_all),
        )
        .sort("processor_id")
    )
