"""Server-years: each subject with the years of its offering, what covers them, and what the rules say of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
from lmanalytics.rules.benefit._esu_columns import CODED, OFFER, SUBJECT, YEAR, coded, settled, spelled
from lmanalytics.rules.benefit._esu_supply import TOP, assurance, bought, named, needed_of, pool_of
from lmanalytics.rules.benefit.esu_subjects import subjects
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import CANONICAL, ENTITY

FREE = column_name(esu_azure, "is_free")
_SUBJECTS_PER_PART = 250_000
_BOUGHT_OF_HOST = {"subject_kind": pl.lit("host"), "channel": pl.lit("volume_license")}


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
    sold: pl.DataFrame
    """product, version, edition that runs: each year of its offering, and whether it is sold for the edition."""
    assurance: pl.DataFrame
    """OFFER, is_top and the licenses with Software Assurance at its start."""
    given: pl.LazyFrame | None = None
    """YEAR, licenses_covered and coverage, where purchases that name no server cover some of them."""


def estate(inputs: Tables, settings: Settings, *, traced: bool = False) -> Estate:
    """Read the offerings, the coverage and the servers; `traced` keeps what their licenses are computed from."""
    offered = compute(esu_offerings, "offerings", settings).collect()
    versions = offered.lazy().select("product", "version", "offer").unique()
    kept = ["row_id", *YEAR, "version", "quantity", "coverage_start", "sa_end_at_start", "channel", "outcome", "reason"]
    coverage = spelled(settled(coded(_judged(inputs, offered.lazy(), settings).select(kept))))
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
    order = [ENTITY, "subject_id", "product", "version"]
    found = settled(subjects(inputs, offered, recorded, settings, traced=traced).sort(order))
    known = Estate(
        offered=offered,
        coverage=coverage,
        recorded=recorded,
        subjects=found,
        pool=pool_of(ordered, recorded),
        versions=versions,
        needed=needed_of(found, offered.lazy()),
        sold=_sold(found, offered, settings),
        assurance=_assurance(offered, inputs, settings),
    )
    return replace(known, given=_given(known, settings))


def parts(known: Estate) -> Iterator[Estate]:
    """Cut the estate along its sorted subjects, so that what is computed of one part is soon forgotten.

    Names that repeat are coded, for joins on codes take half the time of those on text.
    """
    sold, needed, assured, pool = (
        coded(frame.lazy()).collect() for frame in (known.sold, known.needed, known.assurance, known.pool)
    )
    for part in known.subjects.collect().iter_slices(_SUBJECTS_PER_PART):
        of_part = pl.col("subject_id").is_between(pl.lit(part["subject_id"].min()), pl.lit(part["subject_id"].max()))
        given = None if known.given is None else coded(known.given.filter(of_part))
        recorded = settled(coded(known.recorded.filter(of_part)))
        yield replace(
            known,
            subjects=coded(part.lazy()),
            recorded=recorded,
            given=given,
            sold=sold,
            needed=needed,
            assurance=assured,
            pool=pool,
        )


def years(known: Estate, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Compute every listed server-year.

    Returns:
        The columns of the subjects, of their offering's year, recorded, licenses_covered, coverage, years_owned,
        and a column for each rule of `esu_azure`, `esu_eligibility` and `esu_chain`.

    """
    covered = _covered(known, settings)
    shown = covered.filter(pl.col("is_listed") | (pl.col("licenses_covered") > 0))
    top = pl.col("edition").is_in(TOP).fill_null(value=False)
    judged = (
        shown.with_columns(is_top=top)
        .join(known.needed.lazy(), on=[ENTITY, "product", "is_top"], how="left")
        .join(known.assurance.lazy(), on=[*OFFER, "is_top"], how="left")
        .with_columns(_counts(inputs))
        .with_columns(is_azure=pl.col(column_name(esu_azure, "is_azure")), is_free=pl.col(FREE))
    )
    found = evaluate(evaluate(judged, esu_eligibility, settings), esu_chain, settings)
    return found.with_columns(pl.col(CODED).cast(pl.String))


def _rows(known: Estate, settings: Settings) -> pl.LazyFrame:
    """Set each subject against every year of its offering, with the coverage that is recorded."""
    by_year = known.recorded.group_by(YEAR).agg(
        recorded=pl.col("quantity").sum(),
        recorded_start=pl.col("coverage_start").min(),
        sa_end=pl.col("sa_end_at_start").min(),
    )
    edition = ["product", "version", "edition"]
    servers = evaluate(known.subjects.join(known.sold.lazy(), on=edition, nulls_equal=True), esu_azure, settings)
    return servers.join(by_year, on=YEAR, how="left").with_columns(
        pl.col("recorded").fill_null(0),
        licenses_required=pl.when(pl.col(FREE) | pl.col("is_development")).then(0).otherwise("licenses_required"),
    )


def _sold(found: pl.LazyFrame, offered: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Judge every edition that runs once for each year of its offering."""
    named_editions = found.select("product", "version", "edition").unique()
    judged = evaluate(named_editions.join(offered.lazy(), on=["product", "version"]), esu_editions, settings)
    names = {column_name(esu_editions, name): name for name in ("is_edition_offered", "is_sold_hosted")}
    kept = judged.rename(names).select(pl.exclude("^.+__.+$", "offer", "editions", "channels", "programs"))
    return kept.collect(engine="streaming")


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


def _assurance(offered: pl.DataFrame, inputs: Tables, settings: Settings) -> pl.DataFrame:
    dates = offered.lazy().group_by("product", "offer", "esu_year")
    years_of_offers = dates.agg(pl.col("period_start").min())
    return assurance(inputs.get("licenses"), years_of_offers, settings).collect(engine="streaming")


def _covered(known: Estate, settings: Settings) -> pl.LazyFrame:
    """Add licenses_covered, coverage and years_owned."""
    rows = _rows(known, settings)
    owned = compute(esu_chain, "owned", settings, coverage=known.recorded)
    if known.given is None:
        return _assigned(rows, known, settings).join(owned, on=SUBJECT, how="left")
    given = known.given.group_by(SUBJECT).agg(years_owned=pl.col("esu_year").unique().sort())
    return (
        rows.join(known.given, on=YEAR, how="left")
        .with_columns(
            pl.col("licenses_covered").fill_null(0),
            pl.col("coverage").fill_null(esu_assignment.Reason.NONE_LEFT.code),
        )
        .join(given, on=SUBJECT, how="left")
    )


def _given(known: Estate, settings: Settings) -> pl.LazyFrame | None:
    """Spread the purchases that name no server over all servers at once; None where there are none."""
    if known.pool.is_empty():
        return None
    columns = [*YEAR, "licenses_required", "recorded"]
    found = _assigned(_rows(known, settings).select(columns), known, settings)
    return settled(found.filter(pl.col("licenses_covered") > 0).select(*YEAR, "licenses_covered", "coverage"))


def _assigned(rows: pl.LazyFrame, known: Estate, settings: Settings) -> pl.LazyFrame:
    before = pl.lit(0, pl.Int64)
    if not known.pool.is_empty():
        owned = compute(esu_chain, "owned", settings, coverage=known.recorded).select(
            *SUBJECT, years_before=pl.col("years_owned").list.len().cast(pl.Int64)
        )
        rows, before = rows.join(owned, on=SUBJECT, how="left"), pl.col("years_before").fill_null(0)
    servers = rows.with_columns(years_before=before)
    return compute(esu_assignment, "assigned", settings, servers=servers, pool=known.pool.lazy())
