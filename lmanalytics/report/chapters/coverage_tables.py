"""Tables of how fresh and complete the exports are: ages, lists of known machines, gaps, round counts, repetitions."""

import polars as pl
from great_tables import GT

from lmanalytics.evidence.unknowns import facts
from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import explained, words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told

_FRESH, _OLD = 30, 90
_AT_LEAST, _STEP = 100, 50
_REPEATED = ("duplicate", "superseded")


def freshness_table(run: Run) -> GT:
    """Sort files by the age of their snapshot on the position date."""
    bands = told("coverage_tables.freshness.bands")
    age = (pl.lit(run.as_of).str.to_date(strict=False) - pl.col("snapshot_on")).dt.total_days()
    band = (
        pl.when(age.is_null())
        .then(pl.lit("e_undated"))
        .when(age < 0)
        .then(pl.lit("a_later"))
        .when(age <= _FRESH)
        .then(pl.lit("b_fresh"))
        .when(age <= _OLD)
        .then(pl.lit("c_older"))
        .otherwise(pl.lit("d_old"))
    )
    frame = (
        run.sources.filter(pl.col("rows_mapped") > 0)
        .group_by(band=band)
        .agg(
            files=pl.col("file").n_unique().cast(pl.Int64),
            tables=pl.len().cast(pl.Int64),
            rows=pl.col("rows_mapped").sum(),
            oldest=pl.col("snapshot_on").min().cast(pl.String).fill_null(""),
            newest=pl.col("snapshot_on").max().cast(pl.String).fill_null(""),
        )
        .sort("band")
        .with_columns(pl.col("band").replace(bands))
    )
    place = told("coverage_tables.freshness")
    sums = ("tables", "rows")
    return Grid(place["columns"], place["empty"], 10, "sources.parquet", sums=sums, notes=place["notes"]).show(frame)


def coverage_table(run: Run) -> GT:
    """Set the machines of each directory or CMDB list against those that exports show."""
    place = told("coverage_tables.coverage")
    if not run.is_given("known_machines"):
        nothing = pl.LazyFrame(schema=dict.fromkeys(place["columns"], pl.String))
        return Grid(place["columns"], place["empty"]).show(nothing)
    known = run.accepted("known_machines").group_by("source").agg(known=pl.len().cast(pl.Int64))
    reasons = ("not_seen", "long_unseen", "gone")
    each = [(pl.col("reason") == reason).sum().cast(pl.Int64).alias(reason) for reason in reasons]
    unseen = run.unseen_machines.group_by("source").agg(each)
    here = pl.col("known") - pl.col("long_unseen") - pl.col("gone")
    seen = (here - pl.col("not_seen")) * 100 // here
    frame = (
        known.join(unseen, on="source", how="left")
        .with_columns(pl.col(reasons).fill_null(0))
        .with_columns(share=pl.when(here > 0).then(pl.format(place["share"], seen)))
        .sort("source")
    )
    return Grid(
        place["columns"],
        place["empty"],
        20,
        "unseen_machines.parquet",
        strong={"not_seen": pl.col("not_seen") > 0},
        right=["share"],
    ).show(frame)


def unseen_table(run: Run, limit: int = 20) -> GT:
    """List machines of a directory or CMDB list that no export has shown; those that nothing explains come first."""
    place = told("coverage_tables.unseen")
    if not run.is_given("known_machines"):
        nothing = pl.LazyFrame(schema=dict.fromkeys(place["columns"], pl.String))
        return Grid(place["columns"], told("coverage_tables.coverage.empty")).show(nothing)
    rank = pl.col("reason").replace_strict({"not_seen": 0, "long_unseen": 1}, default=2, return_dtype=pl.Int8)
    latest = -pl.col("last_seen").cast(pl.Int32)
    order = run.unseen_machines.sort(rank, latest, "machine", "fqdn", "source", nulls_last=True)
    frame = order.with_columns(words("kind"))
    strong = {"machine": pl.col("reason") == "not_seen"}
    return Grid(place["columns"], place["empty"], limit, "unseen_machines.parquet", run.sentences, strong=strong).show(
        frame
    )


def gaps_table(run: Run) -> GT:
    """Count the places and machines that lack a fact, such as hosts without cores or OSEs without an edition."""
    place = told("coverage_tables.gaps")
    catalog = facts()
    lacking = run.unknowns.filter(pl.col("fact") != "every_fact")
    frame = (
        lacking.group_by("fact")
        .agg(
            places=pl.struct("subject_kind", "subject_id").n_unique().cast(pl.Int64),
            machines=pl.col("machines").sum(),
            rank=pl.col("rank").min(),
            action=pl.col("action").drop_nulls().min(),
        )
        .sort("rank", "fact", nulls_last=True)
        .with_columns(pl.col("fact").replace({fact: row["says"] for fact, row in catalog.items()}))
    )
    return Grid(place["columns"], place["empty"], 40, "unknowns.parquet", notes=place["notes"]).show(frame)


def round_table(run: Run) -> GT:
    """Flag counts of users and devices of which more than half are round, as estimates are."""
    place = told("coverage_tables.round")
    kinds = place["whats"]
    people = (
        run.accepted("access_counts")
        .select(pl.col(*kinds).cast(pl.Int64))
        .unpivot(variable_name="what", value_name="number")
    )
    is_round = pl.col("number") % _STEP == 0
    largest = pl.col("number").filter(is_round).unique().sort(descending=True).head(3)
    frame = (
        people.filter(pl.col("number") >= _AT_LEAST)
        .group_by(pl.col("what").replace(kinds))
        .agg(counted=pl.len().cast(pl.Int64), round=is_round.sum().cast(pl.Int64), examples=largest.implode())
        .with_columns(
            pl.col("examples").list.eval(pl.element().cast(pl.String)).list.join("; "),
            flag=pl.when(pl.col("round") * 2 > pl.col("counted"))
            .then(pl.lit(place["flagged"]))
            .otherwise(pl.lit(place["not_flagged"])),
        )
        .sort("what")
    )
    strong = {"flag": pl.col("flag") != ""}
    return Grid(place["columns"], place["empty"], 10, strong=strong, notes=place["notes"]).show(frame)


def duplicates_table(run: Run, limit: int = 40) -> GT:
    """Count rows that say again what others say, or that newer rows replace."""
    place = told("coverage_tables.duplicates")
    whole = run.accounts.group_by("table").agg(all=pl.col("rows").sum())
    frame = (
        run.accounts.filter(pl.col("outcome").is_in(_REPEATED))
        .group_by("table", "outcome", "rule", "reason")
        .agg(pl.col("rows").sum())
        .join(whole, on="table")
        .sort("table", "outcome", "rule", "reason", nulls_last=True)
        .with_columns(
            words("table"), words("outcome"), share=pl.format(place["share"], (pl.col("rows") * 100) // pl.col("all")),
            why=explained(run.sentences),
        )
    )  # fmt: skip
    return Grid(place["columns"], place["empty"], limit, "accounts.parquet", right=["share"]).show(frame)
