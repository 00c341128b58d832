"""Virtual machines and hosts under the Azure Hybrid Benefit: what they take, and what serves elsewhere at once."""

import polars as pl

from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import (
    azure_hybrid_benefit_allowance,
    azure_hybrid_benefit_concurrency,
    azure_hybrid_benefit_machine,
)
from lmanalytics.rules.right._machines import rows_of
from lmanalytics.rules.right.azure_hybrid_benefit_host import DEDICATED, LOCAL
from lmanalytics.rules.right.recovery_exemptions import backup_oses
from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import ENTITY

PRODUCT = "Windows Server"
_SUBJECT = [ENTITY, "subject_kind", "subject_id"]
_FACTS = ["row_id", *_SUBJECT, "ose_id", "kind", "vcpus", "os_version", "version_rank", "azure_host"]
_LICENSES = column_name(azure_hybrid_benefit_machine, "licenses")
_SETS = column_name(azure_hybrid_benefit_machine, "sets")
_UNTIL = column_name(azure_hybrid_benefit_concurrency, "concurrent_until")
_REDEPLOYABLE = column_name(azure_hybrid_benefit_concurrency, "redeployable_on")


def machines(oses: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Describe every virtual machine whose own licenses are counted by the machine, as far as nothing serves others.

    Args:
        oses: `hybrid_oses`.
        inputs: `facts_oses`; `license_assignments`, and what `recovery_exemptions.backup_oses` reads.
        settings: date and policies.

    Returns:
        The OSEs outside Azure Local, with licenses and sets (azure_hybrid_benefit_machine),
        edition (of the licenses that were assigned to it; Standard where none were), assigned_on, moved
        (licenses that were moved there from a server), concurrent_until, redeployable_on, is_migrating, is_backup, and
        shared (licenses that serve it while they serve something else, without the migration allowance).

    """
    rows = oses.filter(pl.col("azure_host").ne_missing(LOCAL))
    sized = evaluate(rows, azure_hybrid_benefit_machine, settings).with_columns(
        licenses=pl.when(pl.col("kind") == "process_container").then(0).otherwise(_LICENSES), sets=pl.col(_SETS)
    )
    if "recovery_runs" in inputs:
        backups = held(backup_oses(inputs, settings).select("row_id").unique())
        sized = sized.join(backups.with_columns(is_backup=pl.lit(value=True)), on="row_id", how="left")
    else:
        sized = sized.with_columns(is_backup=pl.lit(value=False))
    known = _assigned(sized, inputs, settings, "ose_id").with_columns(
        pl.col("is_backup").fill_null(value=False), pl.col("edition").fill_null("Standard"), use=pl.lit("azure")
    )
    return _shared(with_concurrency(known, settings))


def sizes(oses: pl.LazyFrame) -> pl.LazyFrame:
    """Count the machines outside Azure Local by their size: entity_id, vcpus, underlying_vcpus, machines."""
    rows = oses.filter(pl.col("azure_host").ne_missing(LOCAL) & (pl.col("kind") != "process_container"))
    return held(rows.group_by(ENTITY, "vcpus", "underlying_vcpus").agg(machines=pl.len().cast(pl.Int64)))


def hybrid_oses(inputs: Tables) -> pl.LazyFrame:
    """Hold what is asked of each OSE that counts under the benefit, with underlying_vcpus, the cores of its full size.

    Args:
        inputs: `oses`, `facts_oses`.

    Returns:
        row_id, entity_id, subject_kind, subject_id, ose_id, kind, vcpus, os_version, version_rank, azure_host,
        underlying_vcpus.

    """
    counted = pl.col("uses_hybrid_benefit") & (pl.col("outcome") == "counted") & (pl.col("state") == "current")
    facts = held(inputs["facts_oses"].filter(counted & (pl.col("kind") != "physical")).select(_FACTS))
    constrained = inputs["oses"].filter(pl.col("underlying_vcpus").is_not_null()).select("row_id", "underlying_vcpus")
    return held(facts.join(rows_of(constrained, facts, ["row_id"]), on="row_id", how="left"))


def hybrid_hosts(oses: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Return the facts of each host of Azure Local under the benefit, and of each dedicated host whose OSEs use it.

    Args:
        oses: `hybrid_oses`.
        inputs: `facts_hosts`; `license_assignments`.
        settings: date and policies.

    Returns:
        The facts of hosts, with what was assigned to each as for `machines`.

    """
    used = oses.select(_SUBJECT).unique().with_columns(_is_used=True)
    hosts = held(inputs["facts_hosts"].filter(pl.col("azure_host").is_in([LOCAL, DEDICATED])))
    wanted = (pl.col("azure_host") == LOCAL) | pl.col("_is_used")
    asked = hosts.join(used, on=_SUBJECT, how="left").filter(wanted).drop("_is_used")
    known = _assigned(asked, inputs, settings, "to_host_id")
    return with_concurrency(known.with_columns(edition=pl.lit("Datacenter"), use="azure_host"), settings)


def _assigned(rows: pl.LazyFrame, inputs: Tables, settings: Settings, target: str) -> pl.LazyFrame:
    """Add what was assigned to each OSE or host in Azure under the benefit, by the day of the position.

    Returns:
        The rows with edition, assigned_on (the first day), moved (licenses that came from a server).

    """
    if "license_assignments" not in inputs:
        none = {"edition": pl.String, "assigned_on": pl.Date, "moved": pl.Int64}
        return rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in none.items())
    own = target.removeprefix("to_")
    from_server = pl.col("from_host_id").is_not_null() | pl.col("from_datacenter_id").is_not_null()
    assigned = (
        inputs["license_assignments"]
        .filter(
            (pl.col("product") == PRODUCT)
            & (pl.col("reason") == "azure_hybrid_benefit")
            & (pl.col("metric") == "core")
            & (pl.col("assigned_on") <= settings.as_of)
            & pl.col(target).is_not_null()
        )
        .group_by(ENTITY, target)
        .agg(
            edition=pl.col("edition").drop_nulls().max(),
            assigned_on=pl.col("assigned_on").min(),
            moved=pl.col("quantity").filter(from_server).sum().cast(pl.Int64),
        )
    )
    return rows.join(assigned.rename({target: own}), on=[ENTITY, own], how="left")


def with_concurrency(rows: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Add concurrent_until, redeployable_on and is_migrating by edition, use and assigned_on."""
    judged = evaluate(rows, azure_hybrid_benefit_concurrency, settings)
    return judged.with_columns(
        concurrent_until=pl.col(_UNTIL),
        redeployable_on=pl.col(_REDEPLOYABLE),
        is_migrating=(pl.col(_UNTIL) >= settings.as_of).fill_null(value=False) & (pl.col("moved") > 0),
    ).select(pl.exclude("^azure_hybrid_benefit_concurrency__.*$"))


def _shared(rows: pl.LazyFrame) -> pl.LazyFrame:
    moved = pl.min_horizontal(pl.col("moved").fill_null(0), "licenses")
    return rows.with_columns(
        shared=pl.when("is_backup").then("licenses").when("is_migrating").then(moved).otherwise(0)
    ).select(pl.exclude("^azure_hybrid_benefit_machine__.*$"))


def served_by_datacenter(
    single: pl.LazyFrame, hosts: pl.LazyFrame, licenses: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Say which single machines Datacenter licenses serve beside their work on-premises (the migration allowance).

    Args:
        single: entity_id, ose_id, licenses and shared.
        hosts: hosts of Azure with entity_id and physical_cores: their licenses are in one place only.
        licenses: the `licenses` answer.
        settings: date and policies.

    Returns:
        entity_id, ose_id, is_concurrent.

    """
    owned = licenses.filter(
        (pl.col("product") == PRODUCT)
        & (pl.col("metric") == "core")
        & pl.col("edition").str.starts_with("Datacenter")
        & pl.col("sa_active")
        & (pl.col("valid_from") <= settings.as_of).fill_null(value=True)
        & (pl.col("valid_to") >= settings.as_of).fill_null(value=True)
    ).select(ENTITY, "quantity")
    taken = hosts.select(ENTITY, quantity=-pl.col("physical_cores").fill_null(0))
    held = _in_whole_steps(pl.concat([owned, taken]), settings)
    asking = single.select(ENTITY, "ose_id", licenses=pl.col("licenses") - pl.col("shared"))
    decided = compute(azure_hybrid_benefit_allowance, "allowance", settings, machines=asking, held=held)
    return decided.select(ENTITY, "ose_id", "is_concurrent")


def _in_whole_steps(held: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Leave out what the rounding in force cannot use: half of a set serves nothing by itself."""
    total = held.group_by(ENTITY).agg(licenses_held=pl.col("quantity").sum().cast(pl.Int64))
    rounded = evaluate(total.with_columns(vcpus=pl.lit(None, pl.Int64)), azure_hybrid_benefit_machine, settings)
    return rounded.select(ENTITY, quantity=pl.col(column_name(azure_hybrid_benefit_machine, "largest_machine")))
