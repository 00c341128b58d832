"""Server-years: each subject with the years of its offering, what covers them, and what the rules say of them."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.rules.benefit import (
    esu_assignment,
    esu_azure,
    esu_chain,
    esu_coverage,
    esu_editions,
    esu_eligibility,
    esu_offerings,
)
from lmanalytics.rules.benefit._esu_columns import OFFER, SUBJECT, YEAR, settled
from lmanalytics.rules.benefit._esu_supply import TOP, assurance, bought, named
from lmanalytics.rules.benefit.esu_subjects import subjects
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import CANONICAL, ENTITY

FREE = column_name(esu_azure, "is_free")
_BOUGHT_OF_HOST = {"subject_kind": pl.lit("host"), "channel": pl.lit("volume_license")}
_ELSEWHERE = ("azure", "azure_dedicated_host", "azure_stack")


@dataclass(frozen=True)
class Estate:
    """What the years are computed from; small tables are collected once."""

    offered: pl.DataFrame
    """Every year of every offering."""
    coverage: pl.LazyFrame
    """The rows of `esu_coverage`, judged."""
    recorded: pl.LazyFrame
    """YEAR, channel, quantity, coverage_start and sa_end_at_start of what counts."""
    subjects: pl.LazyFrame
    """What runs a version with an offering."""
    pool: pl.DataFrame
    """OFFER and licenses: bought without a server, less what is recorded."""
    versions: pl.LazyFrame
    """product, version and the offer by which it is sold."""
    needed: pl.DataFrame
    """entity_id, product, is_top, licenses_to_cover: all that needs Software Assurance now."""


def estate(inputs: Tables, settings: Settings, *, traced: bool = False) -> Estate:
    """Read the offerings, the coverage and the servers; `traced` keeps what their licenses are computed from."""
    offered = compute(esu_offerings, "offerings", settings).collect()
    versions = offered.lazy().select("product", "version", "offer").unique()
    coverage = settled(_judged(inputs, offered.lazy(), settings))
    ordered = bought(inputs.get("purchases"), versions, settings.as_of)
    tied = ordered.filter(pl.col("tied_to_host_id").is_not_null()).with_columns(**_BOUGHT_OF_HOST)
    columns = [*YEAR, "channel", "quantity", "coverage_start", "sa_end_at_start"]
    recorded = pl.concat(
        [
            coverage.filter(pl.col("outcome") == "used").select(columns),
            tied.select(
                *OFFER[:-1], "esu_year", "subject_kind", "channel", "coverage_start",
                subject_id="tied_to_host_id", quantity="licenses", sa_end_at_start=pl.lit(None, pl.Date),
            ).select(columns),
        ]
    )  # fmt: skip
    found = settled(subjects(inputs, offered, recorded, settings, traced=traced))
    return Estate(
        offered, coverage, recorded, found, _pool(ordered, recorded), versions, _needed(found, offered.lazy())
    )


def years(known: Estate, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Compute every listed server-year.

    Returns:
        The columns of the subjects, of their offering's year, recorded, licenses_covered, coverage, years_owned,
        and a column for each rule of `esu_azure`, `esu_eligibility` and `esu_chain`.

    """
    by_year = known.recorded.group_by(YEAR).agg(
        recorded=pl.col("quantity").sum(),
        recorded_start=pl.col("coverage_start").min(),
        sa_end=pl.col("sa_end_at_start").min(),
    )
    owned = compute(esu_chain, "owned", settings, coverage=known.recorded)
    edition = ["product", "version", "edition"]
    named_editions = known.subjects.select(edition).unique().join(known.offered.lazy(), on=edition[:2])
    sold = settled(evaluate(named_editions, esu_editions, settings))
    offers = sold.drop("offer", "editions", "channels", "programs").rename(
        {column_name(esu_editions, name): name for name in ("is_edition_offered", "is_sold_hosted")}
    )
    subjects_years = known.subjects.join(owned, on=SUBJECT, how="left").join(offers, on=edition, nulls_equal=True)
    servers = evaluate(subjects_years, esu_azure, settings)
    rows = servers.join(by_year, on=YEAR, how="left").with_columns(
        pl.col("recorded").fill_null(0),
        licenses_required=pl.when(pl.col(FREE) | pl.col("is_development")).then(0).otherwise("licenses_required"),
    )
    covered = _covered(rows, known, settings)
    shown = covered.filter(pl.col("is_listed") | (pl.col("licenses_covered") > 0))
    top = pl.col("edition").is_in(TOP).fill_null(value=False)
    judged = (
        shown.with_columns(is_top=top)
        .join(known.needed.lazy(), on=[ENTITY, "product", "is_top"], how="left")
        .join(_assurance(known, inputs, settings), on=[*OFFER, "is_top"], how="left")
        .with_columns(_counts(inputs))
        .with_columns(is_azure=pl.col(column_name(esu_azure, "is_azure")), is_free=pl.col(FREE))
    )
    return evaluate(evaluate(judged, esu_eligibility, settings), esu_chain, settings)


def _counts(inputs: Tables) -> list[pl.Expr]:
    """Say that no license has Software Assurance where the licenses are known and none was found."""
    names = ("sa_licenses", "sa_licenses_too_short", "sa_licenses_open")
    return [pl.col(name).fill_null(0) if "licenses" in inputs else pl.col(name) for name in names]


def _judged(inputs: Tables, offered: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    rows = named(inputs.get("esu_coverage", CANONICAL["esu_coverage"].empty())).select(
        "row_id", ENTITY, "host_id", "ose_id", "device_id", "product", "edition", "version", "esu_year",
        "coverage_start", "coverage_end", "sa_end_at_start", "quantity", "channel",
    )  # fmt: skip
    month = column_name(esu_eligibility, "has_month_left")
    dated = rows.select("row_id", recorded_start="coverage_start", sa_end="sa_end_at_start")
    needed = evaluate(dated, esu_eligibility, settings).select("row_id", has_month_left=month)
    none = pl.LazyFrame(schema=dict.fromkeys((ENTITY, "ose_id", "host_id"), pl.String()))
    oses = inputs.get("facts_oses")
    physical = none if oses is None else oses.filter((pl.col("kind") == "physical") & (pl.col("state") == "current"))
    return compute(
        esu_coverage,
        "judged",
        settings,
        coverage=rows,
        offered=offered,
        physical=physical.select(ENTITY, "ose_id", "host_id").filter(pl.col("host_id").is_not_null()),
        needed=needed,
    )


def _pool(ordered: pl.LazyFrame, recorded: pl.LazyFrame) -> pl.DataFrame:
    """Subtract recorded coverage by volume licensing from the purchases that name no server."""
    free = ordered.filter(pl.col("tied_to_host_id").is_null()).group_by(OFFER).agg(pl.col("licenses").sum())
    used = recorded.filter(pl.col("channel") == "volume_license").group_by(OFFER).agg(_used=pl.col("quantity").sum())
    left = free.join(used, on=OFFER, how="left").with_columns(
        licenses=pl.col("licenses") - pl.col("_used").fill_null(0)
    )
    return left.select(*OFFER, "licenses").filter(pl.col("licenses") > 0).collect(engine="streaming")


def _needed(found: pl.LazyFrame, offered: pl.LazyFrame) -> pl.DataFrame:
    current = offered.filter(pl.col("is_current") & pl.col("needs_sa")).select("product", "version").unique()
    totals = (
        found.filter(~pl.col("is_hosted") & ~pl.col("is_development") & ~pl.col("location").is_in(_ELSEWHERE))
        .join(current, on=["product", "version"], how="semi")
        .group_by(ENTITY, "product", is_top=pl.col("edition").is_in(TOP).fill_null(value=False))
        .agg(licenses_to_cover=pl.col("licenses_required").sum())
        .collect(engine="streaming")
    )
    every = totals.group_by(ENTITY, "product").agg(pl.col("licenses_to_cover").sum())
    return pl.concat(
        [
            totals.filter("is_top"),
            every.select(ENTITY, "product", pl.lit(value=False).alias("is_top"), "licenses_to_cover"),
        ]
    )


def _assurance(known: Estate, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    dates = (
        known.offered.lazy()
        .unique(["product", "offer", "esu_year"])
        .select("product", "offer", "esu_year", "period_start")
    )
    return assurance(inputs.get("licenses"), dates, settings).collect(engine="streaming").lazy()


def _covered(rows: pl.LazyFrame, known: Estate, settings: Settings) -> pl.LazyFrame:
    """Add licenses_covered and coverage; purchases without a server are spread only where there are any."""
    before = rows.with_columns(
        years_before=pl.col("years_owned").list.len().fill_null(0).cast(pl.Int64),
    )
    found = compute(esu_assignment, "assigned", settings, servers=before, pool=known.pool.lazy())
    if known.pool.is_empty():
        return found
    given = (
        found.filter(pl.col("licenses_covered") > 0).group_by(SUBJECT).agg(_owned=pl.col("esu_year").unique().sort())
    )
    return found.drop("years_owned").join(given.rename({"_owned": "years_owned"}), on=SUBJECT, how="left")
