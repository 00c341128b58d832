"""Which owned licenses may serve which demand, and how close a fit each is."""

import polars as pl

from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_coverage

# How far from the closest fit a license is used, in the order in which owners would rather keep it:
# another entity, another edition, a lot bound to no machine where a bound one would do, active SA where none is needed,
# and last each version above the one that runs.
_OTHER_ENTITY, _OTHER_EDITION, _UNBOUND, _WASTED_SA = 200_000, 100_000, 10_000, 1_000


def fits(supply: pl.DataFrame, classes: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Pair classes of licenses with the classes of demand that they may serve.

    Args:
        supply: `supply_classes`.
        classes: `demand_classes`.
        settings: date and policies.

    Returns:
        supply_class, demand_class, distance (0 is the closest fit).

    """
    pairs = compute(license_coverage, "coverage", settings, supply=supply.lazy(), needs=classes.lazy())
    other_edition = pl.col("reason") == license_coverage.Reason.EDITION_RIGHT.code
    return (
        pairs.filter("is_covering")
        .join(supply.lazy().select("supply_class", "version_rank", "has_sa", "tied_to_host_id"), on="supply_class")
        .join(classes.lazy().select("demand_class", "needs_sa", needed_rank="version_rank"), on="demand_class")
        .select(
            "supply_class",
            "demand_class",
            distance=pl.when("is_own").then(0).otherwise(_OTHER_ENTITY)
            + pl.when(other_edition).then(_OTHER_EDITION).otherwise(0)
            + pl.when(pl.col("tied_to_host_id").is_null()).then(_UNBOUND).otherwise(0)
            + pl.when(pl.col("has_sa") & ~pl.col("needs_sa")).then(_WASTED_SA).otherwise(0)
            + (pl.col("version_rank") - pl.col("needed_rank")).clip(0).fill_null(0),
        )
        .sort("supply_class", "demand_class")
        .collect()
    )
