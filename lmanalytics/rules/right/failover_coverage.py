"""Which active OSEs of SQL Server have licenses with Software Assurance, as fail-over rights demand.

A company may put its licenses with Software Assurance on the servers that have passive copies. They go to the
OSEs that need fewest first: core licenses of the edition, then Enterprise for Standard, then server licenses.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "primaries"
ANSWER = "coverage"
_SUBJECT = ["entity_id", "subject_id"]
_POOL = ["entity_id", "pool_edition", "metric"]


class Reason(ReasonBase):
    """Whether licenses with Software Assurance are there for an active OSE."""

    COVERED = "Licenses with Software Assurance suffice for the active OSE."
    NOT_COVERED = "The licenses with Software Assurance do not suffice for the active OSE."
    LICENSES_UNKNOWN = "Neither the edition nor the cores of the active OSE may be unknown."


@frame_rule(unit="flag", cite="software_assurance", start="2016-10-01")
def coverage(primaries: pl.LazyFrame, supply: pl.LazyFrame, *, failover_pools: pl.DataFrame) -> pl.LazyFrame:
    """Say for each active OSE whether licenses with Software Assurance suffice for it.

    Args:
        primaries: entity_id, subject_id (an OSE, or a host that is licensed as a whole), edition, core_licenses (null
            where unknown).
        supply: entity_id, edition, metric (core or server), licenses: those in force with Software Assurance or
            under a subscription.
        failover_pools: step, edition, pool_edition, metric: which licenses serve an edition, in order.

    Returns:
        entity_id, subject_id, has_sa (null where unknown), metric (of the licenses; null without), reason.

    """
    held = supply.group_by("entity_id", "metric", pool_edition="edition").agg(free=pl.col("licenses").sum())
    pools = held.sort(_POOL).with_row_index("pool")  # by number, windows compare no texts
    rows = primaries.sort(_SUBJECT).with_row_index("place").with_columns(served_by=pl.lit(None, pl.String))
    for ways in failover_pools.partition_by("step", maintain_order=True):
        ways_of = ways.lazy().select("edition", "pool_edition", "metric")
        waiting = pl.col("served_by").is_null() & pl.col("free").is_not_null()
        asked = pl.when(pl.col("metric") == "server").then(pl.lit(1, pl.Int64)).otherwise("core_licenses")
        laid = (
            rows.join(ways_of, on="edition", how="left")
            .join(pools, on=_POOL, how="left")
            .with_columns(asked=pl.when(waiting).then(asked))
            .sort("asked", "place", nulls_last=True)
            .with_columns(is_served=(pl.col("asked").cum_sum().over("pool") <= pl.col("free")).fill_null(value=False))
        )
        taken = laid.filter("is_served").group_by("pool").agg(taken=pl.col("asked").sum())
        pools = pools.join(taken, on="pool", how="left").select(
            "pool", *_POOL, free=pl.col("free") - pl.col("taken").fill_null(0)
        )
        served = pl.when("is_served").then("metric").otherwise("served_by")
        rows = laid.with_columns(served_by=served).select("place", *_SUBJECT, "edition", "core_licenses", "served_by")
    unknown = pl.col("edition").is_null() | pl.col("core_licenses").is_null()
    has_sa = pl.when(pl.col("served_by").is_not_null()).then(statement=True).when(~unknown).then(statement=False)
    return rows.sort("place").select(
        *_SUBJECT,
        has_sa=has_sa,
        metric="served_by",
        reason=pl.when(has_sa)
        .then(Reason.COVERED.lit)
        .when(unknown)
        .then(Reason.LICENSES_UNKNOWN.lit)
        .otherwise(Reason.NOT_COVERED.lit),
    )
