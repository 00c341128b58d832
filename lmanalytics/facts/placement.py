"""On which hosts of its cluster an OSE may run, where affinity rules narrow them."""

import polars as pl

from lmanalytics.schemas import ENTITY

_SCHEMA = pl.Schema({ENTITY: pl.String(), "ose_id": pl.String(), "bound_hosts": pl.List(pl.String())})


def bound_hosts(oses: pl.LazyFrame, hosts: pl.LazyFrame, affinity: pl.LazyFrame | None) -> pl.LazyFrame:
    """List the hosts on which each OSE with affinity rules may run.

    A rule that lets it run somewhere excludes every host that no rule names; rules that only forbid leave
    the rest of the cluster. The host on which it was seen always counts.

    Args:
        oses: entity_id, ose_id, host_id, subject_kind, subject_id, is_load.
        hosts: the current hosts.
        affinity: the table `ose_host_affinity`; None where rules are absent or not asked for.

    Returns:
        entity_id, ose_id, bound_hosts; no row for an OSE without rules.

    """
    if affinity is None:
        return pl.LazyFrame(schema=_SCHEMA)
    machine = [ENTITY, "ose_id"]
    members = hosts.filter(pl.col("subject_kind") == "cluster").select(ENTITY, "subject_id", _member="host_id")
    rules = affinity.group_by(*machine, "host_id").agg(pl.col("may_run").all())
    moving = oses.filter(pl.col("is_load") & (pl.col("subject_kind") == "cluster"))
    ruled = moving.join(affinity.select(machine).unique(), on=machine, how="semi")
    seen = ruled.group_by(*machine, "subject_id").agg(_seen=pl.col("host_id").drop_nulls().unique())
    positive = rules.filter("may_run").select(machine).unique().with_columns(_is_positive=pl.lit(value=True))
    may = pl.col("may_run")
    return (
        seen.join(members, on=[ENTITY, "subject_id"])
        .join(rules, left_on=[*machine, "_member"], right_on=[*machine, "host_id"], how="left")
        .join(positive, on=machine, how="left")
        .filter(
            may.fill_null(value=False)
            | (may.is_null() & pl.col("_is_positive").is_null())
            | pl.col("_seen").list.contains(pl.col("_member"))
        )
        .group_by(machine)
        .agg(bound_hosts=pl.col("_member").unique().sort())
    )
