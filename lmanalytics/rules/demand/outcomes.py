"""What became of each row of `hosts` and `oses`: the accounts add up to the rows that were read."""

import polars as pl

from lmanalytics.facts.outcomes import Reason as OseReason
from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand.options import PRODUCT, UNKNOWN
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.schemas import ANSWERS, ENTITY

_LEFT_OUT = (
    OseReason.TEMPLATE, OseReason.NOT_RUNNING, OseReason.LICENSE_INCLUDED, OseReason.SPLA,
    OseReason.VISUAL_STUDIO, OseReason.EVALUATION, OseReason.BACKUP_INSTANCE,
)  # fmt: skip


class Reason(ReasonBase):
    """What became of a row of `hosts`."""

    HOST_USED = "It is in the estate."
    HOST_SUPERSEDED = "Something newer was observed."
    HOST_DUPLICATE = "The same host was listed twice on one day."
    HOST_LATER = "It was observed after the day of the position."


def ose_outcomes(oses: pl.LazyFrame, hosts: pl.LazyFrame, demand: pl.LazyFrame) -> pl.LazyFrame:
    """Settle the outcome of each row of `oses`.

    A counted OSE whose subject has no open option is `not_computable` or `not_licensable` with that
    subject's reason. A superseded row that ran at the peak of its subject is `used`.

    Args:
        oses: the facts of OSEs.
        hosts: the hosts with peak_on.
        demand: every option with is_available and reason.

    Returns:
        row_id, ose_id, entity_id, product, outcome, reason, evidence, subject_kind, subject_id.

    """
    peaks = hosts.group_by(SUBJECT).agg(_peak=pl.col("peak_on").min())
    in_peak = (
        pl.col("is_load")
        & (pl.col("state") == "earlier")
        & (pl.col("observed_on") <= pl.col("_peak"))
        & (pl.col("_peak") < pl.col("valid_until"))
    ).fill_null(value=False)
    blocked = (pl.col("outcome") == "counted") & pl.col("_blocked").is_not_null()
    outcome = pl.when(blocked).then(_outcome_of("_blocked")).when(in_peak).then(pl.lit("used")).otherwise("outcome")
    reason = pl.when(blocked).then("_blocked").when(in_peak).then(OseReason.IN_PEAK.lit).otherwise("reason")
    return (
        oses.join(_blocked(demand), on=SUBJECT, how="left")
        .join(peaks, on=SUBJECT, how="left")
        .select("row_id", "ose_id", ENTITY, pl.lit(PRODUCT).alias("product"), outcome.alias("outcome"),
                reason.alias("reason"), "evidence", "subject_kind", "subject_id")
        .sort("row_id")
    )  # fmt: skip


def host_outcomes(facts: dict[str, pl.LazyFrame], demand: pl.LazyFrame) -> pl.LazyFrame:
    """Settle the outcome of each row of `hosts`: row_id, host_id, entity_id, product, outcome, reason."""
    current = facts["hosts"].select("row_id", *SUBJECT).join(_blocked(demand), on=SUBJECT)
    state, blocked = pl.col("state"), pl.col("_blocked")
    return (
        facts["host_rows"]
        .join(current.select("row_id", "_blocked"), on="row_id", how="left")
        .select(
            "row_id",
            "host_id",
            ENTITY,
            product=pl.lit(PRODUCT),
            outcome=pl.when(state == "later")
            .then(pl.lit("excluded"))
            .when(state == "duplicate")
            .then(pl.lit("duplicate"))
            .when(state == "earlier")
            .then(pl.lit("superseded"))
            .when(blocked.is_not_null())
            .then(_outcome_of("_blocked"))
            .otherwise(pl.lit("used")),
            reason=pl.when(state == "later")
            .then(Reason.HOST_LATER.lit)
            .when(state == "duplicate")
            .then(Reason.HOST_DUPLICATE.lit)
            .when(state == "earlier")
            .then(Reason.HOST_SUPERSEDED.lit)
            .otherwise(blocked.fill_null(Reason.HOST_USED.code)),
        )
        .sort("row_id")
    )


def exclusions(oses: pl.LazyFrame) -> pl.LazyFrame:
    """List the current OSEs that are left out on a ground that somebody may have to prove."""
    left_out = [reason.code for reason in _LEFT_OUT]
    rows = oses.filter((pl.col("state") == "current") & pl.col("reason").is_in(left_out)).select(
        ENTITY,
        "reason",
        "evidence",
        subject_id="ose_id",
        product=pl.lit(PRODUCT),
        rule=pl.lit("facts.outcomes"),
    )
    return ANSWERS["exclusions"].conform(rows).sort(ENTITY, "subject_id")


def _blocked(demand: pl.LazyFrame) -> pl.LazyFrame:
    """Name for each subject without an open option why: what more data would settle comes first."""
    unknown = pl.col("reason").is_in(UNKNOWN)
    return (
        demand.group_by(SUBJECT)
        .agg(
            _open=pl.col("is_available").any(),
            _blocked=pl.coalesce(pl.col("reason").filter(unknown).min(), pl.col("reason").min()),
        )
        .filter(~pl.col("_open"))
        .drop("_open")
    )


def _outcome_of(column: str) -> pl.Expr:
    unknown = pl.col(column).is_in(UNKNOWN)
    return pl.when(unknown).then(pl.lit("not_computable")).otherwise(pl.lit("not_licensable"))
