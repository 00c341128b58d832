"""When the licenses of a new assignment came to the place that they leave: chains by place, and moves in snapshots."""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import frame_rule
from lmanalytics.rules.right._runs import same

FACTS = "license_assignments"
ANSWER = "chained"
LICENSE = ["entity_id", "product", "edition", "metric", "agreement_id", "enrollment_id"]
MACHINE = ["entity_id", "ose_id"]
_PLACE = "_place"


@frame_rule(unit="license", cite="last_assignment", start="2011-07-01")
def chained(assignments: pl.LazyFrame, *, licenses_moved_first: str) -> pl.LazyFrame:
    """Find for each assignment the day on which its licenses came to the place that they now leave.

    Licenses of one kind at one place are alike. Either those move first that came first, or those that came
    last. What left a place before any record of its coming had been there before the records began.

    Args:
        assignments: row_id, LICENSE, quantity, origin (null: from stock), destination, assigned_on,
            assignment_reason.
        licenses_moved_first: `longest_there` or `latest_come`.

    Returns:
        The rows with last_assigned_on and last_reason of the youngest license among those that move (null: from
        stock, or there since before the records).

    """
    columns = ["row_id", "assigned_on", "quantity", "assignment_reason"]
    came = assignments.select(*columns, place("destination"), _is_out=pl.lit(value=False))
    left = assignments.filter(pl.col("origin").is_not_null()).select(
        *columns, place("origin"), _is_out=pl.lit(value=True)
    )
    # Of one day, what comes is there before something leaves.
    flow = (
        pl.concat([came, left])
        .sort(_PLACE, "assigned_on", "_is_out", "row_id")
        .with_columns(_at=same([_PLACE]))
        .with_columns(
            _in=pl.when("_is_out").then(0).otherwise("quantity").cum_sum().over("_at"),
            _out=pl.when("_is_out").then("quantity").otherwise(0).cum_sum().over("_at"),
        )
        .with_columns(_before=pl.max_horizontal((pl.col("_out") - pl.col("_in")).max().over("_at"), 0))
    )
    arrived = flow.filter(~pl.col("_is_out")).select(
        "_at", last_assigned_on="assigned_on", last_reason="assignment_reason", _upto=pl.col("_in") + pl.col("_before")
    )
    leaving = flow.filter("_is_out").select("_at", "row_id", "assigned_on", "_before", _upto="_out")
    if licenses_moved_first == "longest_there":
        found = (
            leaving.sort("_upto")
            .join_asof(arrived.sort("_upto"), on="_upto", by="_at", strategy="forward", check_sortedness=False)
            .filter(pl.col("_upto") > pl.col("_before"))
        )
    else:
        latest = arrived.with_columns(assigned_on="last_assigned_on").drop("_upto").sort("assigned_on")
        found = leaving.sort("assigned_on").join_asof(
            latest, on="assigned_on", by="_at", strategy="backward", check_sortedness=False
        )
    return assignments.join(found.select("row_id", "last_assigned_on", "last_reason"), on="row_id", how="left")


@frame_rule(unit="ose", cite="last_assignment", start="2011-07-01")
def observed_moves(oses: pl.LazyFrame, *, first_seen: str, as_of: date) -> pl.LazyFrame:
    """Find each time that an OSE was seen on another host than before.

    Args:
        oses: row_id, entity_id, ose_id, observed_on, host_id, every snapshot.
        first_seen: what is known of the day on which an OSE came to the host of its first snapshot.
        as_of: the day of the position.

    Returns:
        entity_id, ose_id, row_id (of the first snapshot on the new host), from_host_id, to_host_id, last_seen_on
        (on the old host), assigned_on (first seen on the new host), last_assigned_on (first seen on the old one).

    """
    seen = oses.filter((pl.col("observed_on") <= as_of) & pl.col("host_id").is_not_null())
    stays = (
        seen.join(_moving(seen), left_on=_number(), right_on="_machine", how="semi")
        .sort(*MACHINE, "observed_on", "row_id")
        .group_by(*MACHINE, "observed_on", maintain_order=True)
        .agg(pl.col("host_id", "row_id").first())
        .with_columns(_machine=same(MACHINE))
        .with_columns(_from=_before("host_id"), last_seen_on=_before("observed_on"))
        .filter(pl.col("_from").ne_missing(pl.col("host_id")))
        .with_columns(_came=_before("observed_on"), _number=pl.int_range(pl.len()).over("_machine"))
    )
    is_told = (pl.col("_number") > 1) | pl.lit(first_seen == "came_then")
    return stays.filter(pl.col("_from").is_not_null()).select(
        *MACHINE,
        "row_id",
        "last_seen_on",
        from_host_id="_from",
        to_host_id="host_id",
        assigned_on="observed_on",
        last_assigned_on=pl.when(is_told).then("_came"),
    )


def _moving(seen: pl.LazyFrame) -> pl.LazyFrame:
    """Number the machines that were seen on several hosts, and seldom one more that has the same number.

    Most of an estate stays where it is, and numbers take a small part of the memory of names.
    """
    host = pl.col("host_id").cast(pl.Categorical).to_physical()
    hosts = seen.select(_number().alias("_machine"), _host=host).group_by("_machine")
    return hosts.agg(_is_moving=pl.col("_host").min() != pl.col("_host").max()).filter("_is_moving").select("_machine")


def _number() -> pl.Expr:
    return pl.concat_str(MACHINE, separator="\x1f").hash()


def _before(column: str) -> pl.Expr:
    """Give the value of the machine's row before; rows are sorted by machine."""
    machine = pl.col("_machine")
    return pl.when(machine == machine.shift(1)).then(pl.col(column).shift(1))


def place(column: str) -> pl.Expr:
    """Name the licenses of one kind at one place."""
    parts = [pl.col(c).cast(pl.String).fill_null("") for c in [*LICENSE, column]]
    return pl.concat_str(parts, separator="\x1f").alias(_PLACE)
