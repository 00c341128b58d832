"""The tornado: how far the cost may lie below or above what is counted, for each fact that no export states."""

from collections.abc import Callable

import altair as alt
import polars as pl

from lmanalytics.evidence.unknowns import facts
from lmanalytics.report.charts.marks import WIDTH, Chart, currency, data, described, sentence_chart
from lmanalytics.report.charts.theme import DARK, INK, LIGHT
from lmanalytics.report.display import amount
from lmanalytics.report.texts import say, told

Named = Callable[[pl.DataFrame], pl.DataFrame]
_MOST = 15


def fact_tornado(unknowns: pl.LazyFrame) -> Chart:
    """Draw for each fact what all places together may cost less or more than is counted, at list price."""
    words = {fact: row["says"] for fact, row in facts().items()}
    rows = _ends(unknowns).group_by("fact", "currency").agg(pl.col("less", "more").sum(), count=pl.len())
    named = rows.collect(engine="streaming").with_columns(name=pl.col("fact").replace(words))
    return _tornado(named, told("charts_unknowns.facts"))


def place_tornado(unknowns: pl.LazyFrame, named: Named = pl.DataFrame.clone) -> Chart:
    """Draw the places on whose facts most money depends; `named` puts names in the place of the ids."""
    top = _ends(unknowns).filter(pl.col("rank").is_not_null()).sort("rank").head(_MOST)
    rows = named(top.collect(engine="streaming"))
    words = {fact: row["says"] for fact, row in facts().items()}
    full = pl.format("{}, {}: {}", "subject_id", "product", pl.col("fact").replace(words))
    name = pl.when(pl.len().over("subject_id") > 1).then(full).otherwise("subject_id")
    return _tornado(rows.with_columns(name=name), told("charts_unknowns.places"))


def _ends(unknowns: pl.LazyFrame) -> pl.LazyFrame:
    """Give the distance of both ends from what is counted; a place that is not counted counts nothing."""
    counted = pl.col("cost_counted").fill_null(0)
    return unknowns.filter(pl.col("rank").is_not_null() & (pl.col("swing") > 0)).select(
        "entity_id", "subject_id", "product", "fact", "rank", "currency",
        less=pl.col("cost_least") - counted, more=pl.col("cost_most") - counted,
    )  # fmt: skip


def _tornado(rows: pl.DataFrame, what: str) -> Chart:
    """Draw a bar from the least to the most of each name, parted at what is counted."""
    if rows.is_empty():
        return sentence_chart(told("charts_unknowns.none"))
    ends = dict(zip(told("charts_unknowns.ends"), (LIGHT, DARK), strict=True))
    several = rows["currency"].n_unique() > 1
    name = pl.when(several).then(pl.format("{} ({})", "name", "currency")).otherwise("name")
    ordered = rows.with_columns(name=name, wide=pl.col("more") - pl.col("less")).sort(
        ["wide", "name"], descending=[True, False]
    )
    shown = ordered.head(_MOST)
    order = shown["name"].to_list()
    less, more = pl.col("less").cast(pl.Float64), pl.col("more").cast(pl.Float64)
    parts = dict(zip(ends, ((less, pl.min_horizontal(more, 0.0)), (pl.max_horizontal(less, 0.0), more)), strict=True))
    bars = pl.concat(
        shown.select("name", end=pl.lit(end), start=start, stop=stop).filter(pl.col("start") < pl.col("stop"))
        for end, (start, stop) in parts.items()
    )
    cut = say("charts_unknowns.cut", most=_MOST, all=ordered.height) if ordered.height > _MOST else ""
    axis = alt.Axis(format="+,.0f", tickCount=6)
    base = alt.Chart(data(bars)).encode(y=alt.Y("name:N", sort=order, title=None))
    drawn = base.mark_bar(stroke="#555555", strokeWidth=0.4).encode(
        x=alt.X("start:Q", title=say("charts_unknowns.x", currency=currency(rows)) + cut, axis=axis),
        x2="stop:Q",
        color=alt.Color("end:N", title=None, scale=alt.Scale(domain=[*ends], range=[*ends.values()])),
        tooltip=["name:N", "end:N", alt.Tooltip("start:Q", format="+,.2f"), alt.Tooltip("stop:Q", format="+,.2f")],
    )
    zero = alt.Chart(data(pl.DataFrame({"x": [0.0]}))).mark_rule(color=INK, strokeWidth=1).encode(x="x:Q")
    first = shown.row(0, named=True)
    least, most = (amount(first[end]) for end in ("less", "more"))
    text = say(
        "charts_unknowns.description", count=amount(len(order)), what=what, name=first["name"], least=least, most=most,
        currency=f" {first['currency']}" if first["currency"] else "",
    )  # fmt: skip
    chart = alt.layer(drawn, zero).properties(width=WIDTH, height=alt.Step(22))
    return described(chart, text)
