"""Which licenses may serve which demand: the same or a higher edition, the same or a later version.

A license may run a lower edition that its terms name, and any earlier version. Individually licensed
virtual machines also need active Software Assurance or a subscription. An OEM license serves its machine.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

ANSWER = "coverage"


class Reason(ReasonBase):
    """Why a class of licenses may or may not serve a class of demand."""

    SAME_EDITION = "The license is of the edition that is required."
    ANY_EDITION = "What requires the license has no editions, so that any serves."
    EDITION_RIGHT = "The license's terms permit the lower edition in its place."
    OTHER_EDITION = "The license's terms do not permit that edition."
    VERSION_TOO_OLD = "The license's version right ends before the version that runs."
    VERSION_UNKNOWN = "No version right of the license is known, and the demand is of a known version."
    NO_SOFTWARE_ASSURANCE = "Individually licensed virtual machines need active Software Assurance or a subscription."
    VERSION_NEEDS_SA = (
        "The license is for a version that licenses single virtual machines with Software Assurance only."
    )
    OTHER_MACHINE = "The license is bound to another machine."
    ACQUIRED_LATER = "A Listed Provider's dedicated server takes no license that was acquired since the terms changed."
    ACQUISITION_UNKNOWN = "A Listed Provider's dedicated server takes old licenses only; this one's age is not known."


@frame_rule(unit="license", cite="assignment", start="2016-10-01")
def coverage(supply: pl.LazyFrame, needs: pl.LazyFrame, *, edition_rights: pl.DataFrame) -> pl.LazyFrame:
    """Say for each class of supply and demand of one product and metric whether it may serve.

    Licenses meet the needs of their own entity, and of those that their agreement lets them serve.

    Args:
        supply: supply_class, entity_id, product, edition, metric, version_rank, has_sa, tied_to_host_id,
            is_early (old enough for a Listed Provider's dedicated server; null: not known), serves (further
            entities, separated by a semicolon; null, or no such column: none).
        needs: demand_class, entity_id, product, edition (null: any edition), metric, version_rank (null: any
            version), needs_sa, sa_from_rank (licenses for that version or a later one need Software Assurance,
            whatever runs; null or no such column: none), acquired_before (null: any day), subject_id (of the only
            subject, where a license is bound to it; else null).
        edition_rights: product, metric (null: every metric), edition_held, edition_run.

    Returns:
        supply_class, demand_class, is_own (both are of one entity), is_covering, reason.

    """
    keys = ["product", "metric"]
    if "sa_from_rank" not in needs.collect_schema():
        needs = needs.with_columns(sa_from_rank=pl.lit(None, pl.Int64))
    editions = ["product", "edition_held", "edition_run"]
    rights = edition_rights.lazy().group_by(editions).agg(_metrics="metric")
    pairs = (
        _served(supply)
        .join(needs, left_on=["_served", *keys], right_on=["entity_id", *keys], suffix="_needed")
        .join(
            rights,
            left_on=["product", "edition", "edition_needed"],
            right_on=["product", "edition_held", "edition_run"],
            how="left",
        )
    )
    metrics = pl.col("_metrics")
    has_right = (metrics.list.contains(pl.col("metric")) | (metrics.list.drop_nulls().list.len() == 0)).fill_null(
        value=False
    )
    is_any = pl.col("edition_needed").is_null()
    same = pl.col("edition").eq_missing(pl.col("edition_needed"))
    blocked = (
        pl.when(~same & ~is_any & ~has_right)
        .then(Reason.OTHER_EDITION.lit)
        .when(pl.col("tied_to_host_id").is_not_null() & ~pl.col("tied_to_host_id").eq_missing(pl.col("subject_id")))
        .then(Reason.OTHER_MACHINE.lit)
        .when(pl.col("needs_sa") & ~pl.col("has_sa"))
        .then(Reason.NO_SOFTWARE_ASSURANCE.lit)
        .when(~pl.col("has_sa") & (pl.col("version_rank") >= pl.col("sa_from_rank")))
        .then(Reason.VERSION_NEEDS_SA.lit)
        .when(pl.col("acquired_before").is_not_null() & pl.col("is_early").is_null())
        .then(Reason.ACQUISITION_UNKNOWN.lit)
        .when(pl.col("acquired_before").is_not_null() & ~pl.col("is_early").cast(pl.Boolean))
        .then(Reason.ACQUIRED_LATER.lit)
        .when(pl.col("version_rank_needed").is_not_null() & pl.col("version_rank").is_null())
        .then(Reason.VERSION_UNKNOWN.lit)
        .when(pl.col("version_rank") < pl.col("version_rank_needed"))
        .then(Reason.VERSION_TOO_OLD.lit)
    )
    allowed = (
        pl.when(same)
        .then(Reason.SAME_EDITION.lit)
        .when(is_any)
        .then(Reason.ANY_EDITION.lit)
        .otherwise(Reason.EDITION_RIGHT.lit)
    )
    return pairs.select(
        "supply_class",
        "demand_class",
        is_own=pl.col("entity_id") == pl.col("_served"),
        is_covering=blocked.is_null(),
        reason=pl.coalesce(blocked, allowed),
    ).sort("supply_class", "demand_class")


def _served(supply: pl.LazyFrame) -> pl.LazyFrame:
    """Repeat each class of licenses for every entity whose needs it may serve."""
    own = supply.with_columns(_served=pl.col("entity_id"))
    if "serves" not in supply.collect_schema():
        return own
    others = supply.filter(pl.col("serves").is_not_null()).with_columns(_served=pl.col("serves").str.split(";"))
    return pl.concat([own, others.explode("_served", empty_as_null=False, keep_nulls=False)])
