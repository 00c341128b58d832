"""Processor licenses of old lots: which count as core licenses now, and which serve only what they were bought for."""

import polars as pl

from lmanalytics.rules.entitlement import core_grants
from lmanalytics.rules.mapping import mapped
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"findings": ("licenses",)}
_GRANTED = core_grants.Reason.CORE_GRANT.code
_ACTIONS = {
    core_grants.Reason.CORE_GRANT: "If servers were documented to have more cores, enter those as licenses by core.",
    core_grants.Reason.NO_GRANT: "Use them for servers of the versions that they license, beside this position.",
    core_grants.Reason.GRANT_UNKNOWN: "Give the last day of their Software Assurance in the purchases.",
    core_grants.Reason.NO_GRANT_KNOWN: "Enter core licenses that were granted as licenses by core, with the document.",
}


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Tell of the processor licenses in force, per product and of what became of them.

    Args:
        inputs: `licenses`.
        settings: the run's date.

    Returns:
        `findings`.

    """
    today = pl.lit(settings.as_of)
    here = (pl.col("valid_from") <= today).fill_null(value=True) & (pl.col("valid_to") >= today).fill_null(value=True)
    bought = ~pl.col("license_id").str.contains(":", literal=True)
    name = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    rows = (
        core_grants.verdicts(inputs["licenses"].filter(here & bought))
        .group_by(ENTITY, "product", "edition", reason="verdict")
        .agg(_owned=pl.col("quantity").sum(), _cores=(pl.col("quantity") * pl.col("core_licenses")).sum())
        .filter(pl.col("_owned") > 0)
    )
    owned = pl.format("{} of {}", many("_owned", "processor license"), name)
    granted = pl.format("{} {} as {}.", owned, agreeing("_owned", "counts", "count"), many("_cores", "core license"))
    sentences = mapped(pl.col("reason"), [r.code for r in _ACTIONS], [str(r.value) for r in _ACTIONS])
    told = rows.with_columns(
        finding_id=pl.format("former_licenses:{}/{}/{}", ENTITY, name, "reason"),
        severity=pl.when(pl.col("reason") == _GRANTED).then(pl.lit("info")).otherwise(pl.lit("warning")),
        area=pl.lit("entitlement"),
        subject_id=name,
        statement=pl.when(pl.col("reason") == _GRANTED)
        .then(granted)
        .otherwise(pl.format("{} {} no demand by core. {}", owned, agreeing("_owned", "serves", "serve"), sentences)),
        action=mapped(pl.col("reason"), [r.code for r in _ACTIONS], _ACTIONS.values()),
        status=pl.lit("open"),
        rule=pl.lit("core_grants.grants"),
    )
    return {"findings": ANSWERS["findings"].conform(told).sort(ENTITY, "finding_id")}


def explain_subject(_inputs: Tables, _settings: Settings, _subject_ids: Subjects) -> pl.DataFrame:
    """Explain nothing: a license is no subject of its own."""
    return pl.DataFrame(schema=EXPLANATION)
