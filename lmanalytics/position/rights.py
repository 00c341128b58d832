"""Which version the licenses may run that a subject was assigned."""

import polars as pl


def with_rights(served: pl.LazyFrame, flows: pl.DataFrame, supply: pl.DataFrame) -> pl.LazyFrame:
    """Hand out the licenses of each class of demand, those of the latest version right first.

    Args:
        served: demand_class, assigned, served_until (how many licenses of the class its subjects have with this
            one, in the order in which they are served).
        flows: supply_class, demand_class, quantity.
        supply: supply_class, version_right, version_rank.

    Returns:
        The rows with version_right and version_rank, the lowest of the licenses that the row was assigned; null
        where that is not known or nothing was assigned.

    """
    handed = (
        flows.join(supply.select("supply_class", "version_right", "version_rank"), on="supply_class")
        .sort("demand_class", "version_rank", "version_right", descending=[False, True, True], nulls_last=True)
        .with_columns(handed_until=pl.col("quantity").cum_sum().over("demand_class"))
        .select("demand_class", "version_right", "version_rank", "handed_until")
        .sort("handed_until")
    )
    has_some = pl.col("assigned") > 0
    return (
        served.with_columns(pl.col("served_until").cast(pl.Int64))
        .sort("served_until")
        .join_asof(
            handed.lazy().with_columns(pl.col("handed_until").cast(pl.Int64)),
            left_on="served_until",
            right_on="handed_until",
            by="demand_class",
            strategy="forward",
            check_sortedness=False,
        )
        .with_columns(pl.when(has_some).then(pl.col("version_right", "version_rank")))
    )
