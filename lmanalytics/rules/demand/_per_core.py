"""Arithmetic that the products licensed per core share; their numbers stand with each product's rules."""

import polars as pl


def cores_to_license(cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr, least: int) -> pl.Expr:
    """Cores with each processor raised to its minimum; without a list, no fewer than cores and minimum say."""
    each = cores_per_processor.cast(pl.List(pl.Int64)).list.eval(
        pl.when(pl.element().is_not_null()).then(pl.max_horizontal(pl.element(), least))
    )
    listed = pl.when(~each.list.contains(pl.lit(None, pl.Int64)) & (each.list.len() > 0)).then(each.list.sum())
    known = processors.is_not_null() & physical_cores.is_not_null()
    spread = pl.when(known).then(pl.max_horizontal(physical_cores, processors * least))
    return pl.coalesce(listed, spread)


def is_exact(cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr) -> pl.Expr:
    """Tell whether the split of the cores over the processors leaves no doubt; null where cores are unknown."""
    even = (processors == 1) | (physical_cores % processors == 0)
    return (
        pl.when(cores_per_processor.is_not_null() | even)
        .then(statement=True)
        .when(processors.is_not_null() & physical_cores.is_not_null())
        .then(statement=False)
    )


def rounded_up(quantity: pl.Expr, size: int) -> pl.Expr:
    """Divide and round up, in whole numbers."""
    return (quantity + size - 1) // size
