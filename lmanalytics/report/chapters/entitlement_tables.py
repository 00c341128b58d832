"""Tables of what is owned: agreements, lots, Software Assurance and its ends, step-ups, transfers, version rights."""

from datetime import date

import polars as pl
from great_tables import GT

from lmanalytics.position.classes import in_force
from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import NO_SUPPLY, Run
from lmanalytics.report.texts import told

_NAME = pl.concat_str("product", "edition", "version", separator=" ", ignore_nulls=True)
_YEAR = 12
_HOLDER = ["entity_id", "agreement_id", "enrollment_id"]


def agreements_table(run: Run, limit: int = 40) -> GT:
    """List agreements and enrollments with their terms, and the lots in force that come from each."""
    held = held_licenses(run).group_by(_HOLDER).agg(lots=pl.len().cast(pl.Int64), licenses=pl.col("quantity").sum())
    place = told("entitlement_tables.agreements")
    frame = (
        run.accepted("agreements")
        .join(held, on=_HOLDER, how="left")
        .with_columns(pl.col("lots", "licenses").fill_null(0), program=_program())
        .sort("end_date", "agreement_id", "enrollment_id", descending=[True, False, False], nulls_last=True)
    )
    return Grid(place["columns"], place["empty"], limit, "accepted/agreements.parquet").show(frame)


def entitlement_table(run: Run) -> GT:
    """Licenses held on the position date, by product, edition, metric and the highest version that may run."""
    frame = (
        held_licenses(run)
        .group_by("product", "edition", "version_right", "metric")
        .agg(
            owned=pl.col("quantity").sum(),
            with_sa=pl.col("quantity").filter("sa_active").sum(),
            sa_ends=pl.col("sa_end").filter("sa_active").min(),
            lots=pl.len(),
        )
        .with_columns(words("metric"), sa_ends=_end(pl.col("with_sa") > 0, "sa_ends"))
        .sort("product", "edition", "version_right", "metric", nulls_last=True)
    )
    place = told("entitlement_tables.entitlement")
    notes = place["notes"]
    return Grid(place["columns"], why_none(run), 60, "licenses.parquet", heading="product", notes=notes).show(frame)


def lots_table(run: Run, limit: int = 30) -> GT:
    """License lots that are held, the largest first: their agreement, when they were acquired and what they allow."""
    frame = (
        held_licenses(run)
        .sort(-pl.col("quantity"), "license_id", "valid_from")
        .with_columns(program=_program(), sa_end=_end(pl.col("sa_active"), "sa_end"), name=_NAME)
    )
    columns = told("entitlement_tables.lots.columns")
    return Grid(columns, why_none(run), limit, "licenses.parquet", run.sentences).show(frame)


def expiring(run: Run) -> pl.LazyFrame:
    """Sort the licenses in force by the time until their Software Assurance ends.

    Returns:
        product, edition, metric, months (0: up to 12, 12: up to 24, 24: later; null: end unknown; -1: without active
        Software Assurance), licenses.

    """
    day = pl.lit(date.fromisoformat(run.as_of))
    end = pl.col("sa_end")
    months = (
        pl.when(~pl.col("sa_active"))
        .then(-1)
        .when(end <= day.dt.offset_by("12mo"))
        .then(0)
        .when(end <= day.dt.offset_by("24mo"))
        .then(_YEAR)
        .when(end.is_not_null())
        .then(2 * _YEAR)
    )
    keys = ["product", "edition", "metric"]
    return held_licenses(run).group_by(*keys, months=months).agg(licenses=pl.col("quantity").sum())


def expiry_table(run: Run, limit: int = 60) -> GT:
    """Set the licenses in force against the time until their Software Assurance ends, by product and metric."""
    months = pl.col("months")
    buckets = {"within_12": months == 0, "within_24": months == _YEAR, "later": months == 2 * _YEAR,
               "unknown": months.is_null(), "none": months == -1}  # fmt: skip
    parts = [pl.col("licenses").filter(what.fill_null(value=False)).sum().alias(name) for name, what in buckets.items()]
    frame = (
        expiring(run)
        .group_by("metric", product=pl.concat_str("product", "edition", separator=" ", ignore_nulls=True))
        .agg(*parts, total=pl.col("licenses").sum())
        .with_columns(words("metric"))
        .sort("product", "metric")
    )
    place = told("entitlement_tables.expiry")
    columns = place["columns"]
    if frame.select((pl.col("unknown") == 0).all()).collect().item():
        columns = {name: label for name, label in columns.items() if name != "unknown"}
    strong = {"within_12": pl.col("within_12") > 0}
    return Grid(columns, why_none(run), limit, "licenses.parquet", strong=strong, notes=place["notes"]).show(frame)


def step_ups_table(run: Run, limit: int = 40) -> GT:
    """Step-ups bought: the base licenses of each, how many rest on one, and how many could not be resolved."""
    place = told("entitlement_tables.step_ups")
    base = pl.format(place["base"], "quantity", "base_purchase_id")
    bases = (
        run.step_up_matches.filter(pl.col("is_valid") & pl.col("base_purchase_id").is_not_null())
        .sort("entity_id", "purchase_id", "base_purchase_id")
        .group_by("entity_id", "purchase_id", maintain_order=True)
        .agg(bases=base.implode())
    )
    frame = (
        run.step_ups.join(bases, on=["entity_id", "purchase_id"], how="left")
        .with_columns(pl.col("bases").list.join("; ").fill_null(""))
        .sort(-pl.col("quantity_unresolved").fill_null(0), "purchase_id")
    )
    strong = {"quantity_unresolved": pl.col("quantity_unresolved") > 0}
    empty = place["empty"] if run.is_given("purchases") else NO_SUPPLY
    return Grid(place["columns"], empty, limit, "step_ups.parquet", run.sentences, strong=strong).show(frame)


def transfers_table(run: Run, limit: int = 40) -> GT:
    """List licenses that were transferred to or from another owner, and whether the terms permit it."""
    place = told("entitlement_tables.transfers")
    name = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    frame = run.license_transfers.sort("transferred_on", "purchase_id", nulls_last=True).with_columns(
        words("purchase_type"), name=name
    )
    strong = {"is_permitted": ~pl.col("is_permitted")}
    empty = place["empty"] if run.is_given("purchases") else NO_SUPPLY
    return Grid(place["columns"], empty, limit, "license_transfers.parquet", run.sentences, strong=strong).show(frame)


def gaps_table(run: Run, limit: int = 30) -> GT:
    """List lots in force whose Software Assurance has ended, the largest first."""
    place = told("entitlement_tables.gaps")
    day = pl.lit(date.fromisoformat(run.as_of))
    frame = (
        held_licenses(run)
        .filter(~pl.col("sa_active") & (pl.col("sa_end") < day))
        .with_columns(name=_NAME, days=(day - pl.col("sa_end")).dt.total_days())
        .sort(-pl.col("quantity"), "license_id", "valid_from")
    )
    empty = place["empty"] if run.is_given("purchases") else NO_SUPPLY
    return Grid(place["columns"], empty, limit, "licenses.parquet", run.sentences, notes=place["notes"]).show(frame)


def version_rights_table(run: Run, limit: int = 30) -> GT:
    """List installed versions newer than the licenses allow, or whose right is unknown."""
    place = told("entitlement_tables.version_rights")
    frame = run.version_rights.filter(~pl.col("is_covered").fill_null(value=False)).sort("product", "subject_id")
    empty = run.missing or place["empty"]
    return Grid(place["columns"], empty, limit, "version_rights.parquet", run.sentences, named=run.named).show(frame)


def held_licenses(run: Run) -> pl.LazyFrame:
    """Scan the licenses that are held on the position date."""
    return in_force(run.licenses, date.fromisoformat(run.as_of))


def why_none(run: Run) -> str:
    """Say why there are no licenses."""
    return str(told("entitlement_tables.none")) if run.is_given("purchases") else NO_SUPPLY


def _program() -> pl.Expr:
    return (
        pl.col("program")
        .replace(told("entitlement_tables.agreements.programs"))
        .str.replace_all("_", " ", literal=True)
    )


def _end(has_sa: pl.Expr, column: str) -> pl.Expr:
    return pl.when(has_sa).then(pl.col(column).cast(pl.String)).otherwise(pl.lit(told("entitlement_tables.no_sa")))
