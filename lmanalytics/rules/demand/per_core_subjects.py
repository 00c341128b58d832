"""From installs to subjects: what the OSEs of each host, cluster or single OSE ask of licenses per core."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.facts.estate_facts import policies_in_force
from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.facts.snapshots import beyond, observed
from lmanalytics.rules.demand import (
    biztalk_server,
    sql_server_cores,
    sql_server_enterprise_host,
    sql_server_installs,
    sql_server_outsourcing,
    sql_server_server_cal,
    sql_server_virtual_cores,
)
from lmanalytics.rules.demand.per_core_machines import BIZTALK_SERVER, KEY, SQL_SERVER, machines
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.entitlement import new_version_rights
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import failover
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import CANONICAL, ENTITY

PRODUCTS = (SQL_SERVER, BIZTALK_SERVER)
_OSE = [ENTITY, "product", "ose_id"]


@dataclass(frozen=True)
class PerCore:
    """What the OSEs ask for, one by one and host by host."""

    oses: pl.LazyFrame
    """A row per OSE and product (`per_core_machines.machines`)."""
    hosts: pl.LazyFrame
    """A row per host of a subject and product: its cores, and the licenses for all that runs on it."""


def judged(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Settle what each row of `installs` of these products is (`sql_server_installs.judged`)."""
    rows = inputs["installs"].filter(pl.col("product").is_in(PRODUCTS)) if "installs" in inputs else None
    if rows is None:
        rows = CANONICAL["installs"].empty()
    # An OSE that is observed again without an install no longer has it.
    inventory = pl.concat_str("ose_id", "product", separator="|")
    rows = rows.with_columns(inventory_id=inventory)
    rest = beyond(inputs, "installs", pl.col("product").is_in(PRODUCTS), rows)
    seen = observed(rows, "install_id", settings.as_of, rest)
    return compute(
        sql_server_installs,
        "judged",
        settings,
        installs=seen.drop("inventory_id"),
        oses=_oses(inputs, settings),
        passive=_passive(inputs, settings),
        mobility=_mobility(inputs, settings),
    )


def versions() -> pl.LazyFrame:
    """Order the versions of these products: product, version, version_rank, released_on."""
    table = load_rule_file(new_version_rights).table("product_versions").lazy()
    return (
        table.filter(pl.col("product").is_in(PRODUCTS))
        .group_by("product", pl.col("version").cast(pl.String))
        .agg(released_on=pl.col("ga_date").min())
        .sort("product", "released_on", "version")
        .with_columns(version_rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("product"))
    )


def first_with_sa(settings: Settings) -> pl.Expr:
    """Name the first version whose licenses need Software Assurance for a virtual machine by itself."""
    released = versions().filter(pl.col("product") == SQL_SERVER)
    known = released.select("version", version_released_on="released_on", vcpus=pl.lit(None, pl.Int64))
    judged = evaluate(known.lazy(), sql_server_virtual_cores, settings).sort("version_released_on", "version")
    first = judged.filter(column_name(sql_server_virtual_cores, "needs_sa")).select(pl.col("version").first())
    return pl.lit(first.collect().item(), pl.String)


def per_core(judged_installs: pl.LazyFrame, facts_hosts: pl.LazyFrame | None, settings: Settings) -> PerCore:
    """Compute what each OSE would take by itself, and each host for all that runs on it.

    The highest edition and the highest version of an OSE's installs govern; lower ones run under them.

    Args:
        judged_installs: the rows of `judged`; those counted under own licenses outside the Azure Hybrid
            Benefit are read.
        facts_hosts: the facts of hosts; None where none were given.
        settings: date and policies.

    """
    counted = judged_installs.filter((pl.col("outcome") == "counted") & ~pl.col("uses_benefit"))
    oses = (
        counted.join(versions(), on=["product", "version"], how="left")
        .group_by(_OSE)
        .agg(
            pl.col("edition").sort_by("level").last(),
            pl.col("level", "version_rank", "released_on").max(),
            pl.col("subject_kind", "subject_id", "host_id", "kind", "vcpus", "location", "bound_hosts").first(),
        )
        .with_columns(is_physical=pl.col("kind") == "physical")
    )
    # Every option reads both; computed once they keep the plans of the options short.
    oses = oses.collect(engine="streaming").lazy()
    hosts = _hosts(oses, facts_hosts, settings).collect(engine="streaming").lazy()
    return PerCore(machines(oses, hosts, settings).collect(engine="streaming").lazy(), hosts)


def _oses(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    columns = {
        **dict.fromkeys((ENTITY, "ose_id", "kind", "location", "environment", "host_id", "subject_kind"), pl.String()),
        "subject_id": pl.String(),
        "vcpus": pl.Int64(),
        "bound_hosts": pl.List(pl.String()),
        "ose_state": pl.String(),
    }
    unknown = pl.lit(policies_in_force(settings)["unknown_cloud_license"])
    if "facts_oses" not in inputs:
        return pl.LazyFrame(schema=columns).with_columns(unknown_cloud_license=unknown)
    off = pl.col("reason").is_in(["template", "not_running"])
    current = inputs["facts_oses"].filter(pl.col("state") == "current")
    return current.with_columns(ose_state=pl.when(off).then("reason")).select(*columns, unknown_cloud_license=unknown)


def _passive(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Return the passive copies with is_free; none where the estate was not given."""
    if not {"installs", "facts_oses"} <= inputs.keys():
        return pl.LazyFrame(schema={ENTITY: pl.String(), "install_id": pl.String(), "is_free": pl.Boolean()})
    if "failover" in inputs:
        return inputs["failover"].select(ENTITY, "install_id", "is_free")
    free = failover.free_installs(inputs, settings).select(ENTITY, "install_id", "is_free")
    # Seldom many, and costly to plan again wherever the installs are read.
    return free.collect(engine="streaming").lazy()


def _mobility(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Return the OSEs whose running License Mobility deployments take no license: rented, or free fail-over."""
    key = [ENTITY, "ose_id", "product"]
    if not {"mobility", "mobility_deployments"} <= inputs.keys():
        return pl.LazyFrame(schema=dict.fromkeys(key, pl.String()))
    ended = (pl.col("ended_on") < settings.as_of).fill_null(value=False)
    running = (pl.col("deployed_on") <= settings.as_of) & ~ended & pl.col("ose_id").is_not_null()
    decided = inputs["mobility"].select(ENTITY, "deployment_id", "licenses_required")
    return (
        inputs["mobility_deployments"]
        .filter(running)
        .join(decided, on=[ENTITY, "deployment_id"], how="left")
        .group_by(key)
        .agg(_is_free=(pl.col("licenses_required") == 0).fill_null(value=False).all())
        .filter("_is_free")
        .select(key)
    )


def _hosts(oses: pl.LazyFrame, facts_hosts: pl.LazyFrame | None, settings: Settings) -> pl.LazyFrame:
    """Describe each host of a subject, with the OSEs that may run on it."""
    if facts_hosts is None:
        from lmanalytics.facts.estate_facts import facts  # noqa: PLC0415 (only its schema is asked)

        facts_hosts = facts({}, settings)["hosts"]
    virtual = oses.filter(~pl.col("is_physical"))
    free = virtual.filter(pl.col("bound_hosts").is_null()).group_by(KEY).agg(_counts(""))
    bound = (
        virtual.filter(pl.col("bound_hosts").is_not_null())
        .explode("bound_hosts", empty_as_null=False, keep_nulls=False)
        .group_by(*KEY, pl.col("bound_hosts").alias("host_id"))
        .agg(_counts("bound_"))
    )
    own = (
        oses.filter("is_physical")
        .group_by(*KEY, "host_id")
        .agg(physical_level=pl.col("level").max(), physical_edition=pl.col("edition").sort_by("level").last())
    )
    known = [ENTITY, "host_id", "subject_kind", "subject_id", "processors", "physical_cores", "cores_per_processor",
             "operator", "is_dedicated"]  # fmt: skip
    products = oses.filter(pl.col("subject_kind") != "ose").select(KEY).unique()
    rows = (
        facts_hosts.select(known)
        .join(products, on=SUBJECT)
        .join(free, on=KEY, how="left")
        .join(bound, on=[*KEY, "host_id"], how="left")
        .join(own, on=[*KEY, "host_id"], how="left")
        .with_columns(virtual_oses=_total("virtual_oses"), virtual_cores=_total("virtual_cores"))
    )
    evaluated = _licensed(rows, settings)
    for module in (sql_server_outsourcing, sql_server_server_cal):
        evaluated = evaluate(evaluated.with_columns(edition=pl.lit("Enterprise")), module, settings)
    return evaluated


def _licensed(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Add cores_to_license, host_licenses and is_lower_bound, by the rules of each host's product."""
    cores = [column_name(m, "cores_to_license") for m in (sql_server_cores, biztalk_server)]
    without = [
        column_name(sql_server_enterprise_host, "licenses_without_sa"),
        column_name(biztalk_server, "enterprise_licenses_without_sa"),
    ]
    accuracy = column_name(sql_server_cores, "accuracy")
    is_sql = pl.col("product") == SQL_SERVER
    found = evaluate(evaluate(rows, sql_server_cores, settings), biztalk_server, settings)
    found = found.with_columns(cores_to_license=pl.when(is_sql).then(cores[0]).otherwise(cores[1]))
    return evaluate(found, sql_server_enterprise_host, settings).with_columns(
        host_licenses=pl.when(is_sql).then(without[0]).otherwise(without[1]),
        is_lower_bound=pl.col(accuracy) == sql_server_cores.Reason.LOWER_BOUND.code,
    )


def _counts(prefix: str) -> list[pl.Expr]:
    known = pl.col("vcpus").is_not_null().all()
    return [
        pl.len().cast(pl.Int64).alias(f"{prefix}virtual_oses"),
        pl.when(known).then(pl.col("vcpus").sum()).alias(f"{prefix}virtual_cores"),
    ]


def _total(column: str) -> pl.Expr:
    """Add the OSEs that may run anywhere to those bound to the host; none is zero, one of unknown size unknown."""
    free = pl.when(pl.col("virtual_oses").is_null()).then(0).otherwise(column)
    bound = pl.when(pl.col("bound_virtual_oses").is_null()).then(0).otherwise(f"bound_{column}")
    return free + bound
