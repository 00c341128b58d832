"""Reassignments: every assignment of the history, and every move to another Server Farm that snapshots show."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import (
    license_mobility_products,
    reassignment,
    reassignment_period,
)
from lmanalytics.rules.right._assignment_facts import assignments, judged, snapshot_moves
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import many
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"reassignments": ()}
_RULE = "reassignment.decision"
_SENTENCES = {reason.code: str(reason.value) for reason in reassignment.Reason}


class Reason(ReasonBase):
    """What became of a row of `license_assignments`."""

    ASSIGNED_LATER = "The assignment is after the day of the position."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Judge assignments and observed moves.

    Args:
        inputs: `license_assignments`, or `oses` with `hosts` and `datacenters` for what snapshots show; `licenses`,
            `installs` and `mobility_deployments` where they were given.
        settings: date and policies.

    Returns:
        `reassignments`: a row per assignment, and a row per OSE, product and move to another Server Farm (source
        `snapshots`, assignment_id `snapshot:<ose>:<day>:<product>`), as if the licenses had followed the OSE;
        earliest_allowed is the first day on which the licenses could have left. `license_assignments_outcomes`;
        `findings`. Nothing where neither source was given.

    """
    found: list[pl.LazyFrame] = []
    if "license_assignments" in inputs:
        found.append(_kept(judged(assignments(inputs, settings), inputs, settings)))
    if {"oses", "hosts", "datacenters"} <= inputs.keys():
        found.append(_kept(judged(snapshot_moves(inputs, settings), inputs, settings)))
    if not found:
        return {}
    free = pl.col("decision").is_in(reassignment.ANY_TIME)
    rows = [
        ANSWERS["reassignments"].conform(
            frame.with_columns(
                earliest_allowed=pl.when(free).then("last_assigned_on").otherwise("earliest_allowed"),
                reason="decision",
                rule=pl.lit(_RULE),
            )
        )
        for frame in found
    ]
    answer = pl.concat(rows).sort(ENTITY, "assignment_id")
    given = {"reassignments": answer, "findings": _findings(answer, settings)}
    if "license_assignments" in inputs:
        given["license_assignments_outcomes"] = _outcomes(inputs["license_assignments"], found[0], settings)
    return given


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one assignment with the history of its licenses, or the observed moves of one OSE."""
    lines = [pl.DataFrame(schema=EXPLANATION)]
    table = inputs.get("license_assignments", CANONICAL["license_assignments"].empty())
    asked = table.filter(is_asked("assignment_id", subject_ids))
    mates = table.join(asked.select(ENTITY, "product").unique(), on=[ENTITY, "product"], how="semi")
    rows = judged(assignments(inputs | {"license_assignments": mates}, settings), inputs, settings)
    lines += _lines(rows.filter(is_asked("assignment_id", subject_ids)), settings)
    if {"oses", "hosts", "datacenters"} <= inputs.keys():
        own = inputs | {"oses": inputs["oses"].filter(is_asked("ose_id", subject_ids))}
        lines += _lines(judged(snapshot_moves(own, settings), own, settings), settings)
    return pl.concat(lines)


def _kept(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Compute once what several answers read."""
    columns = [*ANSWERS["reassignments"].columns, "row_id", "decision"]
    return rows.select(ENTITY, *columns).collect(engine="streaming").lazy()


def _lines(rows: pl.LazyFrame, settings: Settings) -> list[pl.DataFrame]:
    facts = rows.sort(ENTITY, "assignment_id").collect().lazy()
    modules = (reassignment_period, license_mobility_products, reassignment)
    return [explain(facts, module, settings, "assignment_id") for module in modules]


def _outcomes(table: pl.LazyFrame, rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    later = pl.col("assigned_on") > settings.as_of
    unknown = pl.col("decision").is_in(reassignment.UNKNOWN)
    return (
        table.select("row_id", ENTITY, "product", "assigned_on")
        .join(rows.select("row_id", "decision"), on="row_id", how="left")
        .select(
            "row_id", ENTITY, "product",
            outcome=pl.when(later).then(pl.lit("excluded"))
            .when(unknown).then(pl.lit("not_computable")).otherwise(pl.lit("used")),
            reason=pl.when(later).then(Reason.ASSIGNED_LATER.lit).otherwise("decision"),
        )
        .sort("row_id")
    )  # fmt: skip


def _findings(answer: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    observed = pl.col("source") == "snapshots"
    rows = (
        answer.filter(~pl.col("is_allowed").fill_null(value=False))
        .group_by(ENTITY, "source", "product", "reason")
        .agg(_rows=pl.len(), subject_id=pl.col("assignment_id").min(), _barred=(~pl.col("is_allowed")).any(),
             due_on=pl.col("earliest_allowed").filter(pl.col("earliest_allowed") > settings.as_of).max())
    )  # fmt: skip
    what = (
        pl.when(observed)
        .then(pl.format("{} of an OSE to another Server Farm, where licenses follow it,", many("_rows", "move")))
        .otherwise(many("_rows", "assignment"))
    )
    barred = pl.col("_barred").fill_null(value=False)
    severity = pl.when(barred & ~observed).then(pl.lit("error")).otherwise(pl.lit("warning"))
    wait = pl.lit("License the new place separately for the period, and move licenses only when it is over.")
    return (
        ANSWERS["findings"]
        .conform(
            rows.with_columns(
                finding_id=pl.format("reassignment:{}/{}/{}/{}", ENTITY, "product", "reason", "source"),
                severity=severity,
                area=pl.lit("reassignment"),
                statement=pl.format(
                    "{} of {}, such as {}: {}",
                    what, "product", "subject_id", pl.col("reason").replace_strict(_SENTENCES),
                ),
                action=pl.when(barred).then(wait).otherwise(
                    pl.lit("Complete the history of assignments, the data centers and the purchases.")
                ),
                status=pl.lit("open"),
                rule=pl.lit(_RULE),
            )
        )
        .sort(ENTITY, "finding_id")
    )  # fmt: skip
