"""Tables of the difference from an earlier run: causes, balances, and the subjects that are licensed otherwise."""

import polars as pl
from great_tables import GT

from lmanalytics.report.charts.difference import waterfall_chart
from lmanalytics.report.charts.marks import Chart, sentence_chart
from lmanalytics.report.display import Grid, Markdown, day, escape, sentence_table
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.sentences import bullets, paragraphs
from lmanalytics.report.since import Change
from lmanalytics.report.texts import say, told

_ELSEWHERE = "elsewhere"
_ENDS = ("before", "after")
_COUNTS = ("required", "owned", "shortage", "surplus")


def difference_words(change: Change | None) -> Markdown:
    """Say which run this one is compared with, and what a reader should know; or that there is none."""
    if change is None:
        return paragraphs(told("difference_tables.none"))
    opening = say("difference_tables.opening", run=escape(change.before), day=day(change.before_as_of))
    return paragraphs(opening, bullets([escape(note) for note in change.notes]))


def causes_table(change: Change | None, limit: int = 60) -> GT:
    """List what each cause changed, by metric and currency, from before to after; the rows add up."""
    if change is None:
        return _nothing()
    moved = pl.any_horizontal(pl.col(c).is_null() | (pl.col(c) != 0) for c in (*_COUNTS, "shortage_cost"))
    detail = pl.when(pl.col("detail") != "").then(pl.format(" ({})", "detail")).otherwise(pl.lit(""))
    is_end = pl.col("cause").is_in(_ENDS)
    frame = (
        change.table("waterfall")
        .filter(is_end | moved)
        .with_columns(
            heading=pl.format(told("difference_tables.causes.heading"), words("metric"))
            + pl.format(", {}", "currency").fill_null(""),
            said=words("cause") + detail,
        )
        .sort("metric", "currency", "step", nulls_last=True)
    )
    return _grid("causes", limit, heading="heading").show(frame)


def balances_table(change: Change | None, limit: int = 60) -> GT:
    """List the balances that changed: required, owned and short, before and now."""
    if change is None:
        return _nothing()
    moved = pl.any_horizontal(pl.col(f"{c}_before").ne_missing(pl.col(f"{c}_after")) for c in _COUNTS)
    frame = (
        change.table("balances")
        .filter(moved)
        .with_columns(words("metric"), name=pl.concat_str("product", "edition", separator=" ", ignore_nulls=True))
        .sort("name", "metric", "entity_id", nulls_last=True)
    )
    strong = {"shortage_changed": pl.col("shortage_changed") > 0}
    return _grid("balances", limit, strong=strong).show(frame)


def changed_subjects_table(run: Run, change: Change | None, limit: int = 30) -> GT:
    """List the subjects that are licensed otherwise; those first to whose own machines something happened."""
    if change is None:
        return _nothing()
    frame = (
        change.table("subjects")
        .sort(pl.col("causes") == _ELSEWHERE, "product", "subject_id")
        .with_columns(
            words("option_before"),
            words("option_after"),
            causes=words("causes").str.replace_all(";", ", ", literal=True),
        )
    )
    return _grid("subjects", limit, named=run.named).show(frame)


def waterfall(change: Change | None, measure: str) -> Chart:
    """Draw how one cause after the other leads from the earlier run to this one: `shortage` or `shortage_cost`."""
    if change is None:
        return sentence_chart(told("difference_tables.nothing"))
    return waterfall_chart(change.table("waterfall").collect(), measure)


def _grid(name: str, limit: int, **given: object) -> Grid:
    told_of = told(f"difference_tables.{name}")
    notes = (*told_of.get("notes", ()), say("difference_tables.whole", name=name))
    settings: dict[str, object] = {"notes": notes}
    return Grid(told_of["columns"], told_of["empty"], limit, **(settings | given))  # type: ignore[arg-type]


def _nothing() -> GT:
    return sentence_table(told("difference_tables.nothing"))
