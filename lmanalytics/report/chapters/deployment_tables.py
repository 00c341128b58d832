"""Tables of the deployment baseline: hosts, OSEs, installs, people and devices, and what was left out."""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import explained, words
from lmanalytics.report.run import NO_ESTATE, Run
from lmanalytics.report.texts import told


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
    place = told("deployment_tables.hosts")
    sums = ("hosts", "processors", "cores", "unknown")
    return Grid(
        place["columns"], place["empty"], stored="accepted/hosts.parquet", sums=sums, notes=place["notes"]
    ).show(frame)


def oses_table(run: Run) -> GT:
    """Count operating system environments by location, environment and operating system."""
    frame = (
        latest(run, "oses")
        .group_by(
            words("location"), words("environment"), pl.col("os_product").fill_null(told("deployment_tables.unknown"))
        )
        .agg(
            oses=pl.len(),
            running=pl.col("is_running").sum(),
            unplaced=(pl.col("host_id").is_null() & (pl.col("location") == "on_premises")).sum(),
        )
        .sort("location", "environment", "os_product", nulls_last=True)
    )
    place, sums = told("deployment_tables.oses"), ("oses", "running", "unplaced")
    return Grid(place["columns"], place["empty"], stored="accepted/oses.parquet", sums=sums).show(frame)


def installs_table(run: Run, limit: int = 60) -> GT:
    """Count installs by product, edition, version and role, as the rules read them; without what was set aside."""
    found = run.facts("installs")
    rows = run.accepted("installs") if found is None else found
    frame = (
        rows.group_by(
            pl.col("product").fill_null(told("deployment_tables.unknown")), "edition", "version", words("role")
        )
        .agg(
            installs=pl.col("install_id").n_unique().cast(pl.Int64),
            machines=pl.col("ose_id").n_unique().cast(pl.Int64),
            evaluation=pl.col("is_evaluation").sum().cast(pl.Int64),
        )
        .sort("product", "edition", "version", "role", nulls_last=True)
    )
    place = told("deployment_tables.installs")
    return Grid(
        place["columns"], place["empty"], limit, "accepted/installs.parquet", heading="product", notes=place["notes"]
    ).show(frame)


def people_table(run: Run) -> GT:
    """Count devices, employees, users and services, as far as they were given."""
    whats = told("deployment_tables.people.whats")
    number = pl.len().cast(pl.Int64)
    counts = {
        "devices": ("devices", number),
        "qualified": ("devices", pl.col("is_qualified_desktop").sum().cast(pl.Int64)),
        "employees": ("employees", pl.col("employee_id").n_unique().cast(pl.Int64)),
        "app_users": ("app_users", pl.col("employee_id").n_unique().cast(pl.Int64)),
        "access_users": ("access_counts", pl.col("users").max()),
        "access_devices": ("access_counts", pl.col("devices").max()),
        "access_external": ("access_counts", pl.col("external_users").max()),
        "services": ("cloud_services", pl.col("vcores").sum()),
    }
    parts = [
        run.accepted(table).select(what=pl.lit(whats[name]), rows=number, number=expression)
        for name, (table, expression) in counts.items()
        if run.is_given(table)
    ]
    schema = {"what": pl.String, "rows": pl.Int64, "number": pl.Int64}
    place = told("deployment_tables.people")
    return Grid(place["columns"], place["empty"], notes=place["notes"]).show(
        pl.concat([pl.LazyFrame(schema=schema), *parts])
    )


def grounds_table(run: Run) -> GT:
    """Add up what was left out of the demand by product and ground, the most frequent first."""
    frame = (
        run.exclusions.group_by("product", "rule", "reason")
        .agg(subjects=pl.len().cast(pl.Int64))
        .with_columns(why=explained(run.sentences))
        .sort(-pl.col("subjects"), "product", "why", nulls_last=True)
    )
    place = told("deployment_tables.grounds")
    empty = place["empty"] if run.has_estate else NO_ESTATE
    return Grid(place["columns"], empty, 60, "exclusions.parquet", sums=("subjects",)).show(frame)


def exclusions_table(run: Run, limit: int = 40) -> GT:
    """List what was left out of the demand, with the evidence and the ground."""
    frame = run.exclusions.sort("reason", "product", "subject_id")
    columns = told("deployment_tables.exclusions.columns")
    empty = told("deployment_tables.grounds.empty") if run.has_estate else NO_ESTATE
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
