"""Tables of licenses that move: the 90-day ledger, deployments at providers and their forms, and Azure."""

from datetime import date

import polars as pl
from great_tables import GT

from lmanalytics.position.locks import locks
from lmanalytics.report.grids import grid, holder
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told
from lmanalytics.rules.amendments import amended, told_in
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import reassignment_period

_LATE = ["late", "missing", "rejected"]
_NEXT = column_name(reassignment_period, "earliest_allowed")


def ledger_table(run: Run, limit: int = 60) -> GT:
    """List assignments and moves of licenses by day, with the first day on which each set may move again.

    What came too early stands first. Columns: day, licenses, from and to (host, data center or provider), the day of
    the assignment before, whether it was allowed, and the first day for the next short-term move.
    """
    frame = _ledger(run).sort("is_allowed", "assigned_on", "assignment_id", nulls_last=True)
    strong = {"is_allowed": ~pl.col("is_allowed"), "next_on": pl.col("next_on") > date.fromisoformat(run.as_of)}
    return grid(run, "reassignments", "mobility_tables.ledger", limit, strong=strong).show(frame)


def locked_table(run: Run, limit: int = 40) -> GT:
    """List the licenses that may not leave their host on the position date, and the day from which they may."""
    settings = _settings(run)
    with amended(told_in(dict(run.manifest))):
        held = locks(run.accepted("license_assignments"), settings)
    name = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    frame = (
        held.lazy()
        .with_columns(words("metric"), license=name, subject_id="host_id")
        .sort("earliest_allowed", "license", "host_id", descending=[True, False, False])
    )
    return grid(
        run, "reassignments", "mobility_tables.locked", limit, stored="accepted/license_assignments.parquet"
    ).show(frame)


def mobility_table(run: Run, limit: int = 40) -> GT:
    """List deployments at providers, those first that License Mobility does not cover."""
    frame = run.mobility.sort("is_eligible", "provider", "deployment_id", nulls_last=True).with_columns(words("role"))
    strong = {"is_eligible": ~pl.col("is_eligible") & pl.col("is_running")}
    return grid(run, "mobility", "mobility_tables.mobility", limit, strong=strong).show(frame)


def verification_table(run: Run, limit: int = 40) -> GT:
    """Keep the register of verification forms: due ten days after a deployment, when submitted, and the state."""
    frame = run.verification.sort("provider", "agreement_id", "enrollment_id", "deployed_on").with_columns(
        heading=pl.format("{}: {}", "provider", holder()), status="form_status", form_status=words("form_status")
    )
    strong = {"form_status": pl.col("status").is_in(_LATE), "form_due": pl.col("status").is_in(_LATE)}
    return grid(run, "verification", "mobility_tables.forms", limit, strong=strong, heading="heading").show(frame)


def server_farms_table(run: Run, limit: int = 40) -> GT:
    """List Server Farms with their data centers, and whether the terms let these be one farm."""
    frame = run.server_farms.sort("server_farm_id", "valid_from")
    return grid(run, "server_farms", "mobility_tables.farms", limit).show(frame)


def hybrid_benefit_table(run: Run, limit: int = 40) -> GT:
    """List what runs in Azure under Azure Hybrid Benefit, with the licenses that this takes."""
    parts = [run.hybrid_benefit, run.hybrid_benefit_sql]
    frame = pl.concat(parts, how="diagonal").sort("product", "subject_id").with_columns(words("reading"))
    return grid(run, "hybrid_benefit", "mobility_tables.hybrid", limit).show(frame)


def _ledger(run: Run) -> pl.LazyFrame:
    """Join what was judged with the rows that say where licenses went."""
    given = run.accepted("license_assignments").select(
        "assignment_id", "quantity", "metric", "basis", "from_host_id", "to_host_id", "from_datacenter_id",
        "to_datacenter_id", "from_provider", "to_provider", "ose_id",
    )  # fmt: skip
    stock = pl.lit(told("mobility_tables.ledger.stock"))
    judged = run.reassignments.with_columns(bound_since="assigned_on", moved_on="assigned_on")
    dated = judged.with_columns(last_assigned_on="assigned_on", is_bound=pl.lit(value=True))
    with amended(told_in(dict(run.manifest))):
        following = evaluate(dated, reassignment_period, _settings(run)).select("assignment_id", next_on=_NEXT)
    return (
        judged.join(following, on="assignment_id", how="left")
        .join(given, on="assignment_id", how="left")
        .with_columns(
            license=pl.concat_str("product", "edition", separator=" ", ignore_nulls=True),
            left=_place("from").fill_null(pl.when(pl.col("source") == "assignment").then(stock)),
            came=pl.coalesce(_place("to"), "ose_id"),
        )
    )


def _place(end: str) -> pl.Expr:
    return pl.coalesce(f"{end}_host_id", f"{end}_provider", f"{end}_datacenter_id")


def _settings(run: Run) -> Settings:
    return Settings(date.fromisoformat(run.as_of), dict(run.manifest.get("policies") or {}))
