"""Tables of the two baselines: what purchases entitle to, and what is deployed."""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, Run


def entitlement_table(run: Run) -> GT:
    """Licenses owned, by product, edition, metric and the highest version that may run."""
    frame = (
        run.licenses.group_by("product", "edition", "version_right", "metric")
        .agg(
            owned=pl.col("quantity").sum(),
            with_sa=pl.col("quantity").filter("sa_active").sum(),
            sa_ends=pl.col("sa_end").filter("sa_active").min(),
            lots=pl.len(),
        )
        .with_columns(words("metric"), sa_ends=_end(pl.col("with_sa") > 0, "sa_ends"))
        .sort("product", "edition", "version_right", "metric", nulls_last=True)
    )
    columns = {
        "product": "Product",
        "edition": "Edition",
        "version_right": "May run up to",
        "metric": "Metric",
        "owned": "Owned",
        "with_sa": "With active SA",
        "sa_ends": "First SA end",
        "lots": "Lots",
    }
    return Grid(columns, _why_no_supply(run), 60, "licenses.parquet", heading="product").show(frame)


def lots_table(run: Run, limit: int = 30) -> GT:
    """License lots, the largest first: under which agreement, acquired when, and what they are entitled to."""
    frame = run.licenses.sort(-pl.col("quantity"), "license_id", "valid_from").with_columns(
        program=_program(), sa_end=_end(pl.col("sa_active"), "sa_end")
    )
    frame = frame.with_columns(name=pl.concat_str("product", "edition", "version", separator=" ", ignore_nulls=True))
    columns = {
        "license_id": "Lot",
        "program": "Program",
        "enrollment_id": "Enrollment",
        "name": "License",
        "quantity": "Licenses",
        "acquired_on": "Acquired",
        "sa_end": "SA until",
        "version_right": "May run up to",
        "reason": "Why",
    }
    return Grid(columns, _why_no_supply(run), limit, "licenses.parquet", run.sentences).show(frame)


def step_ups_table(run: Run, limit: int = 40) -> GT:
    """Step-ups bought: how many rest on a base license, and how many could not be resolved."""
    frame = run.step_ups.sort(-pl.col("quantity_unresolved").fill_null(0), "purchase_id")
    columns = {
        "purchase_id": "Purchase",
        "step_up_from": "From",
        "step_up_to": "To",
        "quantity": "Bought",
        "quantity_valid": "Valid",
        "quantity_unresolved": "Unresolved",
        "reason": "Why",
    }
    strong = {"quantity_unresolved": pl.col("quantity_unresolved") > 0}
    empty = "No step-ups were bought." if run.is_given("purchases") else NO_SUPPLY
    return Grid(columns, empty, limit, "step_ups.parquet", run.sentences, strong=strong).show(frame)


def version_rights_table(run: Run, limit: int = 30) -> GT:
    """List installed versions newer than the licenses allow, or whose right is unknown."""
    frame = run.version_rights.filter(~pl.col("is_covered").fill_null(value=False)).sort("product", "subject_id")
    columns = {
        "subject_id": "Subject",
        "product": "Product",
        "version_installed": "Installed",
        "version_right": "May run up to",
        "is_covered": "Covered",
        "reason": "Why",
    }
    empty = run.missing or "No installed version is newer than the licenses allow."
    return Grid(columns, empty, limit, "version_rights.parquet", run.sentences, named=run.named).show(frame)


def hosts_table(run: Run) -> GT:
    """Count hosts, clusters, processors and physical cores by hypervisor and operator."""
    frame = (
        latest(run, "hosts")
        .group_by(words("hypervisor"), words("operator"))
        .agg(
            hosts=pl.len(),
            clusters=pl.col("cluster_id").drop_nulls().n_unique(),
            processors=pl.col("processors").sum(),
            cores=pl.col("physical_cores").sum(),
            unknown=pl.col("physical_cores").is_null().sum(),
        )
        .sort("hypervisor", "operator", nulls_last=True)
    )
    columns = {
        "hypervisor": "Hypervisor",
        "operator": "Operated by",
        "hosts": "Hosts",
        "clusters": "Clusters",
        "processors": "Processors",
        "cores": "Physical cores",
        "unknown": "Hosts with unknown cores",
    }
    return Grid(
        columns,
        "No hosts were given.",
        stored="accepted/hosts.parquet",
        sums=("hosts", "processors", "cores", "unknown"),
        notes=["Processors and cores add up what is known."],
    ).show(frame)


def oses_table(run: Run) -> GT:
    """Count operating system environments by location, environment and operating system."""
    frame = (
        latest(run, "oses")
        .group_by(words("location"), words("environment"), pl.col("os_product").fill_null("unknown"))
        .agg(
            oses=pl.len(),
            running=pl.col("is_running").sum(),
            unplaced=(pl.col("host_id").is_null() & (pl.col("location") == "on_premises")).sum(),
        )
        .sort("location", "environment", "os_product", nulls_last=True)
    )
    columns = {
        "location": "Location",
        "environment": "Environment",
        "os_product": "Operating system",
        "oses": "OSEs",
        "running": "Running",
        "unplaced": "On an unknown host",
    }
    return Grid(
        columns, "No OSEs were given.", stored="accepted/oses.parquet", sums=("oses", "running", "unplaced")
    ).show(frame)


def exclusions_table(run: Run, limit: int = 40) -> GT:
    """List what was left out of the demand, with the evidence and the ground."""
    frame = run.exclusions.sort("reason", "product", "subject_id")
    columns = {"subject_id": "Subject", "product": "Product", "evidence": "Evidence", "reason": "Ground"}
    empty = "Nothing was left out." if run.has_estate else NO_ESTATE
    return Grid(columns, empty, limit, "exclusions.parquet", run.sentences, named=run.named).show(frame)


def latest(run: Run, table: str) -> pl.LazyFrame:
    """Return the accepted row of each host or OSE that holds on the position date.

    The facts of the run say which row that is; without them it is the newest that is not later.
    """
    facts = run.facts(table)
    rows = run.accepted(table)
    if facts is not None:
        current = facts.filter(pl.col("state") == "current") if "state" in facts.collect_schema() else facts
        return rows.join(current.select("row_id"), on="row_id", how="semi", maintain_order="left")
    key = ["entity_id", {"hosts": "host_id", "oses": "ose_id"}[table]]
    known = rows.filter(pl.col("observed_on") <= pl.lit(run.as_of).str.to_date(strict=False))
    return known.sort(*key, "observed_on", "row_id").unique(key, keep="last", maintain_order=True)


def _why_no_supply(run: Run) -> str:
    """Say why there are no licenses."""
    return "The purchases that were given hold no license." if run.is_given("purchases") else NO_SUPPLY


def _program() -> pl.Expr:
    code = pl.col("program")
    return pl.when(code.str.len_chars() <= 4).then(code.str.to_uppercase()).otherwise(words("program"))  # noqa: PLR2004 (abbreviations)


def _end(has_sa: pl.Expr, column: str) -> pl.Expr:
    return pl.when(has_sa).then(pl.col(column).cast(pl.String)).otherwise(pl.lit("no SA"))
