"""Whether what runs is no newer than the licenses allow that it has.

The licenses of a machine are those that the plan assigns to it. Where no plan is made, as for desktop applications,
each copy takes one license of its entity's pool: the newest copies first, each the latest version right that is left.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "version_needs"
ANSWER = "is_covered"
_POOL = ["entity_id", "product", "edition"]


class Reason(ReasonBase):
    """Why what runs is covered, or is not."""

    COVERED = "The licenses assigned to it may run this version."
    NEWER_THAN_RIGHT = "It is newer than the version right of the licenses that it has, or that are left for it."
    TOO_FEW_LICENSES = "It has too few licenses, and none that is left would do."
    UNKNOWN_VERSION = "No export says which version it is."
    RIGHT_UNKNOWN = "The version right of the licenses assigned to it is not known."
    LICENSES_NOT_COUNTED = "How many licenses it needs is not computable, so neither is whether they reach its version."
    NO_LICENSE_REQUIRED = "It requires no license, so any version may run."


@rule(
    unit="code",
    cite="new_version",
    start="2001-10-01",
    decides_null=True,
    optional=("spare_rank",),
)
def reason(
    version_rank: pl.Expr,
    right_rank: pl.Expr,
    spare_rank: pl.Expr,
    licenses_required: pl.Expr,
    licenses_short: pl.Expr,
) -> pl.Expr:
    """Why what runs is covered or not: by the lowest version right assigned, and by the highest that is left."""
    spare = spare_rank.cast(pl.Int64)
    beyond_spare = spare.is_not_null() & (spare < version_rank)
    beyond_right = right_rank.is_not_null() & (right_rank < version_rank)
    return (
        pl.when(licenses_required == 0)
        .then(Reason.NO_LICENSE_REQUIRED.lit)
        .when(version_rank.is_null())
        .then(Reason.UNKNOWN_VERSION.lit)
        .when(licenses_required.is_null() | licenses_short.is_null())
        .then(Reason.LICENSES_NOT_COUNTED.lit)
        .when((licenses_short > 0) & (beyond_spare | beyond_right))
        .then(Reason.NEWER_THAN_RIGHT.lit)
        .when(licenses_short > 0)
        .then(Reason.TOO_FEW_LICENSES.lit)
        .when(right_rank.is_null())
        .then(Reason.RIGHT_UNKNOWN.lit)
        .when(beyond_right)
        .then(Reason.NEWER_THAN_RIGHT.lit)
        .otherwise(Reason.COVERED.lit)
    )


@rule(unit="flag", cite="new_version", start="2001-10-01")
def is_covered(reason: pl.Expr) -> pl.Expr:
    """Whether the version that runs is covered; null where it cannot be said."""
    covered = (Reason.COVERED.code, Reason.NO_LICENSE_REQUIRED.code)
    lacking = (Reason.NEWER_THAN_RIGHT.code, Reason.TOO_FEW_LICENSES.code)
    return pl.when(reason.is_in(covered)).then(statement=True).when(reason.is_in(lacking)).then(statement=False)


@frame_rule(unit="license", cite="new_version", start="2001-10-01")
def pool(needs: pl.LazyFrame, supply: pl.LazyFrame) -> pl.LazyFrame:
    """Hand the licenses of a pool to copies of a known version, one each.

    The newest copies come first, and among those of one version the order of their ids. Each takes the latest
    version right that is left, so that no copy goes without a license that another order would leave for it.

    Args:
        needs: entity_id, product, edition, subject_id, version_rank (1 is the oldest).
        supply: entity_id, product, edition, version_rank, quantity.

    Returns:
        The needs with licenses_assigned (0 or 1), right_rank (of the license assigned) and spare_rank (the latest
        version right that is left in the pool; null: nothing is left).

    """
    held = supply.filter(pl.col("version_rank").is_not_null()).group_by(*_POOL, "version_rank")
    asked = needs.filter(pl.col("version_rank").is_not_null()).group_by(*_POOL, "version_rank")
    levels = pl.concat(
        [held.agg(held=pl.col("quantity").sum(), asked=pl.lit(0)), asked.agg(held=pl.lit(0), asked=pl.len())],
        how="vertical_relaxed",
    )
    total = (
        levels.group_by(*_POOL, "version_rank")
        .agg(pl.col("held", "asked").cast(pl.Int64).sum())
        .with_columns(_held=_newest_first(pl.col("held").cum_sum()))
        .with_columns(_asked=_newest_first(pl.col("asked").cum_sum()))
        .with_columns(_lack=_newest_first((pl.col("_held") - pl.col("_asked")).cum_min()))
        .with_columns(_used=pl.col("_asked") + pl.min_horizontal("_lack", 0))
        .with_columns(_before=_newest_first(pl.col("_used").shift(1)).fill_null(0))
    )
    shelf = total.filter(pl.col("held") > 0).select(*_POOL, right_rank="version_rank", until="_held").sort("until")
    left = total.group_by(_POOL).agg(_used=pl.col("_used").max())
    spare = left.join(shelf, on=_POOL, nulls_equal=True).filter(pl.col("until") > pl.col("_used"))
    place = pl.col("subject_id").rank("ordinal").over(*_POOL, "version_rank").cast(pl.Int64)
    placed = (
        needs.with_columns(_place=place)
        .join(total.select(*_POOL, "version_rank", "_used", "_before"), on=[*_POOL, "version_rank"], how="left",
              nulls_equal=True)
        .with_columns(_taken=pl.when(pl.col("_place") <= pl.col("_used") - pl.col("_before"))
                      .then(pl.col("_before") + pl.col("_place")))
    )  # fmt: skip
    pools = [pl.col(c).fill_null("").alias(f"_{c}") for c in _POOL]
    keys = [f"_{c}" for c in _POOL]
    return (
        placed.with_columns(pools)
        .sort("_taken")
        .join_asof(
            shelf.with_columns(pools).select(*keys, "right_rank", "until"),
            left_on="_taken",
            right_on="until",
            by=keys,
            strategy="forward",
            check_sortedness=False,
        )
        .join(spare.group_by(_POOL).agg(spare_rank=pl.col("right_rank").max()), on=_POOL, how="left", nulls_equal=True)
        .with_columns(
            licenses_assigned=pl.col("_taken").is_not_null().cast(pl.Int64),
            right_rank=pl.when(pl.col("_taken").is_not_null()).then("right_rank"),
        )
        .drop("_place", "_used", "_before", "_taken", "until", *keys)
        .sort("entity_id", "product", "subject_id")
    )


def _newest_first(running: pl.Expr) -> pl.Expr:
    return running.over(_POOL, order_by="version_rank", descending=True)
