"""The estate as the rules read it: a row per host and a row per observed OSE."""

import sys

import polars as pl

from lmanalytics.facts.host_facts import host_rows, hosts
from lmanalytics.facts.hybrid import mark_hosts
from lmanalytics.facts.ose_facts import ose_rows, oses
from lmanalytics.facts.providers import operators
from lmanalytics.rules.parameters import Settings, load_rule_file


def facts(tables: dict[str, pl.LazyFrame], settings: Settings) -> dict[str, pl.LazyFrame]:
    """Turn canonical tables into the facts of the estate.

    Args:
        tables: the accepted canonical tables; `hosts`, `oses`, `ose_host_affinity` and `providers` are read,
            absent ones are taken as empty.
        settings: the run's date and policies.

    Returns:
        `hosts`: a row per host that is in the estate (`host_facts.hosts`, `hybrid.mark_hosts`); `oses`: a row
        per row of the table, with its outcome for Windows Server (`ose_facts.oses`); `host_rows`: entity_id,
        row_id, host_id and state of each row of `hosts`. All sorted by row_id.

    Raises:
        PolicyError: a policy is set to a reading that it does not have.

    """
    policies = policies_in_force(settings)
    # Hosts rest on OSEs and OSEs on hosts: held, so that neither is made anew wherever the other is read.
    host_table = _held(host_rows(tables, settings.as_of))
    ose_table = _held(ose_rows(tables, settings.as_of))
    physical = ose_table.filter((pl.col("state") == "current") & (pl.col("kind") == "physical"))
    host_facts = _held(mark_hosts(hosts(host_table, physical, policies), ose_table))
    ose_facts = oses(
        ose_table,
        host_facts,
        operators(tables.get("providers"), settings.as_of),
        tables.get("ose_host_affinity"),
        windows_versions(),
        policies,
    )
    return {
        "hosts": host_facts.sort("row_id"),
        "oses": ose_facts.sort("row_id"),
        "host_rows": host_table.select("entity_id", "row_id", "host_id", "state").sort("row_id"),
    }


def _held(frame: pl.LazyFrame) -> pl.LazyFrame:
    return frame.collect(engine="streaming").lazy()


def policies_in_force(settings: Settings) -> dict[str, str]:
    """Return the reading of each policy of the facts."""
    file = load_rule_file(sys.modules[__name__])
    return {name: policy.chosen(settings) for name, policy in file.policies.items()}


def windows_versions() -> pl.DataFrame:
    """Return the Windows Server versions in the order of their release: os_version, version_rank from 1."""
    order = windows_releases().sort("released_on", "os_version")
    return order.select("os_version", version_rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))


def windows_releases() -> pl.DataFrame:
    """Return the day on which each Windows Server version was released: os_version, released_on."""
    table = load_rule_file(sys.modules[__name__]).table("windows_versions")
    return table.select(os_version=pl.col("version").cast(pl.String), released_on="released_on")
