"""Server Farms: a single data center, or two that lie close enough together.

Two data centers are close enough where their time zones are not too many hours apart, or where both are in
the European Union or the European Free Trade Association.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "server_farms"
ANSWER = "validity"
FARM = ["entity_id", "server_farm_id"]


class Reason(ReasonBase):
    """Whether data centers make one Server Farm."""

    ONE_DATACENTER = "A single data center is a Server Farm."
    TIME_ZONES = "Two data centers in time zones that are near enough."
    AT_THE_LIMIT = (
        "Their time zones are exactly as far apart as the terms permit by standard time; summer time may differ."
    )
    EU_OR_EFTA = "Both data centers are in the European Union or the European Free Trade Association."
    TOO_FAR_APART = "Their time zones are farther apart than the terms permit, and not both are in EU or EFTA."
    TOO_MANY = "A Server Farm has two data centers at most."
    OFFSET_UNKNOWN = "The time zone of a data center is unknown."
    MOVED_TOO_SOON = "A data center came from another Server Farm on a short-term basis."


@frame_rule(unit="datacenter", cite="definition", start="2011-07-01")
def farm_intervals(datacenters: pl.LazyFrame) -> pl.LazyFrame:
    """Cut each farm's history wherever a data center joins, leaves, or ends its time in another farm.

    Args:
        datacenters: entity_id, server_farm_id, datacenter_id, joined_on, left_on (first day elsewhere, or null),
            settled_on (first day on which it may be there), utc_offset_minutes, bloc.

    Returns:
        entity_id, server_farm_id, valid_from, valid_to, datacenters (sorted), members, offset_low, offset_high
        (null where one is unknown), in_bloc (members in EU or EFTA), is_settled.

    """
    days = (
        pl.concat([datacenters.select(*FARM, day=c) for c in ("joined_on", "left_on", "settled_on")])
        .drop_nulls("day")
        .unique()
        .sort(*FARM, "day")
    )
    ends = pl.col("day").shift(-1).over(FARM, order_by="day")
    spans = days.with_columns(_next=ends)
    here = (
        (pl.col("joined_on") <= pl.col("day"))
        & (pl.col("left_on").is_null() | (pl.col("left_on") > pl.col("day")))
    )  # fmt: skip
    offset = pl.col("utc_offset_minutes")
    known = offset.is_not_null().all()
    return (
        spans.join(datacenters, on=FARM)
        .filter(here)
        .group_by(*FARM, "day", "_next")
        .agg(
            datacenters=pl.col("datacenter_id").unique().sort(),
            members=pl.col("datacenter_id").n_unique().cast(pl.Int64),
            offset_low=pl.when(known).then(offset.min()),
            offset_high=pl.when(known).then(offset.max()),
            in_bloc=pl.col("datacenter_id").filter(pl.col("bloc").is_in(["eu", "efta"])).n_unique().cast(pl.Int64),
            is_settled=(pl.col("settled_on") <= pl.col("day")).all(),
        )
        .with_columns(valid_from="day", valid_to=pl.col("_next").dt.offset_by("-1d"))
        .drop("day", "_next")
    )


@rule(unit="minute", cite="definition", start="2011-07-01")
def minutes_apart(offset_low: pl.Expr, offset_high: pl.Expr, *, minutes_per_day: int, time_zones: str) -> pl.Expr:
    """How far apart the time zones of the data centers are by their standard time."""
    apart = offset_high.cast(pl.Int64) - offset_low.cast(pl.Int64)
    if time_zones == "by_the_clock":
        return apart
    return pl.min_horizontal(apart, minutes_per_day - apart)


@rule(unit="code", cite="definition", start="2011-07-01", decides_null=True)
def validity(
    members: pl.Expr,
    in_bloc: pl.Expr,
    minutes_apart: pl.Expr,
    is_settled: pl.Expr,
    *,
    max_datacenters: int,
    max_minutes_apart: int,
) -> pl.Expr:
    """Whether the data centers make one Server Farm, and by what."""
    return (
        pl.when(members <= 1)
        .then(Reason.ONE_DATACENTER.lit)
        .when(members > max_datacenters)
        .then(Reason.TOO_MANY.lit)
        .when(~is_settled.cast(pl.Boolean))
        .then(Reason.MOVED_TOO_SOON.lit)
        .when(in_bloc == members)
        .then(Reason.EU_OR_EFTA.lit)
        .when(minutes_apart < max_minutes_apart)
        .then(Reason.TIME_ZONES.lit)
        .when(minutes_apart == max_minutes_apart)
        .then(Reason.AT_THE_LIMIT.lit)
        .when(minutes_apart > max_minutes_apart)
        .then(Reason.TOO_FAR_APART.lit)
        .otherwise(Reason.OFFSET_UNKNOWN.lit)
    )


@rule(unit="flag", cite="definition", start="2011-07-01")
def is_valid(validity: pl.Expr) -> pl.Expr:
    """Whether licenses may move among the data centers as within one Server Farm; null where it cannot be told."""
    bad = [Reason.TOO_MANY.code, Reason.MOVED_TOO_SOON.code, Reason.TOO_FAR_APART.code]
    return pl.when(validity != Reason.OFFSET_UNKNOWN.code).then(~validity.is_in(bad))
