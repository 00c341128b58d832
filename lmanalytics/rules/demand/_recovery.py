"""What disaster recovery rights take out of the demand for Windows Server."""

import polars as pl

from lmanalytics.facts.outcomes import Reason
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right.recovery_exemptions import backup_oses
from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import ENTITY


def without_recovery(facts: Tables, inputs: Tables, settings: Settings) -> Tables:
    """Leave out backup instances during a permitted run, and the Windows Server of hosts that only receive replicas.

    Args:
        facts: `hosts`, `oses` and others of `estate_facts.facts`.
        inputs: `replica_hosts` and what `recovery_exemptions.backup_oses` reads; without them nothing is left out.
        settings: the run's date and policies.

    Returns:
        The same facts: such OSEs are excluded with the run as evidence, such hosts run no Windows Server of the
        customer's.

    """
    found = dict(facts)
    if "replica_hosts" in inputs:
        waived = inputs["replica_hosts"].filter("is_license_waived").select(ENTITY, "host_id", _waived=True).unique()
        waiver = pl.col("_waived").is_not_null()
        found["hosts"] = (
            facts["hosts"]
            .join(waived, on=[ENTITY, "host_id"], how="left", maintain_order="left")
            .with_columns(
                pl.when(waiver).then(pl.lit(value=False)).otherwise(c).alias(c)
                for c in ("host_runs_windows", "host_uses_right")
            )
            .drop("_waived")
        )
    if "recovery_runs" in inputs:
        runs = held(backup_oses(inputs, settings)).group_by("row_id").agg(pl.col("run_id").min())
        backup = pl.col("run_id").is_not_null() & pl.col("is_load")
        found["oses"] = (
            facts["oses"]
            .join(runs, on="row_id", how="left", maintain_order="left")
            .with_columns(
                is_load=pl.col("is_load") & pl.col("run_id").is_null(),
                outcome=pl.when(backup & (pl.col("outcome") == "counted"))
                .then(pl.lit("excluded"))
                .otherwise("outcome"),
                reason=pl.when(backup).then(Reason.BACKUP_INSTANCE.lit).otherwise("reason"),
                evidence=pl.when(backup).then(pl.format("Run {}", "run_id")).otherwise("evidence"),
            )
            .drop("run_id")
        )
    return found
