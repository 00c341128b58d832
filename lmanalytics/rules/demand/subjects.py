"""From hosts and OSEs to subjects: the columns on which the options of each subject rest."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from lmanalytics.facts.estate_facts import windows_releases, windows_versions
from lmanalytics.facts.peaks import SUBJECT, guest_facts, host_peaks, loads
from lmanalytics.rules.demand import (
    windows_server_cores,
    windows_server_datacenter,
    windows_server_outsourcing,
    windows_server_standard,
    windows_server_virtual_cores,
)
from lmanalytics.rules.engine import column_name, evaluate, in_force
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import listed_provider_licenses

CORES = column_name(windows_server_cores, "cores_to_license")
ACCURACY = column_name(windows_server_cores, "accuracy")
STANDARD = column_name(windows_server_standard, "core_licenses")
STANDARD_SETS = column_name(windows_server_standard, "full_sets")
DATACENTER = column_name(windows_server_datacenter, "core_licenses")
INDIVIDUAL = column_name(windows_server_virtual_cores, "core_licenses")
PHYSICAL_USE = column_name(windows_server_outsourcing, "physical_core_use")
VIRTUAL_USE = column_name(windows_server_outsourcing, "virtual_core_use")
VERSION_USE = column_name(listed_provider_licenses, "version_use")
_ALLOWED = windows_server_outsourcing.Reason.ALLOWED.code
_OLD_LICENSES_ONLY = windows_server_outsourcing.Reason.OLD_LICENSES_ONLY.code
_TOO_NEW = listed_provider_licenses.Reason.VERSION_TOO_NEW.code


@dataclass(frozen=True)
class Estate:
    """The facts with the rules of single hosts and OSEs computed."""

    hosts: pl.LazyFrame
    """Current hosts with their peak and one column per rule of the modules on hosts; not those of Azure."""
    running: pl.LazyFrame
    """Which OSEs ran at which moment, with `individual_licenses` (null before they could be licensed so)."""
    has_virtual_cores: bool
    """Whether an OSE could be licensed by itself on the day of the position."""


def estate(facts: dict[str, pl.LazyFrame], settings: Settings) -> Estate:
    """Compute what each host and each running OSE would need by itself.

    Raises:
        RuleError: the day of the position is before core licensing began.

    """
    has_virtual_cores = settings.as_of >= first_day_of_virtual_cores()
    running = loads(facts["oses"])
    if has_virtual_cores:
        running = evaluate(running, windows_server_virtual_cores, settings)
    individual = pl.col(INDIVIDUAL) if has_virtual_cores else pl.lit(None, pl.Int64)
    hosts = host_peaks(facts["hosts"].filter(pl.col("azure_host").is_null()), running)
    hosts = evaluate(hosts, windows_server_cores, settings).with_columns(cores_to_license=pl.col(CORES))
    for module in (windows_server_outsourcing, windows_server_standard, windows_server_datacenter):
        hosts = evaluate(hosts, module, settings)
    return Estate(hosts, running.with_columns(individual_licenses=individual), has_virtual_cores)


def first_day_of_virtual_cores() -> date:
    """Return the first day on which an OSE may be licensed by itself."""
    return windows_server_virtual_cores.core_licenses.start


def acquired_before(settings: Settings) -> date | None:
    """Return the day before which a Listed Provider's dedicated server's licenses must have been acquired."""
    if settings.as_of < listed_provider_licenses.is_early.start:
        return None
    value = in_force(load_rule_file(listed_provider_licenses), "restricted_since", settings.as_of).value
    return value if isinstance(value, date) else None


def subjects(found: Estate, settings: Settings) -> pl.LazyFrame:
    """Add up the hosts of each subject and what its guests ask.

    Returns:
        SUBJECT, hosts, is_lower_bound (some host's cores may be spread so that it needs more),
        cores_to_license, standard_licenses, standard_sets, datacenter_licenses (each null
        where one host's is), host_rights_used, host_runs_windows, is_host_os_known, is_virtuozzo,
        has_affinity, physical_use, virtual_use (codes of windows_server_outsourcing; physical_use also
        version_too_new, where what runs is too new for old licenses), peak_on, guests,
        needs_datacenter, base_needs_datacenter (what runs on a host itself, or shares its system, does), version,
        virtual_licenses (the most at once of all guests by themselves; null where one's virtual cores are
        unknown) and of them datacenter_virtual_licenses, datacenter_guests, oses_per_set. Subjects on which
        nothing needs a license are left out.

    """
    versions = windows_versions().lazy()
    ranked = found.hosts.join(
        versions.rename({"os_version": "host_os_version", "version_rank": "_rank"}), on="host_os_version", how="left"
    )
    runs = pl.col("host_runs_windows")
    by_host = ranked.group_by(SUBJECT).agg(
        hosts=pl.len().cast(pl.Int64),
        cores_to_license=_sum("cores_to_license"),
        is_lower_bound=(pl.col(ACCURACY) == windows_server_cores.Reason.LOWER_BOUND.code).any(),
        standard_licenses=_sum(STANDARD),
        standard_sets=_sum(STANDARD_SETS),
        datacenter_licenses=_sum(DATACENTER),
        host_rights_used=pl.col("host_rights_used").max(),
        host_runs_windows=runs.any(),
        is_host_os_known=pl.col("is_host_os_known").all(),
        is_virtuozzo=(pl.col("hypervisor") == "virtuozzo").any(),
        has_affinity=pl.col("has_affinity").any(),
        physical_use=_strictest(PHYSICAL_USE),
        virtual_use=_strictest(VIRTUAL_USE),
        peak_on=pl.col("peak_on").min(),
        _host_rank=pl.col("_rank").filter(runs).max(),
        _host_datacenter=(runs & pl.col("host_os_edition").str.starts_with("Datacenter")).any(),
    )
    one = in_force(load_rule_file(windows_server_standard), "oses_per_set", settings.as_of).value
    known = (
        by_host.filter(pl.col("standard_sets").is_null() | (pl.col("standard_sets") > 0))
        .join(guest_facts(found.running), on=SUBJECT, how="left")
        .with_columns(
            pl.col("guests", "datacenter_guests").fill_null(0),
            pl.col("needs_datacenter", "containers_need_datacenter").fill_null(value=False),
        )
        .with_columns(
            needs_datacenter=pl.col("needs_datacenter") | pl.col("_host_datacenter"),
            base_needs_datacenter=pl.col("containers_need_datacenter")
            | pl.col("_host_datacenter")
            | (pl.col("needs_datacenter") & pl.col("is_virtuozzo")),
            version_rank=pl.max_horizontal("version_rank", "_host_rank"),
            oses_per_set=pl.lit(one, pl.Int64),
        )
        .join(versions.rename({"os_version": "version"}), on="version_rank", how="left")
        .drop("_host_rank", "_host_datacenter", "containers_need_datacenter", "version_rank")
        .join(windows_releases().lazy().rename({"os_version": "version", "released_on": "version_released_on"}),
              on="version", how="left")
    )  # fmt: skip
    judged = evaluate(known, listed_provider_licenses, settings)
    too_new = (pl.col("physical_use") == _OLD_LICENSES_ONLY) & (pl.col(VERSION_USE) == _TOO_NEW)
    return judged.with_columns(physical_use=pl.when(too_new).then(pl.lit(_TOO_NEW)).otherwise("physical_use")).select(
        pl.exclude("version_released_on", "^listed_provider_licenses__.*$")
    )


def alone(found: Estate, settings: Settings) -> pl.LazyFrame:
    """Describe the OSEs that are licensed by themselves.

    Returns:
        SUBJECT, virtual_licenses (the most of any day), virtual_use, needs_datacenter, version, guests,
        datacenter_virtual_licenses and datacenter_guests (all where it needs Datacenter, else none).

    """
    rows = found.running.filter(pl.col("subject_kind") == "ose").with_columns(is_dedicated=pl.lit(value=False))
    judged = evaluate(rows, windows_server_outsourcing, settings)
    return (
        judged.group_by(SUBJECT)
        .agg(
            virtual_licenses=pl.col("individual_licenses").max(),
            virtual_use=_strictest(VIRTUAL_USE),
            needs_datacenter=pl.col("needs_datacenter").any(),
            version_rank=pl.col("version_rank").max(),
            guests=pl.lit(1, pl.Int64),
        )
        .with_columns(
            datacenter_virtual_licenses=pl.when("needs_datacenter").then("virtual_licenses").otherwise(0),
            datacenter_guests=pl.col("needs_datacenter").cast(pl.Int64),
        )
        .join(windows_versions().lazy().rename({"os_version": "version"}), on="version_rank", how="left")
        .drop("version_rank")
    )


def _sum(column: str) -> pl.Expr:
    """Add up; one unknown makes the sum unknown."""
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum()).alias(column)


def _strictest(column: str) -> pl.Expr:
    """Give the code that allows least; among the codes that restrict, the alphabet puts the stricter one last."""
    return pl.col(column).filter(pl.col(column) != _ALLOWED).max().fill_null(_ALLOWED)
