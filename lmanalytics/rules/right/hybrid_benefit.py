"""Azure Hybrid Benefit for Windows Server: what each virtual machine, host and customer takes of its licenses."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, compute, evaluate, in_force
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import azure_hybrid_benefit_host, azure_hybrid_benefit_machine
from lmanalytics.rules.right._hybrid_explained import explained
from lmanalytics.rules.right._hybrid_findings import findings
from lmanalytics.rules.right._hybrid_machines import (
    PRODUCT,
    hybrid_hosts,
    hybrid_oses,
    machines,
    served_by_datacenter,
    sizes,
)
from lmanalytics.rules.topics import Tables, held
from lmanalytics.rules.trace import Subjects
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"hybrid_benefit": ("oses",)}
OPTION, ALL_CORES = "azure_hybrid_benefit", "azure_hybrid_benefit_all_cores"
_EXTRA = {"licenses_with_sa": pl.Int64(), "full_sets": pl.Int64(), "is_lower_bound": pl.Boolean()}
_SUBJECT = [ENTITY, "subject_kind", "subject_id"]
_KEY = [ENTITY, "subject_kind", "subject_id", "product"]
_BY_MACHINE = pl.lit("azure_hybrid_benefit_machine.licenses")
_BY_HOST = pl.lit("azure_hybrid_benefit_host.licenses")
_KNOWN_VERSION = pl.when(pl.col("version_rank").is_not_null()).then("os_version")
_LICENSES = column_name(azure_hybrid_benefit_machine, "licenses")
_HOST_LICENSES = column_name(azure_hybrid_benefit_host, "licenses")
_AVAILABLE = column_name(azure_hybrid_benefit_host, "is_available")


class Reason(ReasonBase):
    """What the licenses of a machine, a host or a customer under the benefit rest on."""

    IN_AZURE = "It takes these licenses, with coverage, while it runs in Azure."
    UNSHARED = "It takes what no other machine shares, too: the rest of a set, or of the customer's minimum."
    CONTAINER = "A container without Hyper-V isolation runs in a virtual machine, whose licenses cover it."
    BACKUP = "It is a permitted backup instance: the licenses of the production server serve it at the same time."
    MIGRATING = "While its workload migrates, licenses that were moved to it serve on-premises, too."
    MIGRATION_ALLOWANCE = "Datacenter licenses with coverage serve it beside their work on-premises."
    ALL_CORES = "Datacenter licenses for all its physical cores permit any number of virtual machines."
    HOST_CORES_UNKNOWN = "The physical cores of the host are unknown."
    NOT_ON_HOSTS_YET = "On the day of the position the benefit did not reach this kind of host."
    CUSTOMER = "All virtual machines together, in whole sets or to the minimum where the reading asks for it."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Answer `hybrid_benefit`, and what it demands of licenses.

    Args:
        inputs: `oses`, `facts_oses`, `facts_hosts`; `licenses`, without which no Datacenter licenses are known
            to serve two places; `license_assignments`, without which no day of assignment to Azure is known; and what
            `recovery_exemptions.backup_oses` reads.
        settings: date and policies.

    Returns:
        `hybrid_benefit`: a row per OSE, per host of Azure and per customer; `demand`: option
        `azure_hybrid_benefit` per OSE, or per dedicated host beside `azure_hybrid_benefit_all_cores`, which
        is the only one on Azure Local; every license needs coverage. `findings`.

    """
    oses = hybrid_oses(inputs)
    known_hosts = _hosts(oses, inputs, settings).collect(engine="streaming")
    hosts, alike = known_hosts.lazy(), sizes(oses)
    each = held(_machines(oses, hosts, inputs, settings))
    options = [_single(each)]
    if not known_hosts.is_empty():
        options += [_dedicated(each, hosts, settings), _all_cores(oses, hosts)]
    return {
        "hybrid_benefit": _benefit(each, hosts, alike, settings),
        "demand": pl.concat(options).sort(_KEY),
        "findings": findings(alike, each if "license_assignments" in inputs else None, settings),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one OSE or one host in Azure, or one OSE on an outsourcer's shared servers."""
    return explained(inputs, settings, subject_ids)


def _machines(oses: pl.LazyFrame, hosts: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Add to each machine what it takes beside licenses that serve elsewhere, and why."""
    known = held(machines(oses, inputs, settings))
    is_single = pl.col("subject_kind") == "ose"
    if "licenses" in inputs:
        served = served_by_datacenter(known.filter(is_single), hosts, inputs["licenses"], settings)
        known = known.join(served, on=[ENTITY, "ose_id"], how="left")
    else:
        known = known.with_columns(is_concurrent=pl.lit(value=False))
    known = (
        known.with_columns(pl.col("is_concurrent").fill_null(value=False))
        .with_columns(
            shared=pl.when("is_concurrent").then("licenses").otherwise("shared"),
            edition=pl.when("is_concurrent").then(pl.lit("Datacenter")).otherwise("edition"),
            concurrent_until=pl.when(~pl.col("is_concurrent")).then("concurrent_until"),
            redeployable_on=pl.when(~pl.col("is_concurrent")).then("redeployable_on"),
        )
        .with_columns(added=pl.col("licenses") - pl.col("shared"))
    )
    if not _takes_more(settings):
        return known.with_columns(unshared=pl.lit(0, pl.Int64)).with_columns(reason=_reason())
    lone = _unshared(known.filter(is_single & (pl.col("added") > 0)), settings)
    return known.join(lone, on=[ENTITY, "ose_id"], how="left").with_columns(
        pl.col("unshared").fill_null(0), reason=_reason()
    )


def _takes_more(settings: Settings) -> bool:
    """Tell whether all machines of a customer may take more than each by itself."""
    file = load_rule_file(azure_hybrid_benefit_machine)
    least = in_force(file, "min_licenses_per_customer", settings.as_of).value
    return least != 0 or file.policies["ahb_rounding"].chosen(settings) == azure_hybrid_benefit_machine.SETS


def _unshared(counted: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Lay on one of a customer's smallest machines what all of them take beyond themselves."""
    alike = counted.group_by(ENTITY, licenses="added").agg(
        machines=pl.len().cast(pl.Int64), ose_id=pl.col("ose_id").min()
    )
    whole = compute(azure_hybrid_benefit_machine, "packing", settings, machines=alike)
    least = alike.group_by(ENTITY).agg(ose_id=pl.col("ose_id").sort_by("licenses").first())
    rest = whole.filter(pl.col("unshared_licenses") > 0)
    return rest.join(least, on=ENTITY).select(ENTITY, "ose_id", unshared="unshared_licenses")


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("kind") == "process_container")
        .then(Reason.CONTAINER.lit)
        .when("is_backup")
        .then(Reason.BACKUP.lit)
        .when("is_concurrent")
        .then(Reason.MIGRATION_ALLOWANCE.lit)
        .when(pl.col("is_migrating") & (pl.col("shared") > 0))
        .then(Reason.MIGRATING.lit)
        .when(pl.col("unshared").fill_null(0) > 0)
        .then(Reason.UNSHARED.lit)
        .otherwise(Reason.IN_AZURE.lit)
    )


def _hosts(oses: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    judged = evaluate(hybrid_hosts(oses, inputs, settings), azure_hybrid_benefit_host, settings)
    is_open = pl.col(_AVAILABLE).fill_null(value=False)
    moved = pl.when("is_migrating").then(pl.min_horizontal("moved", _HOST_LICENSES)).otherwise(0)
    return judged.with_columns(
        licenses=pl.col(_HOST_LICENSES),
        shared=moved,
        is_open=is_open,
        reason=pl.when(~is_open)
        .then(Reason.NOT_ON_HOSTS_YET.lit)
        .when(pl.col(_HOST_LICENSES).is_null())
        .then(Reason.HOST_CORES_UNKNOWN.lit)
        .when(moved > 0)
        .then(Reason.MIGRATING.lit)
        .otherwise(Reason.ALL_CORES.lit),
    )


def _benefit(each: pl.LazyFrame, hosts: pl.LazyFrame, alike: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    reading = load_rule_file(azure_hybrid_benefit_machine).policies["ahb_rounding"].chosen(settings)
    days = ["concurrent_until", "redeployable_on", "reason"]
    of_machines = each.select(
        ENTITY, "edition", "sets", *days, subject_kind=pl.lit("ose"), subject_id="ose_id", rule=_BY_MACHINE,
        licenses_required=pl.col("licenses") + pl.col("unshared"), concurrent_licenses="shared",
    )  # fmt: skip
    of_hosts = hosts.select(
        ENTITY, "edition", *days, subject_kind=pl.lit("host"), subject_id="host_id", rule=_BY_HOST,
        licenses_required="licenses", concurrent_licenses="shared",
    )  # fmt: skip
    sized = evaluate(alike, azure_hybrid_benefit_machine, settings).with_columns(licenses=_LICENSES)
    together = compute(azure_hybrid_benefit_machine, "packing", settings, machines=sized)
    of_customers = together.select(
        ENTITY, "sets", subject_kind=pl.lit("customer"), subject_id=ENTITY, licenses_required="licenses",
        rule=pl.lit("azure_hybrid_benefit_machine.packing"), reason=Reason.CUSTOMER.lit,
    )  # fmt: skip
    rows = pl.concat([of_machines, of_hosts, of_customers], how="diagonal")
    named = rows.with_columns(product=pl.lit(PRODUCT), reading=pl.lit(reading))
    return ANSWERS["hybrid_benefit"].conform(named).sort(_KEY)


def _single(each: pl.LazyFrame) -> pl.LazyFrame:
    rows = each.filter(pl.col("subject_kind") == "ose").with_columns(
        _required=pl.col("added") + pl.col("unshared"), _oses=pl.lit(1, pl.Int64), version=_KNOWN_VERSION
    )
    return _demand(rows, OPTION, _BY_MACHINE)


def _dedicated(each: pl.LazyFrame, hosts: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """List the machines of dedicated hosts as an alternative to all their cores."""
    each = each.join(hosts.select(_SUBJECT).unique(), on=_SUBJECT, how="semi")
    place = pl.concat_str(_SUBJECT, separator="|")
    alike = each.group_by(place.alias(ENTITY), licenses="added").agg(machines=pl.len().cast(pl.Int64))
    together = compute(azure_hybrid_benefit_machine, "packing", settings, machines=alike)
    rows = (
        each.group_by(_SUBJECT)
        .agg(_oses=pl.len().cast(pl.Int64), version=_newest())
        .join(together.select(place=ENTITY, _required="licenses"), left_on=place, right_on="place", how="left")
        .with_columns(edition=pl.lit("Standard"), reason=Reason.IN_AZURE.lit)
    )
    return _demand(rows, OPTION, _BY_MACHINE)


def _all_cores(oses: pl.LazyFrame, hosts: pl.LazyFrame) -> pl.LazyFrame:
    guests = oses.group_by(_SUBJECT).agg(_oses=pl.len().cast(pl.Int64), version=_newest())
    closed = pl.col("reason").is_in([Reason.NOT_ON_HOSTS_YET.code, Reason.HOST_CORES_UNKNOWN.code])
    total = pl.col("licenses") - pl.col("shared")
    rows = (
        hosts.group_by(_SUBJECT)
        .agg(
            _required=pl.when(pl.col("licenses").is_not_null().all()).then(total.sum()),
            full_sets=pl.len().cast(pl.Int64),
            reason=pl.coalesce(pl.col("reason").filter(closed).max(), pl.col("reason").max()),
        )
        .join(guests, on=_SUBJECT, how="left")
        .with_columns(pl.col("_oses").fill_null(0), edition=pl.lit("Datacenter"))
    )
    return _demand(rows, ALL_CORES, _BY_HOST)


def _demand(rows: pl.LazyFrame, option: str, rule: pl.Expr) -> pl.LazyFrame:
    """Name one option as `demand` does; the demand stage adds prices."""
    sets = pl.col("full_sets") if "full_sets" in rows.collect_schema() else pl.lit(None, pl.Int64)
    named = rows.with_columns(
        product=pl.lit(PRODUCT), metric=pl.lit("core"), option=pl.lit(option), rule=rule, full_sets=sets,
        licenses_required="_required", licenses_with_sa="_required", oses_covered="_oses",
        is_lower_bound=pl.lit(value=False), is_available=pl.col("_required").is_not_null(),
        demand_class=pl.concat_str("edition", pl.col("version").fill_null("any"), pl.lit("sa"), separator="|"),
    )  # fmt: skip
    schema = dict(ANSWERS["demand"].schema) | _EXTRA
    have = set(named.collect_schema().names())
    return named.select(
        (pl.col(name) if name in have else pl.lit(None)).cast(dtype).alias(name) for name, dtype in schema.items()
    )


def _newest() -> pl.Expr:
    newest = pl.col("version_rank") == pl.col("version_rank").max()
    return pl.col("os_version").filter(newest).first()
