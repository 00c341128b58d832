"""Tables of what Software Assurance gives beside the right to new versions."""

import polars as pl
from great_tables import GT

from lmanalytics.report.grids import because, grid, holder
from lmanalytics.report.locales import locale
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told

_POOLS = ("applications", "systems", "servers")


def benefits_table(run: Run, limit: int = 60) -> GT:
    """Set benefits against pools, by agreement: until when each is had. What nobody has is left out."""
    by_holder = ["entity_id", "agreement_id", "enrollment_id", "benefit"]
    said = told("benefit_tables.benefits.cells")
    had = pl.col("is_entitled")
    day = locale().dates(pl.col("expires_on"))
    cell = (
        pl.when(had & day.is_not_null())
        .then(pl.format(said["until"], day))
        .when(had)
        .then(pl.lit(said["had"]))
        .when(~had & day.is_not_null())
        .then(pl.format(said["ended"], day))
        .when(~had)
        .then(pl.lit(said["not_had"]))
        .otherwise(pl.lit(said["unknown"]))
    )
    pools = {pool: cell.filter(pl.col("pool") == pool).first().fill_null("") for pool in _POOLS}
    is_told = had.fill_null(value=True) | (pl.col("reason") == "coverage_expired")
    frame = (
        run.benefits.sort(*by_holder, "pool")
        .group_by(by_holder, maintain_order=True)
        .agg(quantity=pl.col("quantity").filter(had).sum(), is_told=is_told.any(), **pools)
        .filter("is_told")
        .with_columns(heading=holder())
        .sort("entity_id", "agreement_id", "enrollment_id", "benefit", nulls_last=True)
    )
    return grid(run, "benefits", "benefit_tables.benefits", limit, heading="heading").show(frame)


def device_benefits_table(run: Run) -> GT:
    """Count devices by benefit: entitled, not entitled and unknown, with the days on which it first and last ends."""
    had = pl.col("is_entitled")
    ends = pl.col("expires_on").filter(had)
    frame = (
        run.device_benefits.group_by("benefit")
        .agg(
            entitled=had.sum().cast(pl.Int64),
            others=(~had).sum().cast(pl.Int64),
            unknown=had.is_null().sum().cast(pl.Int64),
            first=ends.min(),
            last=ends.max(),
        )
        .sort("benefit")
    )
    return grid(run, "device_benefits", "benefit_tables.devices").show(frame)


def step_up_opportunities_table(run: Run, limit: int = 30) -> GT:
    """List the lots that can be stepped up, and what that saves against new licenses; the largest saving first."""
    frame = run.step_up_opportunities.filter(pl.col("quantity").fill_null(1) > 0).sort(
        "saving", "license_id", "step_up_to", descending=[True, False, False], nulls_last=True
    )
    return grid(run, "step_up_opportunities", "benefit_tables.step_ups", limit).show(frame)


def no_step_up_table(run: Run) -> GT:
    """Count the lots of which nothing can be stepped up, by product and reason."""
    frame = (
        run.step_up_opportunities.filter(pl.col("quantity") == 0)
        .group_by("step_up_from", "rule", "reason")
        .agg(lots=pl.len().cast(pl.Int64))
        .sort("step_up_from", "reason")
        .with_columns(why=because(run))
    )
    return grid(run, "step_up_opportunities", "benefit_tables.no_step_ups").show(frame)


def recovery_table(run: Run, limit: int = 40) -> GT:
    """List the starts of backup instances, those first that disaster recovery rights do not cover."""
    frame = run.disaster_recovery.with_columns(subject_id="ose_id").sort("is_permitted", "run_id", nulls_last=True)
    strong = {"is_permitted": ~pl.col("is_permitted")}
    return grid(run, "disaster_recovery", "benefit_tables.recovery", limit, strong=strong).show(frame)


def failover_table(run: Run, limit: int = 40) -> GT:
    """List passive copies, those first that need licenses."""
    frame = run.failover.sort("is_free", "install_id", nulls_last=True)
    return grid(run, "failover", "benefit_tables.failover", limit, strong={"is_free": ~pl.col("is_free")}).show(frame)


def self_hosting_table(run: Run, limit: int = 40) -> GT:
    """List the solutions offered to others, with the conditions that fail."""
    frame = run.self_hosting.sort("is_permitted", "solution_id", nulls_last=True).with_columns(
        failing_conditions=pl.col("failing_conditions").list.eval(pl.element().str.replace_all("_", " ", literal=True))
    )
    strong = {"is_permitted": ~pl.col("is_permitted")}
    return grid(run, "self_hosting", "benefit_tables.self_hosting", limit, strong=strong).show(frame)
