"""Passive copies of SQL Server with what their fail-over right depends on: their OSE, their active OSE, its place."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import failover_licenses
from lmanalytics.rules.right._machines import OSE, last_seen, rows_of, with_host
from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import ENTITY

PRODUCT = "SQL Server"
_INSTALL = [ENTITY, "install_id"]
_PRIMARY = [ENTITY, "primary_ose_id"]
_LICENSES = column_name(failover_licenses, "core_licenses")
_CORES = {
    "cores_per_processor": pl.List(pl.Int64()),
    "processors": pl.Int64(),
    "physical_cores": pl.Int64(),
}
_AZURE = ("azure", "azure_dedicated_host")
_KNOWN = [
    ENTITY, "install_id", "ose_id", "role", "edition", "primary_install_id", "is_readable", "is_evaluation",
    "license_source",
]  # fmt: skip


@dataclass(frozen=True)
class Copies:
    """Both sides of fail-over."""

    passive: pl.LazyFrame
    """A row per passive copy."""
    primaries: pl.LazyFrame
    """A row per active OSE that some copy stands in for."""


def copies(inputs: Tables, settings: Settings) -> Copies:
    """Match every passive copy with its OSE and with the active OSE that it stands in for."""
    current = _concerned(inputs["installs"], settings)
    oses = held(_oses(inputs, current, settings))
    active = current.filter(pl.col("role") == "active")
    primary = current.select(
        ENTITY, primary_install_id="install_id", primary_ose_id="ose_id", _role="role", _edition="edition"
    )
    busy = active.select(OSE).unique().with_columns(_busy=pl.lit(value=True))
    named = pl.col("primary_install_id").is_not_null()
    rows = (
        current.filter(pl.col("role") != "active")
        .select(
            ENTITY, "install_id", "ose_id", "primary_install_id", "role", "edition", "is_readable", "is_evaluation",
            "license_source",
        )
        .join(primary, on=[ENTITY, "primary_install_id"], how="left")
        .join(busy, on=OSE, how="left")
        .with_columns(
            has_primary=pl.when(~named).then(statement=False).when(pl.col("primary_ose_id").is_not_null()).then(statement=True),
            is_primary_active=pl.col("_role") == "active",
            is_ose_passive=pl.col("_busy").is_null(),
        )
        .drop("_busy", "_role", "_edition")
    )  # fmt: skip
    primaries = _primaries(rows, active, oses)
    placed = _placed(rows, oses)
    standing = (
        placed.select(*OSE, "primary_ose_id", "_primary_licenses")
        .unique()
        .group_by(OSE)
        .agg(standing_for_licenses=_sum("_primary_licenses"))
    )
    return Copies(placed.join(standing, on=OSE, how="left").drop("_primary_licenses"), primaries)


def _placed(rows: pl.LazyFrame, oses: pl.LazyFrame) -> pl.LazyFrame:
    own = oses.select(*OSE, "place", "provider", "core_licenses")
    theirs = oses.select(
        ENTITY, primary_ose_id="ose_id", primary_place="place", _provider="provider", _primary_licenses="core_licenses"
    )
    elsewhere = (pl.col("place") == "partner") & ~(pl.col("provider") == pl.col("_provider")).fill_null(value=False)
    return (
        rows.join(own, on=OSE, how="left")
        .join(theirs, on=_PRIMARY, how="left")
        .with_columns(
            place=pl.when(elsewhere).then(pl.lit("elsewhere")).otherwise("place"),
            is_place_known=pl.col("place").is_not_null() & pl.col("primary_place").is_not_null(),
        )
        .drop("provider", "_provider")
    )


def _primaries(rows: pl.LazyFrame, active: pl.LazyFrame, oses: pl.LazyFrame) -> pl.LazyFrame:
    """Describe the active OSEs: by themselves, or with their host where Enterprise on all its cores needs fewer."""
    wanted = rows.filter(pl.col("primary_ose_id").is_not_null()).select(ENTITY, ose_id="primary_ose_id").unique()
    enterprise = (pl.col("edition") == "Enterprise").any()
    editions = active.group_by(OSE).agg(
        edition=pl.when(enterprise).then(pl.lit("Enterprise")).otherwise(pl.col("edition").max())
    )
    known = (
        wanted.join(editions, on=OSE, how="left")
        .join(oses.select(*OSE, "host_id", "core_licenses", "host_licenses"), on=OSE, how="left")
        .with_columns(_together=_sum("core_licenses").over(ENTITY, "host_id", "edition"))
    )
    whole = (
        (pl.col("edition") == "Enterprise")
        & pl.col("host_id").is_not_null()
        & (pl.col("host_licenses") < pl.col("_together"))
    ).fill_null(value=False)
    return known.select(
        *OSE,
        "host_id",
        "edition",
        subject_id=pl.when(whole).then(pl.format("host {}", "host_id")).otherwise(pl.format("ose {}", "ose_id")),
        subject_licenses=pl.when(whole).then("host_licenses").otherwise("core_licenses"),
    )


def _concerned(installs: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Hold the latest rows of SQL Server in OSEs with a passive copy, and in those that some copy stands in for."""
    known = installs.filter(pl.col("observed_on") <= settings.as_of)
    sql = known.filter(pl.col("product") == PRODUCT).select(*_INSTALL, "ose_id", "role", "primary_install_id")
    passive = held(sql.filter(pl.col("role") != "active"))
    primary = passive.select(ENTITY, install_id="primary_install_id")
    primaries = rows_of(sql.select(*_INSTALL, "ose_id"), primary, _INSTALL)
    sides = pl.concat([passive.select(OSE), primaries.select(OSE)])
    there = rows_of(sql.select(*_INSTALL, "ose_id"), sides, OSE)
    # What an install was last may be another product, in another OSE.
    asked = pl.concat([part.select(_INSTALL) for part in (passive, primaries, there)])
    rows = rows_of(known.select(*_KNOWN, "product", "observed_on", "row_id"), asked, _INSTALL)
    latest = rows.sort(*_INSTALL, "observed_on", "row_id").unique(_INSTALL, keep="last", maintain_order=True)
    return held(latest.filter(pl.col("product") == PRODUCT).select(_KNOWN))


def _oses(inputs: Tables, asked: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Give each OSE its last known state, its place, and the licenses that it and its whole host would need."""
    texts = dict.fromkeys(("host_id", "kind", "location", "provider"), pl.String())
    rows = with_host(last_seen(inputs, asked, {**texts, "vcpus": pl.Int64()}), inputs, _CORES)
    place = (
        pl.when(pl.col("location").is_in(_AZURE))
        .then(pl.lit("azure"))
        .when(pl.col("location") == "provider_shared")
        .then(pl.lit("partner"))
        .when(pl.col("location").is_not_null())
        .then(pl.lit("own"))
    )
    physical = column_name(failover_licenses, "physical_core_licenses")
    return evaluate(rows, failover_licenses, settings).select(
        *OSE, "host_id", "provider", place=place, core_licenses=pl.col(_LICENSES), host_licenses=pl.col(physical)
    )


def _sum(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum())
