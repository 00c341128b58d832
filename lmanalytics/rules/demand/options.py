"""The ways in which each subject can be licensed for Windows Server, with their licenses and cost."""

from datetime import date

import polars as pl

from lmanalytics.facts.estate_facts import policies_in_force
from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand.curves import LISTS, SCHEMA, cost, demand_class
from lmanalytics.rules.demand.mixes import mixes
from lmanalytics.rules.demand.price_list import for_entity
from lmanalytics.rules.demand.subjects import Estate, acquired_before, alone, subjects
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import held
from lmanalytics.schemas import MONEY

PRODUCT, METRIC = "Windows Server", "core"


class Reason(ReasonBase):
    """Why an option is open, or why it is not."""

    REQUIRED = "These licenses are required if this option is chosen."
    OLD_LICENSES_ONLY = "These are required of licenses acquired before the terms for Listed Providers changed."
    HOST_CORES_UNKNOWN = "The processors or cores of a host are unknown."
    HOST_OS_UNKNOWN = "What the host itself runs is unknown."
    RUNS_DATACENTER = "An OSE runs Datacenter, which Standard does not cover."
    HOST_RUNS_WINDOWS = "Windows Server in the physical OSE is licensed by physical core only."
    VIRTUOZZO_SHARES_KERNEL = "Virtuozzo guests share the host's Windows Server, which comes first by physical core."
    VCPUS_UNKNOWN = "The virtual cores of an OSE are unknown."
    AFFINITY_NARROWS = "OSEs move among different hosts, so sets and single licenses are not combined."
    SHARED_SERVER = "A server shared with other customers cannot be licensed by physical core."
    VERSION_TOO_NEW = "A Listed Provider's servers run no version that was released since the terms changed."
    LISTED_PROVIDER = "A Listed Provider's servers take no Windows Server licenses by virtual machine."
    NOT_YET = "Outsourcers' servers took no such licenses on the day of the position."


UNKNOWN = tuple(r.code for r in (Reason.HOST_CORES_UNKNOWN, Reason.HOST_OS_UNKNOWN, Reason.VCPUS_UNKNOWN))
"""Reasons for which more data would help."""

_SCHEMA = {
    **dict.fromkeys([*SUBJECT, "option", "edition", "version"], pl.String()),
    **dict.fromkeys(["licenses_without_sa", "licenses_with_sa", "full_sets"], pl.Int64()),
    "is_lower_bound": pl.Boolean(),
    "oses_covered": pl.Int64(),
    "reason": pl.String(),
    "rule": pl.String(),
    **SCHEMA,
}


def options(found: Estate, prices: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """List every option of every subject.

    Args:
        found: hosts and running OSEs (`subjects.estate`).
        prices: one row per entity and edition (`price_list.per_license`).
        settings: the run's date and policies.

    Returns:
        SUBJECT, product, option, edition, version, metric, licenses_required, licenses_with_sa (how many of
        them need Software Assurance or a subscription), full_sets (of all hosts together; null by virtual
        machine), is_lower_bound (some host's cores may be spread so that it needs more), oses_covered,
        acquired_before (only licenses acquired before this day may serve it; null: any),
        demand_class (`Standard|2022|sa`: edition, lowest version right, and whether all licenses, none or
        part of them need Software Assurance), is_available, unit_price (of a license, both kinds together),
        cost, currency, rule, reason, and the lists of `curves`. An option for OSEs of both editions by virtual
        machine has a row for each.

    """
    known = held(subjects(found, settings)).with_row_index("subject_number")
    parts = [_standard(known), _datacenter(known)]
    if found.has_virtual_cores:
        may_be_unsized = policies_in_force(settings)["unknown_host"] == "by_virtual_cores"
        sized = pl.lit(may_be_unsized) | pl.col("cores_to_license").is_not_null()
        guests = known.filter(pl.col("guests") > 0).with_columns(is_sized=sized)
        parts += [_virtual(guests), _by_machine(alone(found, settings), _use("virtual_use"))]
        parts.append(_mixed(mixes(known, found.running, prices, settings)))
    else:
        parts.append(_too_early(found))
    return _priced(pl.concat([_conform(part) for part in parts]), prices, acquired_before(settings))


def _conform(part: pl.LazyFrame) -> pl.LazyFrame:
    have = part.collect_schema()
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in _SCHEMA.items() if name not in have]
    return part.with_columns(absent).select(list(_SCHEMA))


def _standard(known: pl.LazyFrame) -> pl.LazyFrame:
    return known.with_columns(
        option=pl.lit("standard_physical_cores"),
        edition=pl.lit("Standard"),
        licenses_without_sa=pl.col("standard_licenses"),
        licenses_with_sa=pl.lit(0, pl.Int64),
        full_sets=pl.col("standard_sets"),
        oses_covered=pl.col("guests"),
        reason=_by_cores("standard_licenses", (pl.col("needs_datacenter"), Reason.RUNS_DATACENTER)),
        rule=pl.lit("windows_server_standard.core_licenses"),
    )


def _datacenter(known: pl.LazyFrame) -> pl.LazyFrame:
    return known.with_columns(
        option=pl.lit("datacenter_physical_cores"),
        edition=pl.lit("Datacenter"),
        licenses_without_sa=pl.col("datacenter_licenses"),
        licenses_with_sa=pl.lit(0, pl.Int64),
        full_sets=pl.col("hosts"),
        oses_covered=pl.col("guests"),
        reason=_by_cores("datacenter_licenses"),
        rule=pl.lit("windows_server_datacenter.core_licenses"),
    )


def _virtual(known: pl.LazyFrame) -> pl.LazyFrame:
    needs_set = pl.col("host_runs_windows") | (pl.col("host_rights_used") > 0)
    reason = (
        pl.when(pl.col("virtual_use") != "allowed")
        .then(_use("virtual_use"))
        .when(pl.col("is_virtuozzo"))
        .then(Reason.VIRTUOZZO_SHARES_KERNEL.lit)
        .when(~pl.col("is_host_os_known"))
        .then(Reason.HOST_OS_UNKNOWN.lit)
        .when(needs_set)
        .then(Reason.HOST_RUNS_WINDOWS.lit)
        .when(~pl.col("is_sized"))
        .then(Reason.HOST_CORES_UNKNOWN.lit)
    )
    return _by_machine(known, reason)


def _by_machine(known: pl.LazyFrame, reason: pl.Expr) -> pl.LazyFrame:
    """License each OSE in the edition that it needs; Datacenter licenses serve others while theirs do not run."""
    total, datacenter = pl.col("virtual_licenses"), pl.col("datacenter_virtual_licenses")
    common = {
        "option": pl.lit("virtual_cores"),
        "licenses_without_sa": pl.lit(0, pl.Int64),
        "full_sets": pl.lit(None, pl.Int64),
        "is_lower_bound": pl.lit(value=False),
        "rule": pl.lit("windows_server_virtual_cores.core_licenses"),
    }
    others = pl.col("guests") - pl.col("datacenter_guests")
    standard = known.with_columns(
        edition=pl.lit("Standard"), licenses_with_sa=total - datacenter, oses_covered=others, reason=reason, **common
    ).filter((pl.col("licenses_with_sa") > 0).fill_null(others > 0))
    higher = known.filter(pl.col("datacenter_guests") > 0).with_columns(
        edition=pl.lit("Datacenter"),
        licenses_with_sa=datacenter,
        oses_covered="datacenter_guests",
        reason=reason,
        **common,
    )
    return pl.concat([_conform(part.with_columns(_known_vcpus())) for part in (standard, higher)])


def _too_early(found: Estate) -> pl.LazyFrame:
    """Keep OSEs that only later terms would license by themselves, with no licenses and the reason."""
    return (
        found.running.filter(pl.col("subject_kind") == "ose")
        .select(SUBJECT)
        .unique()
        .with_columns(
            option=pl.lit("virtual_cores"),
            reason=Reason.NOT_YET.lit,
            rule=pl.lit("windows_server_outsourcing.virtual_core_use"),
            oses_covered=pl.lit(1, pl.Int64),
            is_lower_bound=pl.lit(value=False),
        )
    )


def _mixed(known: pl.LazyFrame) -> pl.LazyFrame:
    """Combine sets of Standard with single licenses, of Datacenter where an OSE needs it."""
    closed = (
        (pl.col("base_needs_datacenter"), Reason.RUNS_DATACENTER),
        (pl.col("has_affinity"), Reason.AFFINITY_NARROWS),
    )
    blocked = pl.when(pl.col("virtual_use") != "allowed").then(_use("virtual_use"))
    both = known.with_columns(
        option=pl.lit("standard_physical_and_virtual_cores"),
        reason=pl.coalesce(blocked, _by_cores("set_licenses", *closed)),
        rule=pl.lit("windows_server_mixed.core_licenses"),
    ).with_columns(pl.when(pl.col("reason") == Reason.REQUIRED.code).then(pl.col(LISTS)))
    standard = both.with_columns(
        edition=pl.lit("Standard"),
        licenses_without_sa="set_licenses",
        licenses_with_sa="standard_individual",
        full_sets=pl.col("sets") * pl.col("hosts"),
        oses_covered=pl.col("guests") - pl.col("datacenter_guests"),
    )
    higher = both.filter(pl.col("datacenter_individual") > 0).with_columns(
        edition=pl.lit("Datacenter"),
        licenses_without_sa=pl.lit(0, pl.Int64),
        licenses_with_sa="datacenter_individual",
        full_sets=pl.lit(None, pl.Int64),
        is_lower_bound=pl.lit(value=False),
        oses_covered="datacenter_guests",
        curve_without_sa=pl.col("curve_steps") * 0,
        curve_with_sa=pl.col("curve_steps") * 0 + pl.col("datacenter_individual"),
    )
    return pl.concat([_conform(standard), _conform(higher)])


def _by_cores(licenses: str, *closed: tuple[pl.Expr, Reason]) -> pl.Expr:
    """Give the first reason against an option by physical core, else that it is required."""
    tests = (
        (pl.col("standard_sets").is_null(), Reason.HOST_OS_UNKNOWN),
        (pl.col(licenses).is_null(), Reason.HOST_CORES_UNKNOWN),
        (pl.col("physical_use") == "shared_server", Reason.SHARED_SERVER),
        *closed,
    )
    chain = _use("physical_use")
    for holds, because in reversed(tests):
        chain = pl.when(holds).then(because.lit).otherwise(chain)
    return chain


def _use(column: str) -> pl.Expr:
    """Give an outsourcing code as a reason of an option: what is allowed is required."""
    return pl.when(pl.col(column) == "allowed").then(Reason.REQUIRED.lit).otherwise(pl.col(column))


def _known_vcpus() -> pl.Expr:
    otherwise = pl.col("reason").fill_null(Reason.REQUIRED.code)
    unknown = (otherwise == Reason.REQUIRED.code) & pl.col("virtual_licenses").is_null()
    return pl.when(unknown).then(Reason.VCPUS_UNKNOWN.lit).otherwise(otherwise).alias("reason")


def _priced(listed: pl.LazyFrame, prices: pl.LazyFrame, early: date | None) -> pl.LazyFrame:
    is_old = pl.col("reason") == Reason.OLD_LICENSES_ONLY.code
    without, with_sa = pl.col("licenses_without_sa"), pl.col("licenses_with_sa")
    return (
        for_entity(listed, prices)
        .with_columns(licenses_required=without + with_sa, cost=pl.when(~is_old).then(cost(without, with_sa)))
        .with_columns(
            product=pl.lit(PRODUCT),
            metric=pl.lit(METRIC),
            is_available=(pl.col("reason") == Reason.REQUIRED.code) | is_old,
            acquired_before=pl.when(is_old).then(pl.lit(early, pl.Date)),
            unit_price=pl.when(pl.col("licenses_required") > 0).then(
                (pl.col("cost") / pl.col("licenses_required")).cast(MONEY)
            ),
            currency=pl.when(pl.col("cost").is_not_null()).then("currency"),
            demand_class=demand_class(without, with_sa),
        )
        .drop("price", "price_with_sa", "licenses_without_sa")
    )
