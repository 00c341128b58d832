"""Which facts no export states, machine by machine, and the place whose licenses depend on each.

The place is where the machine is licensed: its host, the cluster in which it moves, or the OSE by itself.
"""

from dataclasses import dataclass

import polars as pl

from lmanalytics.facts.host_facts import WINDOWS_SERVER
from lmanalytics.rules.topics import held
from lmanalytics.schemas import ENTITY

Tables = dict[str, pl.LazyFrame]
SUBJECT = [ENTITY, "subject_kind", "subject_id"]
_CLOUD = ("azure", "azure_dedicated_host", "provider_shared")
_OPEN = ("counted", "not_computable")
_INSTALLS = {
    "edition_unknown": "install_edition",
    "ose_unknown": "install_ose",
    "passive_unknown": "install_passive",
}
_BY_CORE = ("SQL Server", "BizTalk Server")
_NAMED = 3


@dataclass(frozen=True)
class Estate:
    """The estate as the run sees it, with the place where each machine is licensed."""

    hosts: pl.DataFrame
    """The current hosts, with is_system_unsaid (no export says what they themselves run) and has_guests."""
    oses: pl.LazyFrame
    """Every row that was observed, with is_homeless (nothing is known of its host)."""
    installs: pl.DataFrame
    """The installs that count, or of which it is not computable."""


def estate(tables: Tables, answered: Tables) -> Estate | None:
    """Read what decides about unknown facts.

    Args:
        tables: the accepted canonical tables.
        answered: the facts (`facts_hosts`, `facts_oses`) and the outcomes of the run.

    Returns:
        The estate; None where none was given.

    """
    if "facts_oses" not in answered:
        return None
    alone = pl.col("subject_id").is_null()
    oses = answered["facts_oses"].with_columns(
        subject_kind=pl.when(alone).then(pl.lit("ose")).otherwise("subject_kind"),
        subject_id=pl.when(alone).then("ose_id").otherwise("subject_id"),
        is_homeless=alone,
    )
    if "ose_outcomes" in answered:
        backups = held(answered["ose_outcomes"].filter(pl.col("reason") == "backup_instance").select("row_id"))
        oses = oses.join(backups, on="row_id", how="anti")
    hosts, installs = pl.collect_all([_hosts(tables, answered, oses), _installs(answered, oses)], engine="streaming")
    return Estate(hosts, oses, installs)


def found(known: Estate) -> pl.LazyFrame:
    """List every unknown fact of a machine: SUBJECT, fact, machine (its id)."""
    parts = [
        _facts(known.hosts.lazy(), "host_id", _of_hosts()),
        _facts(_relevant(known), "ose_id", _of_oses()),
        _facts(known.installs.lazy(), "install_id", _of_installs()),
    ]
    return pl.concat(parts)


def places(facts: pl.LazyFrame) -> pl.DataFrame:
    """Count the machines of each place that lack a fact: SUBJECT, fact, machines, machine_names (the first of them)."""
    counted = facts.group_by(*SUBJECT, "fact").agg(
        machines=pl.col("machine").n_unique().cast(pl.Int64),
        machine_names=pl.col("machine").unique().sort().head(_NAMED).str.join("; "),
    )
    return counted.collect(engine="streaming").sort(*SUBJECT, "fact")


def unknown_cores() -> pl.Expr:
    """Tell of a host whether its cores cannot be added up."""
    return pl.col("cores_per_processor").is_null() & (
        pl.col("processors").is_null() | pl.col("physical_cores").is_null()
    )


def _hosts(tables: Tables, answered: Tables, oses: pl.LazyFrame) -> pl.LazyFrame:
    """Say of each host whether any export states its own system, and whether anything counts on it."""
    hosts = answered["facts_hosts"].select(
        *SUBJECT, "row_id", "host_id", "cluster_id", "processors", "physical_cores", "cores_per_processor",
        "hypervisor", "host_runs_windows", "azure_host",
    )  # fmt: skip
    said = tables["hosts"].select("row_id", "host_os_product")
    on_it = oses.filter(pl.col("host_id").is_not_null() & ((pl.col("kind") == "physical") | pl.col("is_load")))
    on_it = on_it.group_by(ENTITY, "host_id").agg(
        _physical=(pl.col("kind") == "physical").any(), has_guests=pl.col("is_load").any()
    )
    unsaid = pl.col("host_os_product").is_null() & ~pl.col("_physical").fill_null(value=False)
    return (
        hosts.join(said, on="row_id")
        .join(on_it, on=[ENTITY, "host_id"], how="left")
        .with_columns(
            is_system_unsaid=unsaid & pl.col("hypervisor").ne_missing("virtuozzo"),
            has_guests=pl.col("has_guests").fill_null(value=False),
        )
        .drop("_physical", "host_os_product")
        .sort("row_id")
    )


def _installs(answered: Tables, oses: pl.LazyFrame) -> pl.LazyFrame:
    """Add to installs the place of their OSE; of an OSE that nothing describes, itself."""
    texts = (*SUBJECT, "install_id", "ose_id", "product", "edition", "reason")
    if not {"installs_outcomes", "facts_installs"} <= answered.keys():
        return pl.LazyFrame(schema={**dict.fromkeys(texts, pl.String), "row_id": pl.Int64})
    judged = answered["installs_outcomes"].filter(pl.col("outcome").is_in(_OPEN)).select("row_id", "reason")
    own = answered["facts_installs"].select(ENTITY, "row_id", "install_id", "ose_id", "product", "edition")
    where = oses.filter(pl.col("state") == "current").select(*SUBJECT, "ose_id", "location")
    alone = (
        pl.col("location").is_in(["azure", "provider_shared"]).fill_null(value=False) | pl.col("subject_id").is_null()
    )
    return (
        judged.join(own, on="row_id")
        .join(where, on=[ENTITY, "ose_id"], how="left")
        .select(
            ENTITY, "install_id", "ose_id", "product", "edition", "reason", "row_id",
            subject_kind=pl.when(alone).then(pl.lit("ose")).otherwise("subject_kind"),
            subject_id=pl.when(alone).then("ose_id").otherwise("subject_id"),
        )
        .sort("row_id")
    )  # fmt: skip


def _facts(frame: pl.LazyFrame, machine: str, tests: dict[str, pl.Expr]) -> pl.LazyFrame:
    """Give a row for each machine and fact whose test holds."""
    lacking = [pl.when(test.fill_null(value=False)).then(pl.lit(fact)) for fact, test in tests.items()]
    few = frame.filter(pl.any_horizontal(tests.values()))  # before lists are made of millions of machines
    rows = few.select(*SUBJECT, fact=pl.concat_list(lacking).list.drop_nulls(), machine=machine)
    return rows.explode("fact", empty_as_null=False, keep_nulls=False)


def _of_hosts() -> dict[str, pl.Expr]:
    processors, cores = pl.col("processors"), pl.col("physical_cores")
    uneven = (processors > 1) & (cores % processors != 0) & (cores > processors)
    on_hyper_v = (pl.col("hypervisor") == "hyper_v") & pl.col("is_system_unsaid")
    return {
        "host_cores": unknown_cores(),
        "host_core_split": pl.col("cores_per_processor").is_null() & uneven,
        "host_system": (pl.col("host_runs_windows").is_null() & pl.col("is_system_unsaid")) | on_hyper_v,
    }


def _relevant(known: Estate) -> pl.LazyFrame:
    """Keep what may need licenses of any product: an OSE with installs does, whatever it runs."""
    software = known.installs.lazy().select(ENTITY, "ose_id").unique()
    lacks, is_open = pl.any_horizontal(_of_oses().values()).fill_null(value=False), pl.col("outcome").is_in(_OPEN)
    current = known.oses.filter((pl.col("state") == "current") & lacks)
    closed = current.filter(~is_open.fill_null(value=False)).join(software, on=[ENTITY, "ose_id"], how="semi")
    return pl.concat([current.filter(is_open), closed])


def _of_oses() -> dict[str, pl.Expr]:
    cloud, is_open = pl.col("location").is_in(_CLOUD), pl.col("outcome").is_in(_OPEN)
    windows = pl.col("os_product") == WINDOWS_SERVER
    return {
        "ose_host": pl.col("is_homeless") & ~cloud,
        "ose_vcpus": pl.col("vcpus").is_null() & (pl.col("kind") != "physical"),
        "ose_system": pl.col("os_product").is_null() & is_open,
        "ose_edition": windows & pl.col("os_edition").is_null() & is_open,
        "cloud_license": cloud & pl.col("license_source").is_null(),
        "provider_operator": (pl.col("location") == "provider_shared") & pl.col("operator").is_null(),
    }


def _of_installs() -> dict[str, pl.Expr]:
    code = pl.col("reason").replace_strict(_INSTALLS, default=None, return_dtype=pl.String)
    tests = {fact: code.eq_missing(pl.lit(fact)) for fact in _INSTALLS.values()}
    assumed = pl.col("product").is_in(_BY_CORE) & pl.col("edition").is_null()
    return tests | {"install_edition": tests["install_edition"] | assumed}
