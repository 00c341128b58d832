"""Why a position changes, and which columns of a machine tell which cause."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.schemas import CANONICAL, ENTITY, PROVENANCE

Tables = dict[str, pl.LazyFrame]


class Cause(ReasonBase):
    """Why the position changed, in the order in which one cause after the other is let in."""

    PROGRAM_BEFORE = "Today's program computes the first run's data otherwise than it was computed then."
    DATE_PASSED = "The position date moved: parameters, versions and terms of that day hold."
    REIDENTIFIED = "Machines go by other ids and still bear the same name."
    RULE_CHANGED = "A scenario amends a parameter of the rules, or no longer does."
    POLICY_CHANGED = "Another reading of a policy is in force."
    TABLES_GIVEN = "Tables are given that were not given before, or are no longer given."
    PRICE_CHANGED = "Prices changed."
    AGREEMENTS_CHANGED = "Agreements or their products changed."
    BOUGHT = "Licenses, coverage or step-ups were bought."
    RETURNED = "Licenses were returned, transferred away, or are missing from a later statement."
    PURCHASES_CORRECTED = "Purchases of the past were entered late, withdrawn or corrected."
    COVERAGE_CHANGED = "The coverage of lines that stay was renewed, extended or shortened."
    SA_LAPSED = "Software Assurance ended between the two dates."
    EXPIRED = "Subscriptions ended between the two dates."
    DATA_CORRECTED = "A snapshot that both runs have says something else: a correction of the past."
    OBSERVED_AGAIN = "Snapshots were added or left out, the machines still as they were."
    NEW = "Machines are new."
    INSTALLED = "Software was installed."
    MOVED = "Machines or installs moved to another host, cluster, datacenter or provider."
    RESIZED = "Processors, cores or virtual cores changed."
    SWITCHED = "Machines were started or stopped."
    UPGRADED = "Edition or version of what runs changed."
    SETTINGS_CHANGED = "Other settings of machines or installs changed."
    UNINSTALLED = "Software was uninstalled."
    RETIRED = "Machines are gone."
    COUNTED = "Users, devices, subscriptions or what they run were counted otherwise."
    DEPLOYED = "Assignments, deployments at providers or recovery runs changed."
    PROGRAM_AFTER = "Today's program computes the second run's data otherwise than it was computed then."

    @property
    def step(self) -> int:
        """The place in the order, from 1."""
        return list(Cause).index(self) + 1


ELSEWHERE = "elsewhere"
KNOWN_NOW, UNKNOWN_NOW = "computable_now", "no_longer_computable"
WORDS = {
    ELSEWHERE: "Nothing of its own changed: what is owned, required or decided elsewhere did.",
    KNOWN_NOW: "It was not computable before and is now; what it was is unknown, so no cause is told.",
    UNKNOWN_NOW: "It was computable before and no longer is, so no cause is told.",
} | {cause.code: str(cause.value) for cause in Cause}
"""The sentence of every cause, and of what is told where none can be."""

MACHINES = {"hosts": "host_id", "oses": "ose_id", "installs": "install_id"}
"""The tables of observations, and the column that names what is observed."""
GROUPS: dict[str, dict[Cause, tuple[str, ...]]] = {
    "hosts": {
        Cause.MOVED: ("cluster_id", "datacenter_id", "operator", "provider", "is_dedicated"),
        Cause.RESIZED: ("processors", "physical_cores", "cores_per_processor"),
        Cause.UPGRADED: ("hypervisor", "host_os_product", "host_os_edition", "host_os_version"),
        Cause.SETTINGS_CHANGED: ("host_name", "is_dr_dedicated", "host_os_use"),
    },
    "oses": {
        Cause.MOVED: ("host_id", "cluster_id", "location", "provider"),
        Cause.RESIZED: ("vcpus", "underlying_vcpus"),
        Cause.SWITCHED: ("is_running",),
        Cause.UPGRADED: ("os_text", "os_product", "os_edition", "os_version"),
        Cause.SETTINGS_CHANGED: (
            "name", "kind", "is_template", "environment", "license_source", "managed_by_system_center",
        ),
    },
    "installs": {
        Cause.MOVED: ("ose_id",),
        Cause.UPGRADED: ("product", "edition", "version", "component"),
        Cause.SETTINGS_CHANGED: (
            "role", "primary_install_id", "is_readable", "is_evaluation", "mounted_databases", "license_source",
        ),
    },
}  # fmt: skip
"""The columns whose change is each cause; a column that a later version adds is a setting."""
COMES = {"hosts": Cause.NEW, "oses": Cause.NEW, "installs": Cause.INSTALLED}
GOES = {"hosts": Cause.RETIRED, "oses": Cause.RETIRED, "installs": Cause.UNINSTALLED}
WHOLE = {
    "prices": Cause.PRICE_CHANGED,
    "agreements": Cause.AGREEMENTS_CHANGED,
    "agreement_products": Cause.AGREEMENTS_CHANGED,
    **dict.fromkeys(
        ("access_counts", "access_licenses", "app_users", "cloud_services", "devices", "employees", "known_machines",
         "online_subscriptions", "self_hosted_solutions", "workplace_orders"),
        Cause.COUNTED,
    ),
    **dict.fromkeys(
        ("datacenters", "esu_coverage", "license_assignments", "mobility_deployments", "ose_host_affinity",
         "providers", "recovery_runs", "verification_forms"),
        Cause.DEPLOYED,
    ),
}  # fmt: skip
"""Tables that are replaced as a whole, and the cause of which that is the effect."""


def content(table: str) -> list[str]:
    """Name the columns of a canonical table that say something of their own: neither key nor provenance."""
    whole = CANONICAL[table]
    return [c for c in whole.schema if c not in {*PROVENANCE, ENTITY, *whole.key}]


def plain(column: str, table: str) -> pl.Expr:
    """Give a column as something that can be compared: a list as its text."""
    kind = CANONICAL[table].schema[column]
    return pl.col(column).list.join(";", ignore_nulls=False) if kind == pl.List else pl.col(column)


def told(columns: dict[str, pl.Expr], suffix: str, table: str) -> pl.Expr:
    """Write the values of columns that changed as text: `vcpus 4; host_id h1`; an empty one says so.

    Args:
        columns: whether each column changed.
        suffix: of the columns on this side.
        table: the canonical table.

    """
    schema = CANONICAL[table].schema
    parts = []
    for name, changed in columns.items():
        value = pl.col(f"{name}{suffix}")
        text = value.list.join(",", ignore_nulls=True) if schema[name] == pl.List else value.cast(pl.String)
        parts.append(pl.when(changed).then(pl.format("{} {}", pl.lit(name), text.fill_null("empty"))))
    return pl.concat_list(parts).list.drop_nulls().list.join("; ") if parts else pl.lit("")
