"""One backup instance for each production instance: a second one may not run while the first does."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "runs"
ANSWER = "backups"
_BOTH = ["entity_id", "production_ose_id", "ose_id"]
_PRODUCTION = ["entity_id", "production_ose_id"]


class Reason(ReasonBase):
    """What is wrong with the number of backup instances."""

    SECOND_BACKUP = "Another backup OSE of the same production OSE was running when it started."


@frame_rule(unit="flag", cite="one_backup", start="2016-10-01")
def backups(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Say of each run whether its OSE was the only backup of the production OSE when it began to run.

    Runs of one backup OSE that overlap are one; of several backup OSEs the one that ran first keeps the right.

    Args:
        runs: entity_id, run_id, ose_id, production_ose_id, started_at, ended_at.

    Returns:
        entity_id, run_id, is_only_backup.

    """
    earlier = pl.col("ended_at").cum_max().shift(1)
    spells = (
        runs.select(*_BOTH, "run_id", "started_at", "ended_at")
        .sort(*_BOTH, "started_at", "run_id")
        .with_columns(is_new=(pl.col("started_at") >= earlier.over(_BOTH)).fill_null(value=True))
        .with_columns(spell=pl.col("is_new").cast(pl.Int64).cum_sum().over(_BOTH))
    )
    firsts = (
        spells.group_by(*_BOTH, "spell")
        .agg(pl.col("started_at").min(), pl.col("ended_at").max())
        .sort(*_PRODUCTION, "started_at", "ose_id")
        .with_columns(is_only_backup=(pl.col("started_at") >= earlier.over(_PRODUCTION)).fill_null(value=True))
    )
    return (
        spells.join(firsts.select(*_BOTH, "spell", "is_only_backup"), on=[*_BOTH, "spell"], how="left")
        .select("entity_id", "run_id", "is_only_backup")
        .sort("entity_id", "run_id")
    )
