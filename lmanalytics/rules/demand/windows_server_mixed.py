"""Windows Server Standard with both models on one host: k full sets, the rest by virtual machine.

The sets take the OSEs with the most licenses of their own; what is left at the busiest moment is licensed
by itself. For hosts among which OSEs move the base is the sum of their cores, since an OSE that is
licensed by itself is so on each of them.
"""

import polars as pl

from lmanalytics.rules.engine import frame_rule, rule

FACTS = "hosts"
ANSWER = "core_licenses"
SUBJECT = ["entity_id", "subject_kind", "subject_id"]


@frame_rule(unit="core_license", cite="adding_oses", start="2022-10-01")
def curve(subjects: pl.LazyFrame, loads: pl.LazyFrame) -> pl.LazyFrame:
    """Licenses by virtual machine for each number of sets, as far as any OSE is left to license by itself.

    Args:
        subjects: SUBJECT, oses_per_set (of windows_server_standard), host_rights_used, host_runs_windows:
            sets begin at one where Windows Server runs in the physical OSE.
        loads: SUBJECT, moment, individual_licenses: a row per OSE that runs at a moment; null where the
            OSE's virtual cores are unknown, so that it must be among those that the sets take.

    Returns:
        SUBJECT, sets, individual_licenses (the most of any moment), individual_oses.

    """
    at = [*SUBJECT, "moment"]
    left = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    ranked = (
        loads.select(*at, "individual_licenses")
        .sort(*at, "individual_licenses", nulls_last=True)
        .with_columns(
            _all=pl.len().over(at).cast(pl.Int64),
            _left=left.over(at),
            _sum=pl.col("individual_licenses").cum_sum().over(at),
        )
        .join(subjects, on=SUBJECT)
        .with_columns(_taken=pl.col("_all") - pl.col("_left") + pl.col("host_rights_used"))
        .filter(pl.col("_taken") % pl.col("oses_per_set") == 0)
        .with_columns(sets=pl.col("_taken") // pl.col("oses_per_set"))
        .filter((pl.col("sets") > 0) | ~pl.col("host_runs_windows"))
    )
    return (
        ranked.group_by(*SUBJECT, "sets")
        .agg(
            individual_licenses=pl.when(pl.col("_sum").is_not_null().all()).then(pl.col("_sum").max()),
            individual_oses=pl.col("_left").max(),
        )
        .filter(pl.col("individual_licenses").is_not_null())
    )


@rule(unit="core_license", cite="adding_oses", start="2022-10-01", optional=("sets",))
def set_licenses(cores_to_license: pl.Expr, sets: pl.Expr) -> pl.Expr:
    """Core licenses of the sets, which need no Software Assurance."""
    return cores_to_license * sets.cast(pl.Int64)


@rule(unit="core_license", cite="adding_oses", start="2022-10-01", optional=("individual_licenses",))
def core_licenses(set_licenses: pl.Expr, individual_licenses: pl.Expr) -> pl.Expr:
    """Core licenses of the sets and of the OSEs that are licensed by themselves."""
    return set_licenses + individual_licenses.cast(pl.Int64)
