"""Explain what the Azure Hybrid Benefit, or the Flexible Virtualization Benefit, says of one subject."""

from types import ModuleType

import polars as pl

from lmanalytics.rules.engine import column_name, rules_in_force
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import (
    azure_hybrid_benefit_concurrency,
    azure_hybrid_benefit_host,
    azure_hybrid_benefit_machine,
    flexible_virtualization,
)
from lmanalytics.rules.right._hybrid_machines import PRODUCT, hybrid_hosts, hybrid_oses, machines
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ENTITY


def explained(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one OSE or one host in Azure, or one OSE on a provider's shared servers."""
    if "facts_oses" not in inputs:
        return pl.DataFrame(schema=EXPLANATION)
    named = is_asked("ose_id", subject_ids) | is_asked("subject_id", subject_ids)
    hosted = is_asked("host_id", subject_ids) | is_asked("subject_id", subject_ids)
    chosen = inputs | {"facts_oses": inputs["facts_oses"].filter(named | hosted)}
    oses = hybrid_oses(chosen)
    each = machines(oses, chosen, settings).filter(named).sort(ENTITY, "ose_id").collect().lazy()
    hosts = hybrid_hosts(oses, chosen, settings).filter(hosted).sort(ENTITY, "host_id").collect().lazy()
    at_provider = (pl.col("location") == "provider_shared") & (pl.col("state") == "current")
    shared = _providers(chosen["facts_oses"].filter(named & at_provider), inputs, settings)
    parts = (
        (each.drop("licenses", "sets"), azure_hybrid_benefit_machine, "ose_id"),
        (hosts.with_columns(has_coverage=True), azure_hybrid_benefit_host, "host_id"),
        (each, azure_hybrid_benefit_concurrency, "ose_id"),
        (hosts, azure_hybrid_benefit_concurrency, "host_id"),
        (shared, flexible_virtualization, "ose_id"),
    )
    lines = [_lines(frame, module, settings, subject) for frame, module, subject in parts]
    return pl.concat([pl.DataFrame(schema=EXPLANATION), *lines])


def _lines(frame: pl.LazyFrame, module: ModuleType, settings: Settings, subject: str) -> pl.DataFrame:
    """Explain the rows of a frame, but for rules about what was not asked, such as how far licenses would reach."""
    have = set(frame.collect_schema().names())
    silent = [
        column_name(module, r.name).replace("__", ".")
        for r in rules_in_force(module, settings.as_of)
        if r.optional and not r.optional & have
    ]
    return explain(frame, module, settings, subject).filter(~pl.col("rule").is_in(silent))


def _providers(shared: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Add what is known of each OSE's provider, and whether its owner has licenses with coverage."""
    listed = pl.col("operator") == "listed_provider"
    rows = shared.with_columns(is_listed_provider=listed, uses_listed_datacenter=listed)
    if "licenses" not in inputs:
        return rows.with_columns(has_coverage=pl.lit(None, pl.Boolean)).collect().lazy()
    lasts = (pl.col("valid_to") >= settings.as_of).fill_null(value=True)
    covered = (
        inputs["licenses"]
        .filter((pl.col("product") == PRODUCT) & lasts)
        .group_by(ENTITY)
        .agg(has_coverage=pl.col("sa_active").any())
    )
    joined = rows.join(covered, on=ENTITY, how="left").with_columns(pl.col("has_coverage").fill_null(value=False))
    return joined.collect().lazy()
