"""The checks of hosts, OSEs and installs, twice: by Great Expectations, and the same written by hand in Polars."""

import json
from datetime import date
from pathlib import Path

import polars as pl
from polars import col

from benchmarks.engines.ours import AS_OF, run_of
from lmanalytics import stored

TABLES = ("hosts", "oses", "installs")
FIRST = date(1985, 1, 1)
SHOWN = 20
MOST_PROCESSORS, MOST_CORES = 32, 2048
SOURCES = ["own", "azure_hybrid_benefit", "license_included", "spla", "visual_studio", "evaluation"]
OPERATORS = ["customer", "authorized_outsourcer", "listed_provider"]
HYPERVISORS = ["esxi", "hyper_v", "virtuozzo", "nutanix_ahv", "none", "other"]
KINDS = ["physical", "virtual", "hyperv_container", "process_container"]
LOCATIONS = ["on_premises", "azure", "azure_dedicated_host", "azure_stack", "provider_shared", "provider_dedicated"]
CHECKS: dict[str, dict[str, tuple[pl.Expr, list[str]]]] = {
    "hosts": {
        "cells.understood": (col("issues").list.len() > 0, ["issues"]),
        "entity_id.required": (col("entity_id").is_null(), ["entity_id"]),
        "host_id.required": (col("host_id").is_null(), ["host_id"]),
        "observed_on.required": (col("observed_on").is_null(), ["observed_on"]),
        "host_name.expected": (col("host_name").is_null(), ["host_name"]),
        "processors.expected": (col("processors").is_null(), ["processors"]),
        "physical_cores.expected": (col("physical_cores").is_null(), ["physical_cores"]),
        "hypervisor.known": (~col("hypervisor").is_in(HYPERVISORS), ["hypervisor"]),
        "operator.required": (col("operator").is_null(), ["operator"]),
        "operator.known": (~col("operator").is_in(OPERATORS), ["operator"]),
        "is_dedicated.required": (col("is_dedicated").is_null(), ["is_dedicated"]),
        "is_dr_dedicated.required": (col("is_dr_dedicated").is_null(), ["is_dr_dedicated"]),
        "host_os_use.known": (
            ~col("host_os_use").is_in(["manage_only", "replica_target", "workload"]),
            ["host_os_use"],
        ),
        "processors.at_least_1": (col("processors") < 1, ["processors"]),
        "physical_cores.at_least_1": (col("physical_cores") < 1, ["physical_cores"]),
        "physical_cores.at_least_processors": (
            col("physical_cores") < col("processors"),
            ["physical_cores", "processors"],
        ),
        "processors.plausible": (col("processors") > MOST_PROCESSORS, ["processors"]),
        "physical_cores.plausible": (col("physical_cores") > MOST_CORES, ["physical_cores"]),
        "observed_on.plausible": (~col("observed_on").is_between(FIRST, AS_OF), ["observed_on"]),
    },
    "oses": {
        "cells.understood": (col("issues").list.len() > 0, ["issues"]),
        "entity_id.required": (col("entity_id").is_null(), ["entity_id"]),
        "ose_id.required": (col("ose_id").is_null(), ["ose_id"]),
        "observed_on.required": (col("observed_on").is_null(), ["observed_on"]),
        "kind.required": (col("kind").is_null(), ["kind"]),
        "kind.known": (~col("kind").is_in(KINDS), ["kind"]),
        "is_running.required": (col("is_running").is_null(), ["is_running"]),
        "is_template.required": (col("is_template").is_null(), ["is_template"]),
        "location.required": (col("location").is_null(), ["location"]),
        "location.known": (~col("location").is_in(LOCATIONS), ["location"]),
        "environment.required": (col("environment").is_null(), ["environment"]),
        "environment.known": (
            ~col("environment").is_in(["production", "dev_test", "disaster_recovery"]),
            ["environment"],
        ),
        "license_source.known": (~col("license_source").is_in(SOURCES), ["license_source"]),
        "vcpus.at_least_1": (col("vcpus") < 1, ["vcpus"]),
        "vcpus.plausible": (col("vcpus") > MOST_CORES, ["vcpus"]),
        "vcpus.filled_where_needed": ((col("kind") == "virtual") & col("vcpus").is_null(), ["vcpus"]),
        "host_id.filled_where_needed": (
            (col("location") == "on_premises") & col("cluster_id").is_null() & col("host_id").is_null(),
            ["host_id"],
        ),
        "observed_on.plausible": (~col("observed_on").is_between(FIRST, AS_OF), ["observed_on"]),
    },
    "installs": {
        "cells.understood": (col("issues").list.len() > 0, ["issues"]),
        "entity_id.required": (col("entity_id").is_null(), ["entity_id"]),
        "install_id.required": (col("install_id").is_null(), ["install_id"]),
        "observed_on.required": (col("observed_on").is_null(), ["observed_on"]),
        "ose_id.required": (col("ose_id").is_null(), ["ose_id"]),
        "product.required": (col("product").is_null(), ["product"]),
        "role.required": (col("role").is_null(), ["role"]),
        "role.known": (~col("role").is_in(["active", "passive_ha", "passive_dr", "passive_dr_azure"]), ["role"]),
        "license_source.known": (~col("license_source").is_in(SOURCES), ["license_source"]),
        "primary_install_id.filled_where_needed": (
            col("role").ne_missing("active") & col("primary_install_id").is_null(),
            ["primary_install_id"],
        ),
        "observed_on.plausible": (~col("observed_on").is_between(FIRST, AS_OF), ["observed_on"]),
    },
}
"""By table and check: the rows that fail (null: not looked at), and the columns that are shown of them."""

KEYS = {
    "hosts": ["entity_id", "host_id", "observed_on"],
    "oses": ["entity_id", "ose_id", "observed_on"],
    "installs": ["entity_id", "install_id", "observed_on"],
}


def read(work: Path) -> None:
    """Put the rows as they were read back together from what the gate accepted and kept back in the run."""
    run, into = run_of(work), work / "read"
    into.mkdir(exist_ok=True)
    for table in TABLES:
        accepted, kept_back = (
            pl.scan_parquet(stored.parts(run / folder / f"{table}.parquet")) for folder in ("accepted", "quarantine")
        )
        rows = accepted.merge_sorted(kept_back.select(accepted.collect_schema().names()), "row_id")
        rows.sink_parquet(into / f"{table}.parquet", row_group_size=131_072)


def by_hand(work: Path) -> None:
    """Count the rows that fail each check and show twenty, as one writes it without any framework."""
    found = {}
    for table, checks in CHECKS.items():
        rows = pl.scan_parquet(work / "read" / f"{table}.parquet")
        sums = rows.select(pl.len().alias("rows"), *(fails.sum().alias(name) for name, (fails, _) in checks.items()))
        counts = sums.collect(engine="streaming").row(0, named=True)
        keys = rows.filter(pl.all_horizontal(col(KEYS[table][1:]).is_not_null())).group_by(KEYS[table]).len()
        twice = keys.filter(col("len") > 1).collect(engine="streaming")
        counts["rows.present"] = int(counts["rows"] == 0)
        counts["key.unique"] = int(twice["len"].sum())
        shown = {"key.unique": twice.head(SHOWN).drop("len").rows()} if len(twice) else {}
        for name, (fails, columns) in checks.items():
            if counts[name]:
                shown[name] = rows.filter(fails).select(columns).head(SHOWN).collect(engine="streaming").rows()
        found[table] = {"counts": counts, "shown": shown}
    _leave(work / "checks_by_hand.json", found)


def before_by_suites(_: Path) -> None:
    """Import Great Expectations."""
    from lmanalytics.quality import gate  # noqa: F401, PLC0415 (before the clock starts)


def by_suites(work: Path) -> None:
    """Validate each table against its suite, as the gate does."""
    from lmanalytics.quality.engine import validate  # noqa: PLC0415 (takes seconds to import)
    from lmanalytics.quality.reports import failures, report  # noqa: PLC0415
    from lmanalytics.quality.split import issues_told  # noqa: PLC0415
    from lmanalytics.quality.suites import suite_of  # noqa: PLC0415

    found = {}
    for table in TABLES:
        rows = pl.scan_parquet(work / "read" / f"{table}.parquet").with_columns(issues_told())
        suite = suite_of(table, AS_OF)
        document = report(validate(rows, suite), suite)
        counted = next(r["result"]["observed_value"] for r in document["results"] if "observed_value" in r["result"])
        counts = failures(document) | {"rows": counted, "rows.present": int(counted == 0)}
        shown = {
            r["expectation_config"]["meta"]["check"]: r["result"]["partial_unexpected_list"]
            for r in document["results"]
            if r["result"].get("partial_unexpected_list")
        }
        found[table] = {"counts": counts, "shown": shown}
    _leave(work / "checks_by_suites.json", found)


def _leave(path: Path, found: object) -> None:
    path.write_text(json.dumps(found, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")
