"""Tables of the facts that no export states, and of the money that depends on each."""

import polars as pl
from great_tables import GT

from lmanalytics.evidence.unknowns import facts
from lmanalytics.report.display import Grid
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told

_STORED = "unknowns.parquet"
_PLACE = pl.struct("subject_kind", "subject_id")


def unknowns_table(run: Run, limit: int = 25) -> GT:
    """Rank the places that lack a fact by the money between the least and the most that it may be."""
    frame = run.unknowns.filter(pl.col("rank").is_not_null()).sort("rank").with_columns(lacks=_says())
    place = told("unknown_tables.places")
    return Grid(
        place["columns"], told("unknown_tables.none"), limit, _STORED, reasons=run.sentences, named=run.named,
        notes=told("unknown_tables.notes"),
    ).show(frame)  # fmt: skip


def unknown_facts_table(run: Run) -> GT:
    """Add up each fact: how many places lack it, the money that depends on it, and what to do."""
    known = pl.col("swing").is_not_null()
    frame = (
        run.unknowns.filter(pl.col("rank").is_not_null())
        .group_by("fact", "currency")
        .agg(
            places=_PLACE.n_unique().cast(pl.Int64),
            open_ended=_PLACE.filter(~known).n_unique().cast(pl.Int64),
            swing=pl.when(known.any()).then(pl.col("swing").sum()),
            action=pl.col("action").first(),
        )
        .sort("swing", "places", "fact", "currency", descending=[True, True, False, False], nulls_last=True)
        .with_columns(says=_says())
    )
    columns, none = told("unknown_tables.facts.columns"), told("unknown_tables.none")
    return Grid(columns, none, stored=_STORED, notes=told("unknown_tables.notes")).show(frame)


def unknown_bounds_table(run: Run) -> GT:
    """Show for each product what its places with missing facts cost at the least and the most, and what is counted."""
    frame = run.unknowns.filter(pl.col("rank").is_null()).sort("entity_id", "product")
    columns, none = told("unknown_tables.bounds.columns"), told("unknown_tables.none")
    return Grid(columns, none, stored=_STORED, notes=told("unknown_tables.notes")).show(frame)


def _says() -> pl.Expr:
    return pl.col("fact").replace({fact: row["says"] for fact, row in facts().items()})
