"""Match what is asked for with what there is: ordered quantities laid side by side and cut at every end."""

import polars as pl


def allocate(demands: pl.DataFrame, supplies: pl.DataFrame) -> pl.DataFrame:
    """Serve the demands of each key, in row order, from the supplies of that key, in row order.

    Both sides are laid out as consecutive ranges from zero; a piece lies between two neighboring ends, so that
    the pieces of a demand add up to it, and those of a supply likewise. Linear in the rows but for one sort.

    Args:
        demands: key, demand, units (0 or more).
        supplies: key, supply, units (0 or more).

    Returns:
        key, demand, supply, units: demand is null for what nobody asked for, supply for what is missing.

    """
    key = pl.col("key")
    end = pl.col("units").cum_sum().over("key").alias("end")
    ends = pl.concat(
        [demands.select("key", "demand", end), supplies.select("key", "supply", end)], how="diagonal_relaxed"
    )
    return (
        ends.sort("key", "end", maintain_order=True)
        .with_columns(
            _next("demand"),
            _next("supply"),
            units=pl.col("end") - pl.when(key.eq_missing(key.shift(1))).then(pl.col("end").shift(1)).fill_null(0),
        )
        .filter(pl.col("units") > 0)
        .select("key", "demand", "supply", "units")
    )


def _next(side: str) -> pl.Expr:
    """Fill upwards within each key; rows are sorted by it, so no window is needed."""
    key = pl.col("key")
    whose = pl.when(pl.col(side).is_not_null()).then(key).backward_fill()
    return pl.when(whose.eq_missing(key)).then(pl.col(side).backward_fill())
