"""What to act on under the Azure Hybrid Benefit: what another rounding changes, and migrations that end."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import azure_hybrid_benefit_machine
from lmanalytics.rules.topics import held
from lmanalytics.schemas import ANSWERS, ENTITY

AREA = "hybrid_benefit"
_POLICY = "ahb_rounding"
_LICENSES = column_name(azure_hybrid_benefit_machine, "licenses")


class Reason(ReasonBase):
    """Why something about the benefit is told."""

    ROUNDING_MATTERS = "The published readings of the number of licenses differ for these machines."
    MIGRATION_ENDS = "Licenses serve Azure and on-premises while workloads migrate, and then in Azure alone."
    MIGRATION_OVER = "The days in which licenses might have served Azure and on-premises have passed."


def findings(alike: pl.LazyFrame, each: pl.LazyFrame | None, settings: Settings) -> pl.LazyFrame:
    """Tell per customer what depends on the reading, and by when on-premises use must end.

    Args:
        alike: machines in Azure by size (`_hybrid_machines.sizes`).
        each: machines in Azure (`_hybrid_machines.machines`); None where no assignments were given.
        settings: date and policies.

    Returns:
        The `findings` answer.

    """
    rows = pl.concat(
        [_rounding(alike, settings), *([] if each is None else _migrations(each, settings))], how="diagonal"
    )
    named = rows.with_columns(
        finding_id=pl.concat_str(pl.lit(AREA), ENTITY, "reason", separator=":"),
        area=pl.lit(AREA),
        subject_id=pl.col(ENTITY),
        status=pl.lit("open"),
        rule=pl.lit("hybrid_benefit"),
    )
    return ANSWERS["findings"].conform(named).sort("finding_id")


def _rounding(alike: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    policy = load_rule_file(azure_hybrid_benefit_machine).policies[_POLICY]
    totals = alike.select(ENTITY).unique()
    for reading in policy.readings:
        asked = Settings(settings.as_of, settings.policies | {_POLICY: reading})
        sized = evaluate(alike, azure_hybrid_benefit_machine, asked).select(ENTITY, "machines", licenses=_LICENSES)
        found = compute(azure_hybrid_benefit_machine, "packing", asked, machines=sized)
        totals = totals.join(held(found.select(ENTITY, pl.col("licenses").alias(reading))), on=ENTITY, how="left")
    names = list(policy.readings)
    words = pl.concat_str([pl.format("{} {}", pl.col(n), pl.lit(n.replace("_", " "))) for n in names], separator=", ")
    chosen = policy.chosen(settings).replace("_", " ")
    return totals.filter(pl.max_horizontal(names) > pl.min_horizontal(names)).select(
        ENTITY,
        severity=pl.lit("info"),
        statement=pl.format(
            "Virtual machines under the Azure Hybrid Benefit take core licenses by reading: {}. In force: {}.",
            words,
            pl.lit(chosen),
        ),
        action=pl.lit("Check which reading your agreement supports, and set the policy ahb_rounding accordingly."),
        reason=Reason.ROUNDING_MATTERS.lit,
    )


def _migrations(each: pl.LazyFrame, settings: Settings) -> list[pl.LazyFrame]:
    moved = each.filter((pl.col("moved") > 0) & pl.col("concurrent_until").is_not_null())
    running = pl.col("concurrent_until") >= settings.as_of
    ends = moved.filter(running).group_by(ENTITY).agg(count=pl.len(), due_on=pl.col("concurrent_until").min())
    over = moved.filter(~running).group_by(ENTITY).agg(count=pl.len())
    return [
        ends.select(
            ENTITY,
            "due_on",
            severity=pl.lit("warning"),
            statement=pl.format(
                "Virtual machines in Azure whose licenses also serve on-premises while they migrate: {}.",
                "count",
            ),
            action=pl.lit("End their use on-premises by that day, or license the servers there."),
            reason=Reason.MIGRATION_ENDS.lit,
        ),
        over.select(
            ENTITY,
            severity=pl.lit("warning"),
            statement=pl.format("Virtual machines in Azure whose days of migration have passed: {}.", "count"),
            action=pl.lit("Make sure that the licenses that were moved no longer serve on-premises."),
            reason=Reason.MIGRATION_OVER.lit,
        ),
    ]
