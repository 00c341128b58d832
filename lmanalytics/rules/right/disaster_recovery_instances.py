"""One backup instance for each production instance: a second one may not run while the first does."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule
from lmanalytics.rules.right._runs import same

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
    spells = (
        runs.select(*_BOTH, "run_id", "started_at", "ended_at")
        .sort(*_BOTH, "started_at", "run_id")
        .with_columns(backup=same(_BOTH))
        .with_columns(spell=_starts_free("backup").cast(pl.Int64).cum_sum())
    )
    firsts = (
        spells.group_by("spell", maintain_order=True)
        .agg(pl.col(_BOTH).first(), pl.col("started_at").min(), pl.col("ended_at").max())
        .sort(*_PRODUCTION, "started_at", "ose_id")
        .with_columns(production=same(_PRODUCTION))
        .select("spell", is_only_backup=_starts_free("production"))
    )
    return (
        spells.join(firsts, on="spell", how="left")
        .select("entity_id", "run_id", "is_only_backup")
        .sort("entity_id", "run_id")
    )


def _starts_free(group: str) -> pl.Expr:
    """Whether nothing of the group that started before was still running."""
    earlier = pl.col("ended_at").cum_max().shift(1).over(group)
    return (pl.col("started_at") >= earlier).fill_null(value=True)
