"""Where data centers belong: their farms over time, and whether two places are in one farm on a day."""

import polars as pl

from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import reassignment_period, server_farm
from lmanalytics.schemas import ENTITY

DATACENTER = [ENTITY, "datacenter_id"]
_ALONE = "datacenter:"


def memberships(datacenters: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """List each stay of a data center in a farm; one without a farm is a farm of its own.

    Args:
        datacenters: the canonical table.
        settings: date and policies; what begins after the date is left out.

    Returns:
        entity_id, datacenter_id, server_farm_id, joined_on, left_on (first day in another farm; null while it
        stays), last_joined_on (the farm before; null for the first one known), settled_on (first day on which it
        may be there), is_short_term, zone, utc_offset_minutes, bloc.

    """
    farm = pl.coalesce("server_farm_id", pl.format(_ALONE + "{}", "datacenter_id"))
    rows = datacenters.filter(pl.col("farm_from") <= settings.as_of).with_columns(server_farm_id=farm)
    ordered = rows.sort(*DATACENTER, "farm_from", "row_id")
    changed = pl.col("server_farm_id").ne_missing(pl.col("server_farm_id").shift(1)).over(DATACENTER)
    stays = (
        ordered.with_columns(_stay=changed.cast(pl.Int64).cum_sum().over(DATACENTER))
        .group_by(*DATACENTER, "_stay", maintain_order=True)
        .agg(
            pl.col("server_farm_id").first(),
            pl.col("zone", "utc_offset_minutes", "bloc").last(),
            joined_on=pl.col("farm_from").first(),
        )
        .with_columns(
            left_on=pl.col("joined_on").shift(-1).over(DATACENTER),
            last_joined_on=pl.col("joined_on").shift(1).over(DATACENTER),
        )
    )
    facts = stays.with_columns(last_assigned_on="last_joined_on", assigned_on="joined_on")
    judged = evaluate(facts, reassignment_period, settings)
    earliest = pl.col(column_name(reassignment_period, "earliest_allowed"))
    return judged.select(
        *DATACENTER, "server_farm_id", "joined_on", "left_on", "last_joined_on", "zone", "utc_offset_minutes", "bloc",
        settled_on=pl.max_horizontal("joined_on", earliest),
        is_short_term=(pl.col("joined_on") < earliest).fill_null(value=False),
    )  # fmt: skip


def judged_farms(members: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Judge every interval of every farm: the columns of `server_farm.farm_intervals` and of its rules."""
    intervals = compute(server_farm, "farm_intervals", settings, datacenters=members)
    return evaluate(intervals, server_farm, settings)


def with_farm(rows: pl.LazyFrame, members: pl.LazyFrame, end: str, day: str) -> pl.LazyFrame:
    """Add `<end>_farm` and `<end>_zone` of the data center `<end>_datacenter` on the row's day.

    Args:
        rows: entity_id, `<end>_datacenter`, and the day.
        members: `memberships`.
        end: `from` or `to`.
        day: the column of the day.

    Returns:
        The rows; null where the data center is not known on that day.

    """
    center = f"{end}_datacenter"
    lookup = members.select(
        ENTITY, _joined="joined_on", **{center: "datacenter_id", f"{end}_farm": "server_farm_id", f"{end}_zone": "zone"}
    ).sort("_joined")
    return rows.sort(day).join_asof(
        lookup, left_on=day, right_on="_joined", by=[ENTITY, center], strategy="backward", check_sortedness=False
    ).drop("_joined", strict=False)  # fmt: skip


def same_farm(rows: pl.LazyFrame, farms: pl.LazyFrame, day: str) -> pl.LazyFrame:
    """Add is_same_farm: one data center, or two of one valid farm on the row's day; null where it cannot be told.

    Args:
        rows: entity_id, from_datacenter, to_datacenter, from_farm, to_farm, and the day.
        farms: `judged_farms`.
        day: the column of the day.

    """
    valid = farms.select(
        ENTITY, _since="valid_from", to_farm="server_farm_id", _valid=column_name(server_farm, "is_valid")
    ).sort("_since")
    same = pl.col("from_datacenter") == pl.col("to_datacenter")
    return (
        rows.sort(day)
        .join_asof(
            valid, left_on=day, right_on="_since", by=[ENTITY, "to_farm"], strategy="backward", check_sortedness=False
        )
        .with_columns(
            is_same_farm=pl.when(same)
            .then(statement=True)
            .when(pl.col("from_farm") != pl.col("to_farm"))
            .then(statement=False)
            .when(pl.col("from_farm") == pl.col("to_farm"))
            .then("_valid")
        )
        .drop("_since", "_valid", strict=False)
    )


def farms_today(datacenters: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """List the Server Farm of each data center on the day of the position, where it is a valid one.

    Returns:
        entity_id, datacenter_id, farm.

    """
    day = settings.as_of
    members = memberships(datacenters, settings)
    here = members.filter(pl.col("left_on").is_null() | (pl.col("left_on") > day))
    spans = judged_farms(members, settings)
    now = (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    valid = spans.filter(now & pl.col(column_name(server_farm, "is_valid")))
    return here.select(*DATACENTER, farm="server_farm_id").join(
        valid.select(ENTITY, farm="server_farm_id").unique(), on=[ENTITY, "farm"], how="semi"
    )


def no_members() -> pl.LazyFrame:
    """No data center, where the table was not given."""
    text, day = pl.String(), pl.Date()
    return pl.LazyFrame(
        schema={
            **dict.fromkeys([*DATACENTER, "server_farm_id", "zone", "bloc"], text),
            **dict.fromkeys(["joined_on", "left_on", "last_joined_on", "settled_on"], day),
            "utc_offset_minutes": pl.Int64(),
            "is_short_term": pl.Boolean(),
        }
    )
