"""Which facts no export states, machine by machine, and the place whose licenses depend on each.

The place is where the machine is licensed: its host, the cluster in which it moves, or the OSE by itself.
"""

from dataclasses import dataclass

import polars as pl

from lmanalytics.facts.host_facts import WINDOWS_SERVER
from lmanalytics.schemas import ENTITY

Tables = dict[str, pl.LazyFrame]
SUBJECT = [ENTITY, "subject_kind", "subject_id"]
FOUND = {**dict.fromkeys((*SUBJECT, "fact", "machine"), pl.String()), "row_id": pl.Int64()}
_AZURE = ("azure", "azure_dedicated_host")
_CLOUD = (*_AZURE, "provider_shared")
_OPEN = ("counted", "not_computable")
_INSTALLS = {
    "edition_unknown": "install_edition",
    "ose_unknown": "install_ose",
    "passive_unknown": "install_passive",
}


@dataclass(frozen=True)
class Estate:
    """The estate as the run sees it, with the place where each machine is licensed."""

    hosts: pl.DataFrame
    """The current hosts, with is_system_unsaid (no export says what they themselves run) and has_guests."""
    oses: pl.DataFrame
    """Every row that was observed, with is_homeless (nothing is known of its host)."""
    installs: pl.DataFrame
    """The installs that count, or of which it is not computable."""


def estate(tables: Tables, answered: Tables) -> Estate:
    """Read what decides about unknown facts, each table once.

    Args:
        tables: the accepted canonical tables.
        answered: the facts (`facts_hosts`, `facts_oses`) and the outcomes of the run; absent ones are empty.

    Returns:
        hosts: the current ones; oses: every row that may count toward a peak or is not computable; installs: those
        that count or are not computable, with the place of their OSE.

    """
    if "facts_oses" not in answered:
        return Estate(*(pl.DataFrame() for _ in range(3)))
    backups = answered.get("ose_outcomes", pl.LazyFrame(schema={"row_id": pl.Int64, "reason": pl.String}))
    backups = backups.filter(pl.col("reason") == "backup_instance").select("row_id")
    installs = pl.LazyFrame(schema={**FOUND, "install_id": pl.String(), "product": pl.String(), "reason": pl.String()})
    if "installs_outcomes" in answered and "facts_installs" in answered:
        judged = answered["installs_outcomes"].filter(pl.col("outcome").is_in(_OPEN))
        installs = judged.select("row_id", "reason").join(
            answered["facts_installs"].select(ENTITY, "row_id", "install_id", "ose_id", "product", "edition"),
            on="row_id",
        )
    oses = answered["facts_oses"].select(
        ENTITY, "row_id", "ose_id", "host_id", "cluster_id", "kind", "vcpus", "location", "operator", "license_source",
        "provider", "os_product", "os_edition", "os_version", "observed_on", "valid_until", "state", "outcome",
        "reason", "is_load", "subject_kind", "subject_id",
    )  # fmt: skip
    said = tables["hosts"].select("row_id", "host_os_product") if "hosts" in tables else None
    hosts = answered["facts_hosts"]
    hosts = (
        hosts.with_columns(host_os_product=pl.lit(None, pl.String)) if said is None else hosts.join(said, on="row_id")
    )
    listed, every, known = pl.collect_all(
        [hosts, oses.join(backups, on="row_id", how="anti"), installs], engine="streaming"
    )
    alone = pl.col("subject_id").is_null()
    homeless = every.with_columns(
        subject_kind=pl.when(alone).then(pl.lit("ose")).otherwise("subject_kind"),
        subject_id=pl.when(alone).then("ose_id").otherwise("subject_id"),
        is_homeless=alone,
    )
    return Estate(_described(listed, homeless), homeless, _placed(known, homeless))


def found(known: Estate) -> pl.DataFrame:
    """List every unknown fact: SUBJECT, fact, machine (its id), row_id (of the row that lacks it), once each."""
    if known.hosts.is_empty() and known.oses.is_empty() and known.installs.is_empty():
        return pl.DataFrame(schema=FOUND)
    parts = [_hosts(known.hosts)] if known.hosts.height else []
    if known.oses.height:
        parts.append(_oses(known.oses, known.installs))
    if known.installs.height:
        parts.append(_installs(known.installs))
    return pl.concat(parts).unique([*SUBJECT, "fact", "machine"], keep="first", maintain_order=True)


def unknown_cores() -> pl.Expr:
    """Tell of a host whether its cores cannot be added up."""
    return pl.col("cores_per_processor").is_null() & (
        pl.col("processors").is_null() | pl.col("physical_cores").is_null()
    )


def uneven_cores() -> pl.Expr:
    """Tell of a host whether its cores may be spread over its processors so that it needs more licenses."""
    uneven = (pl.col("processors") > 1) & (pl.col("physical_cores") % pl.col("processors") != 0)
    return pl.col("cores_per_processor").is_null() & (uneven & (pl.col("physical_cores") > pl.col("processors")))


def _described(hosts: pl.DataFrame, oses: pl.DataFrame) -> pl.DataFrame:
    """Say of each host whether any export states its own system, and whether Windows Server runs on it."""
    on_it = (
        oses.filter(pl.col("host_id").is_not_null())
        .group_by(ENTITY, "host_id")
        .agg(_physical=(pl.col("kind") == "physical").any(), has_guests=pl.col("is_load").any())
    )
    unsaid = pl.col("host_os_product").is_null() & ~pl.col("_physical").fill_null(value=False)
    return (
        hosts.join(on_it, on=[ENTITY, "host_id"], how="left")
        .with_columns(
            is_system_unsaid=unsaid & pl.col("hypervisor").ne_missing("virtuozzo"),
            has_guests=pl.col("has_guests").fill_null(value=False),
        )
        .drop("_physical")
    )


def _placed(installs: pl.DataFrame, oses: pl.DataFrame) -> pl.DataFrame:
    """Add to installs the place of their OSE; of an OSE that nothing describes, itself."""
    if installs.is_empty():
        return installs
    places = oses.filter(pl.col("state") == "current").select(
        ENTITY, "ose_id", "subject_kind", "subject_id", "location"
    )
    in_azure = pl.col("location").is_in(["azure", "provider_shared"]).fill_null(value=False)
    alone = in_azure | pl.col("subject_id").is_null()
    return (
        installs.select(ENTITY, "row_id", "install_id", "ose_id", "product", "edition", "reason")
        .join(places.unique([ENTITY, "ose_id"], keep="first", maintain_order=True), on=[ENTITY, "ose_id"], how="left")
        .with_columns(
            subject_kind=pl.when(alone).then(pl.lit("ose")).otherwise("subject_kind"),
            subject_id=pl.when(alone).then("ose_id").otherwise("subject_id"),
        )
    )


def _facts(frame: pl.DataFrame, machine: str, tests: dict[str, pl.Expr]) -> pl.DataFrame:
    """Give a row for each fact whose test holds."""
    parts = [
        frame.filter(test.fill_null(value=False)).select(
            *SUBJECT, fact=pl.lit(fact), machine=pl.col(machine), row_id="row_id"
        )
        for fact, test in tests.items()
    ]
    return pl.concat(parts)


def _hosts(hosts: pl.DataFrame) -> pl.DataFrame:
    on_hyper_v = (pl.col("hypervisor") == "hyper_v") & pl.col("is_system_unsaid")
    tests = {
        "host_cores": unknown_cores(),
        "host_core_split": uneven_cores(),
        "host_system": (pl.col("host_runs_windows").is_null() & pl.col("is_system_unsaid")) | on_hyper_v,
    }
    return _facts(hosts, "host_id", tests)


def _oses(oses: pl.DataFrame, installs: pl.DataFrame) -> pl.DataFrame:
    """Look at what may need licenses of any product: an OSE with installs does, whatever it runs."""
    software = (
        installs.select(ENTITY, "ose_id").unique().with_columns(_has=pl.lit(value=True))
        if installs.height
        else (pl.DataFrame(schema={ENTITY: pl.String, "ose_id": pl.String, "_has": pl.Boolean}))
    )
    current = oses.filter(pl.col("state") == "current").join(software, on=[ENTITY, "ose_id"], how="left")
    matters = current.filter(pl.col("outcome").is_in(_OPEN) | pl.col("_has").fill_null(value=False))
    windows, cloud = pl.col("os_product") == WINDOWS_SERVER, pl.col("location").is_in(_CLOUD)
    tests = {
        "ose_host": pl.col("is_homeless") & ~cloud,
        "ose_vcpus": pl.col("vcpus").is_null() & (pl.col("kind") != "physical"),
        "ose_system": pl.col("os_product").is_null() & pl.col("outcome").is_in(_OPEN),
        "ose_edition": windows & pl.col("os_edition").is_null() & pl.col("outcome").is_in(_OPEN),
        "cloud_license": cloud & pl.col("license_source").is_null(),
        "provider_operator": (pl.col("location") == "provider_shared") & pl.col("operator").is_null(),
    }
    return _facts(matters, "ose_id", tests)


def _installs(installs: pl.DataFrame) -> pl.DataFrame:
    code = pl.col("reason").replace_strict(_INSTALLS, default=None, return_dtype=pl.String)
    stated = pl.col("edition").is_not_null()
    has_editions = pl.col("product").is_in(["SQL Server", "BizTalk Server"])
    tests = {fact: code == fact for fact in _INSTALLS.values()}
    tests["install_edition"] |= has_editions & ~stated
    return _facts(installs, "install_id", tests)
