"""Disaster recovery: which runs of backup instances were permitted."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import (
    disaster_recovery_assurance,
    disaster_recovery_instances,
    disaster_recovery_occasion,
    disaster_recovery_place,
    disaster_recovery_tests,
    disaster_recovery_verdict,
)
from lmanalytics.rules.right._recovery_facts import RUN, runs
from lmanalytics.rules.topics import Tables, held
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"disaster_recovery": ("recovery_runs",)}
_PLAIN = {
    "obstacle_of_place": disaster_recovery_place,
    "obstacle_of_licenses": disaster_recovery_assurance,
    "obstacle_of_occasion": disaster_recovery_occasion,
}
_VERDICT = ("is_permitted", "reason", "decided_by")


class Reason(ReasonBase):
    """What else is said of runs than whether they were permitted."""

    AFTER_AS_OF = "The run started after the day of the position."
    OUTSOURCED = "Another operates the server, so the Outsourcing Software Management clause applies."


_REASONS = (
    *disaster_recovery_place.Reason,
    *disaster_recovery_assurance.Reason,
    *disaster_recovery_instances.Reason,
    *disaster_recovery_occasion.Reason,
    *Reason,
)
_SENTENCES = {reason.code: str(reason.value) for reason in _REASONS}


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Answer `disaster_recovery` per run, and say of each row of `recovery_runs` what became of it."""
    needed = [*ANSWERS["disaster_recovery"].schema, "os_product", "operator"]
    decided = permitted_runs(inputs, settings).select(needed).collect(engine="streaming").lazy()
    table = inputs["recovery_runs"].select("row_id", *RUN, "started_at")
    judged = table.join(decided.select(*RUN, "os_product", "is_permitted", "reason"), on=RUN, how="left")
    later = pl.col("started_at").dt.date() > settings.as_of
    outcomes = judged.select(
        "row_id",
        ENTITY,
        product="os_product",
        outcome=pl.when(later)
        .then(pl.lit("excluded"))
        .when(pl.col("is_permitted").is_null())
        .then(pl.lit("not_computable"))
        .otherwise(pl.lit("used")),
        reason=pl.when(later).then(Reason.AFTER_AS_OF.lit).otherwise("reason"),
    )
    return {
        "disaster_recovery": ANSWERS["disaster_recovery"].conform(decided).sort(RUN),
        "recovery_runs_outcomes": outcomes.sort("row_id"),
        "findings": _findings(decided),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one run, or every run of one backup OSE."""
    asked = is_asked("run_id", subject_ids) | is_asked("ose_id", subject_ids)
    found = _judged(inputs, settings).filter(asked).sort(RUN).collect().lazy()
    facts = found.select(pl.exclude("^disaster_recovery_.+__.+$"))
    modules = (*_PLAIN.values(), disaster_recovery_verdict)
    plain = [facts.select(pl.exclude(list(_PLAIN)))] * len(_PLAIN) + [facts.with_columns(instances=pl.lit(1))]
    lines = [explain(rows, module, settings, "run_id") for rows, module in zip(plain, modules, strict=True)]
    return pl.concat([pl.DataFrame(schema=EXPLANATION), *lines])


def permitted_runs(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Decide every run that had started by the day of the position.

    Returns:
        The columns of `disaster_recovery`, with started_at, ended_at and os_product.

    """
    final = evaluate(_judged(inputs, settings), disaster_recovery_verdict, settings)
    verdict = {name: pl.col(column_name(disaster_recovery_verdict, name)) for name in _VERDICT}
    twice = pl.col(column_name(disaster_recovery_place, "is_license_used_twice"))
    return final.with_columns(**verdict, rule=verdict["decided_by"], is_license_used_twice=twice)


def _judged(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Add to each run its week of tests, whether it was the only backup, and what is wrong with it."""
    facts = held(runs(inputs, settings))
    tests = facts.filter(pl.col("purpose") == "test")
    weeks = compute(disaster_recovery_tests, "windows", settings, tests=tests).drop("ose_id")
    only = compute(disaster_recovery_instances, "backups", settings, runs=facts)
    found = facts.join(weeks, on=RUN, how="left").join(only, on=RUN, how="left")
    for name, module in _PLAIN.items():
        found = evaluate(found, module, settings).with_columns(pl.col(column_name(module, name)).alias(name))
    return found


def _findings(decided: pl.LazyFrame) -> pl.LazyFrame:
    """Tell per reason of the runs that were not permitted, of those not known, and of outsourced servers."""
    permitted = pl.col("is_permitted")
    outsourced = permitted & (pl.col("operator").fill_null("customer") != "customer")
    parts = [
        decided.filter(~permitted).with_columns(
            severity=pl.lit("error"),
            action=pl.lit("License these OSEs for the time of the runs, or keep to the terms of disaster recovery."),
        ),
        decided.filter(permitted.is_null()).with_columns(
            severity=pl.lit("warning"),
            action=pl.lit("Give what is missing in the tables of runs, hosts, licenses or access licenses."),
        ),
        decided.filter(outsourced).with_columns(
            reason=Reason.OUTSOURCED.lit,
            severity=pl.lit("info"),
            action=pl.lit("Check that the contract with the outsourcer meets the clause."),
        ),
    ]
    told = pl.concat([part.select(ENTITY, "reason", "rule", "severity", "action") for part in parts])
    rows = told.group_by(ENTITY, "reason", "severity", "action").agg(pl.col("rule").min(), count=pl.len())
    sentence = pl.col("reason").replace_strict(_SENTENCES, return_dtype=pl.String)
    return (
        ANSWERS["findings"]
        .conform(
            rows.with_columns(
                finding_id=pl.concat_str(pl.lit("disaster_recovery"), ENTITY, "reason", separator=":"),
                area=pl.lit("disaster_recovery"),
                statement=pl.format("Runs of backup instances: {}. {}", "count", sentence),
                status=pl.lit("open"),
            )
        )
        .sort(ENTITY, "finding_id")
    )
