"""Server Farms: what makes them valid, and data centers that move between them."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import server_farm
from lmanalytics.rules.right._farm_facts import judged_farms, memberships
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import many
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"server_farms": ("datacenters",)}
_RULE = "server_farm.validity"
_VALID, _WHY = column_name(server_farm, "is_valid"), column_name(server_farm, "validity")


class Reason(ReasonBase):
    """What became of a row of `datacenters`."""

    IN_A_FARM = "The data center is in a Server Farm from that day on."
    FARM_BEGINS_LATER = "It is in that Server Farm only after the day of the position."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Judge every Server Farm over time.

    Args:
        inputs: `datacenters`.
        settings: date and policies.

    Returns:
        `server_farms`: a row per farm and interval with the same data centers (a data center without a farm is one,
        named `datacenter:<id>`); `datacenters_outcomes`; `findings`.

    """
    judged = judged_farms(memberships(inputs["datacenters"], settings), settings)
    rows = judged.with_columns(is_valid=_VALID, reason=_WHY, rule=pl.lit(_RULE))
    farms = ANSWERS["server_farms"].conform(rows).sort(ENTITY, *ANSWERS["server_farms"].key)
    return {
        "server_farms": farms,
        "datacenters_outcomes": _outcomes(inputs["datacenters"], settings),
        "findings": _findings(farms, settings),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain a farm by its id, or the farms of a data center."""
    members = memberships(inputs["datacenters"], settings)
    asked = members.filter(is_asked("server_farm_id", subject_ids) | is_asked("datacenter_id", subject_ids))
    mates = members.join(asked.select(server_farm.FARM).unique(), on=server_farm.FARM, how="semi")
    facts = judged_farms(mates, settings).select(pl.exclude("^server_farm__.+$")).sort(*server_farm.FARM, "valid_from")
    lines = explain(facts, server_farm, settings, "server_farm_id")
    return pl.concat([pl.DataFrame(schema=EXPLANATION), lines])


def _outcomes(datacenters: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    later = pl.col("farm_from") > settings.as_of
    return datacenters.select(
        "row_id",
        ENTITY,
        product=pl.lit("*"),
        outcome=pl.when(later).then(pl.lit("excluded")).otherwise(pl.lit("used")),
        reason=pl.when(later).then(Reason.FARM_BEGINS_LATER.lit).otherwise(Reason.IN_A_FARM.lit),
    ).sort("row_id")


def _findings(farms: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    sentences = {reason.code: str(reason.value) for reason in server_farm.Reason}
    limit, unknown = server_farm.Reason.AT_THE_LIMIT.code, server_farm.Reason.OFFSET_UNKNOWN.code
    now = (pl.col("valid_from") <= settings.as_of) & (pl.col("valid_to") >= settings.as_of).fill_null(value=True)
    told = now & (~pl.col("is_valid").fill_null(value=False) | (pl.col("reason") == limit))
    rows = (
        farms.filter(told)
        .group_by(ENTITY, "reason")
        .agg(_farms=pl.len(), subject_id=pl.col("server_farm_id").min())
        .sort(ENTITY, "reason")
    )
    is_open = pl.col("reason").is_in([limit, unknown])
    return ANSWERS["findings"].conform(
        rows.with_columns(
            finding_id=pl.format("server_farms:{}/{}", ENTITY, "reason"),
            severity=pl.when(is_open).then(pl.lit("warning")).otherwise(pl.lit("error")),
            area=pl.lit("server_farms"),
            statement=pl.format(
                "{}, such as {}: {}",
                many("_farms", "Server Farm"),
                "subject_id",
                pl.col("reason").replace_strict(sentences),
            ),
            action=pl.when(is_open)
            .then(pl.lit("Settle the time zones with the standard time of both data centers, and keep the evidence."))
            .otherwise(pl.lit("Treat each data center as a farm of its own, or form farms that the terms permit.")),
            status=pl.lit("open"),
            rule=pl.lit(_RULE),
        )
    )
