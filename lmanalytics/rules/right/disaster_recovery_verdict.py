"""Whether a run of a backup instance was permitted: its place, its licenses, its number and its time."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right import (
    disaster_recovery_assurance,
    disaster_recovery_instances,
    disaster_recovery_occasion,
    disaster_recovery_place,
)

FACTS = "runs"
ANSWER = "is_permitted"
_SECOND = disaster_recovery_instances.Reason.SECOND_BACKUP
UNKNOWN = (
    *disaster_recovery_place.UNKNOWN,
    *disaster_recovery_assurance.UNKNOWN,
    *disaster_recovery_occasion.UNKNOWN,
)
"""Reasons for which more data would help."""


class Reason(ReasonBase):
    """The occasion on which a permitted run was permitted."""

    TEST = "A test within one week every 90 days."
    DISASTER = "The production server was down."
    TRANSFER = "A brief period around a disaster, for the transfer."


@rule(unit="code", cite="permitted_use", start="2016-10-01", decides_null=True)
def obstacle(
    obstacle_of_place: pl.Expr, obstacle_of_licenses: pl.Expr, is_only_backup: pl.Expr, obstacle_of_occasion: pl.Expr
) -> pl.Expr:
    """What forbids the run; else what is not known; else null."""
    number = pl.when(~is_only_backup).then(_SECOND.lit)
    every = (obstacle_of_place, obstacle_of_licenses, number, obstacle_of_occasion)
    failing = [pl.when(~code.is_in(UNKNOWN)).then(code) for code in every]
    return pl.coalesce(*failing, *every)


@rule(unit="code", cite="permitted_use", start="2016-10-01", decides_null=True)
def reason(obstacle: pl.Expr, purpose: pl.Expr) -> pl.Expr:
    """Why the run was permitted or not."""
    occasion = (
        pl.when(purpose == "test")
        .then(Reason.TEST.lit)
        .when(purpose == "disaster")
        .then(Reason.DISASTER.lit)
        .otherwise(Reason.TRANSFER.lit)
    )
    return pl.coalesce(obstacle, occasion)


@rule(unit="flag", cite="permitted_use", start="2016-10-01", decides_null=True)
def is_permitted(obstacle: pl.Expr) -> pl.Expr:
    """Whether the backup instance might run; null where that is not known."""
    return pl.when(~obstacle.is_in(UNKNOWN).fill_null(value=False)).then(obstacle.is_null())


@rule(unit="text", cite="permitted_use", start="2016-10-01", decides_null=True)
def decided_by(obstacle: pl.Expr, obstacle_of_place: pl.Expr, obstacle_of_licenses: pl.Expr) -> pl.Expr:
    """The rule that gave the reason."""
    return (
        pl.when(obstacle.is_null())
        .then(pl.lit("disaster_recovery_verdict.is_permitted"))
        .when(obstacle == obstacle_of_place)
        .then(pl.lit("disaster_recovery_place.obstacle_of_place"))
        .when(obstacle == obstacle_of_licenses)
        .then(pl.lit("disaster_recovery_assurance.obstacle_of_licenses"))
        .when(obstacle == _SECOND.code)
        .then(pl.lit("disaster_recovery_instances.backups"))
        .otherwise(pl.lit("disaster_recovery_occasion.obstacle_of_occasion"))
    )


@rule(unit="ose", cite="permitted_use", start="2016-10-01", optional=("instances",), decides_null=True)
def backup_instances(instances: pl.Expr, obstacle_of_place: pl.Expr, obstacle_of_licenses: pl.Expr) -> pl.Expr:
    """Backup instances that may be kept for a number of instances: one for each, where place and licenses permit."""
    either = pl.coalesce(obstacle_of_place, obstacle_of_licenses)
    count = instances.cast(pl.Int64)
    return pl.when(either.is_null()).then(count).when(~either.is_in(UNKNOWN)).then(pl.lit(0, pl.Int64))
