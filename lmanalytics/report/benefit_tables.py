"""Tables of what Software Assurance gives, and of what the rights demand: for the chapters after the position."""

from dataclasses import replace

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run

_NO_ESU = "Nothing runs that Extended Security Updates are offered for."


def benefits_table(run: Run, limit: int = 60) -> GT:
    """List the benefits of Software Assurance by agreement and pool: entitled or not, how many, until when."""
    frame = run.benefits.sort("agreement_id", "enrollment_id", "benefit", "pool", nulls_last=True)
    columns = {
        "agreement_id": "Agreement",
        "enrollment_id": "Enrollment",
        "benefit": "Benefit",
        "pool": "Pool",
        "is_entitled": "Entitled",
        "quantity": "Quantity",
        "expires_on": "Until",
        "reason": "Why",
    }
    entitled = frame.filter(pl.col("is_entitled").fill_null(value=True))
    return _grid(run, "benefits", columns, "No agreement gives a benefit.", limit).show(entitled)


def device_benefits_table(run: Run) -> GT:
    """Count devices by benefit and reason."""
    frame = (
        run.device_benefits.group_by("benefit", "is_entitled", "rule", "reason")
        .agg(devices=pl.len().cast(pl.Int64))
        .sort("benefit", "is_entitled", "reason", descending=[False, True, False])
    )
    columns = {"benefit": "Benefit", "is_entitled": "Entitled", "devices": "Devices", "reason": "Why"}
    return _grid(run, "device_benefits", columns, "No devices were given.").show(frame)


def workplace_discount_table(run: Run) -> GT:
    """Count employees by offer of the Workplace Discount Program and reason."""
    frame = (
        run.workplace_discount.group_by("option", "offer", "is_eligible", "trigger", "rule", "reason")
        .agg(employees=pl.len().cast(pl.Int64), first=pl.col("expires_on").min())
        .sort("option", "offer", "is_eligible", "trigger", "reason", nulls_last=True)
        .with_columns(words("trigger"))
    )
    columns = {
        "offer": "Offer",
        "is_eligible": "Eligible",
        "employees": "Employees",
        "first": "First expiry",
        "trigger": "Ended by",
        "reason": "Why",
    }
    return _grid(run, "workplace_discount", columns, "No employees were given.").show(frame)


def step_up_opportunities_table(run: Run, limit: int = 30) -> GT:
    """List what could be stepped up, and what that saves against new licenses; the largest saving first."""
    frame = run.step_up_opportunities.sort("saving", "license_id", descending=[True, False], nulls_last=True)
    columns = {
        "license_id": "Lot",
        "step_up_from": "From",
        "step_up_to": "To",
        "quantity": "Licenses",
        "unit_price": "Step-up, each",
        "unit_price_of_new": "New license, each",
        "saving": "Saves",
        "reason": "Why",
    }
    return _grid(run, "step_up_opportunities", columns, "No lot can be stepped up.", limit).show(frame)


def recovery_table(run: Run, limit: int = 40) -> GT:
    """List the starts of backup instances, those first that disaster recovery rights do not cover."""
    frame = run.disaster_recovery.sort("is_permitted", "run_id", nulls_last=True)
    columns = {"run_id": "Run", "purpose": "Purpose", "is_permitted": "Permitted", "reason": "Why"}
    return _grid(run, "disaster_recovery", columns, "No starts of backup instances were given.", limit).show(frame)


def failover_table(run: Run, limit: int = 40) -> GT:
    """List passive copies, those first that need licenses."""
    frame = run.failover.sort("is_free", "install_id", nulls_last=True)
    columns = {
        "install_id": "Passive copy",
        "primary_install_id": "Of",
        "is_free": "Free",
        "licenses_saved": "Licenses saved",
        "reason": "Why",
    }
    return _grid(run, "failover", columns, "No passive copies were given.", limit).show(frame)


def self_hosting_table(run: Run, limit: int = 40) -> GT:
    """List the solutions offered to others, with the conditions that fail."""
    frame = run.self_hosting.sort("is_permitted", "solution_id", nulls_last=True)
    columns = {
        "solution_id": "Solution",
        "is_permitted": "Permitted",
        "failing_conditions": "Failing conditions",
        "reason": "Why",
    }
    return _grid(run, "self_hosting", columns, "No self-hosted solutions were given.", limit).show(frame)


def mobility_table(run: Run, limit: int = 40) -> GT:
    """List deployments at providers, those first that License Mobility does not cover."""
    frame = run.mobility.sort("is_eligible", "provider", "deployment_id", nulls_last=True)
    columns = {
        "deployment_id": "Deployment",
        "provider": "Provider",
        "product": "Product",
        "is_eligible": "Eligible",
        "licenses_required": "Licenses",
        "earliest_move": "May move from",
        "reason": "Why",
    }
    return _grid(run, "mobility", columns, "No deployments at providers were given.", limit).show(frame)


def verification_table(run: Run, limit: int = 40) -> GT:
    """List the verification forms that deployments require, by provider and agreement."""
    frame = run.verification.sort("provider", "agreement_id", "enrollment_id", "deployed_on").with_columns(
        status="form_status", form_status=words("form_status")
    )
    columns = {
        "provider": "Provider",
        "agreement_id": "Agreement",
        "enrollment_id": "Enrollment",
        "deployed_on": "Deployed",
        "form_due": "Form due",
        "form_status": "Form",
        "reason": "Why",
    }
    strong = {"form_status": pl.col("status").is_in(["late", "missing", "rejected"])}
    return _grid(run, "verification", columns, "No deployments at providers were given.", limit, strong).show(frame)


def reassignments_table(run: Run, limit: int = 40) -> GT:
    """List reassignments of licenses, those first that came too early."""
    frame = run.reassignments.sort("is_allowed", "assigned_on", "assignment_id", nulls_last=True)
    columns = {
        "assignment_id": "Assignment",
        "product": "Product",
        "assigned_on": "Assigned",
        "last_assigned_on": "Before",
        "is_allowed": "Allowed",
        "earliest_allowed": "Allowed from",
        "reason": "Why",
    }
    return _grid(run, "reassignments", columns, "No assignments of licenses were given.", limit).show(frame)


def server_farms_table(run: Run, limit: int = 40) -> GT:
    """List Server Farms with their data centers, and whether the terms let these be one farm."""
    frame = run.server_farms.sort("server_farm_id", "valid_from")
    columns = {
        "server_farm_id": "Server Farm",
        "valid_from": "From",
        "valid_to": "To",
        "datacenters": "Data centers",
        "is_valid": "One farm",
        "reason": "Why",
    }
    return _grid(run, "server_farms", columns, "No data centers were given.", limit).show(frame)


def hybrid_benefit_table(run: Run, limit: int = 40) -> GT:
    """List what runs in Azure under Azure Hybrid Benefit, with the licenses that this takes."""
    parts = [run.hybrid_benefit, run.hybrid_benefit_sql]
    frame = pl.concat(parts, how="diagonal").sort("product", "subject_id").with_columns(words("reading"))
    columns = {
        "subject_id": "Subject",
        "product": "Product",
        "edition": "Edition",
        "licenses_required": "Licenses",
        "sets": "Sets of 16",
        "reading": "Reading",
        "concurrent_until": "Also on premises until",
        "reason": "Why",
    }
    return _grid(run, "hybrid_benefit", columns, "Nothing runs under Azure Hybrid Benefit.", limit).show(frame)


def esu_table(run: Run, limit: int = 60) -> GT:
    """List Extended Security Updates by product, version and year: what is needed, covered and missing."""
    one = pl.col("currency").n_unique() <= 1
    frame = (
        run.esu.group_by("product", "version", "esu_year", "period_start", "period_end", "rule", "reason")
        .agg(
            servers=pl.len().cast(pl.Int64),
            required=pl.col("licenses_required").sum(),
            covered=pl.col("licenses_covered").sum(),
            gap=pl.col("gap").sum(),
            unpriced=(pl.col("cost").is_null() & (pl.col("gap") > 0)).any(),
            sum=pl.when(one).then(pl.col("cost").sum()),
            currency=pl.col("currency").min(),
        )
        .with_columns(cost=pl.when(~pl.col("unpriced")).then("sum"))
        .sort("product", "version", "esu_year", "period_start", "reason", nulls_last=True)
    )
    columns = {
        "product": "Product",
        "version": "Version",
        "esu_year": "Year",
        "period_start": "From",
        "period_end": "To",
        "servers": "Subjects",
        "required": "Needed",
        "covered": "Covered",
        "gap": "Missing",
        "cost": "Cost of what is missing",
        "reason": "Why",
    }
    strong = {"gap": pl.col("gap") > 0}
    return _grid(run, "esu", columns, _NO_ESU, limit, strong).show(frame)


def esu_updates_table(run: Run) -> GT:
    """Count by product and version what may be updated, what gets new updates, and what is bound to licenses."""
    key = ["product", "version", "is_permitted", "gets_new_updates", "is_bound_to_covered_licenses", "rule", "reason"]
    frame = run.esu_updates.group_by(key).agg(subjects=pl.len().cast(pl.Int64)).sort(key, nulls_last=True)
    columns = {
        "product": "Product",
        "version": "Version",
        "subjects": "Subjects",
        "is_permitted": "Updates may be used",
        "gets_new_updates": "New ones are had",
        "reason": "Why",
    }
    strong = {"is_permitted": ~pl.col("is_permitted")}
    return _grid(run, "esu_updates", columns, _NO_ESU, strong=strong).show(frame)


def _grid(
    run: Run,
    answer: str,
    columns: dict[str, str],
    empty: str,
    limit: int = 40,
    strong: dict[str, pl.Expr] | None = None,
) -> Grid:
    lacking = [f"{w}: {y}" for w, y in run.not_computable.rows() if str(w).lower() == answer.replace("_", " ")]
    grid = Grid(columns, " ".join(lacking) or empty, limit, f"{answer}.parquet", run.sentences, strong=strong or {})
    return replace(grid, named=run.named) if "subject_id" in columns else grid
