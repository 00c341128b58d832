"""The marks that charts are made of: stacked bars, and a sentence where there is nothing to draw."""

from collections.abc import Mapping

import altair as alt
import polars as pl

from lmanalytics.report.texts import say, told

WIDTH = 430
MOST = 15
MOST_OF_METRICS = 24
_WHOLE = "datum.value % 1 ? '' : datum.label"
Chart = alt.Chart | alt.FacetChart | alt.LayerChart


def stacked_bars(rows: pl.DataFrame, states: Mapping[str, str], unit: str, description: str) -> Chart:
    """Draw a bar for each name, made of its states.

    Args:
        rows: name, state, count, and metric where units differ (each then has its own scale); the names in
            the order to draw, of which `MOST` are drawn, or `MOST_OF_METRICS`, the first of each; the axis says so.
        states: color of each state, in the order to stack.
        unit: what is counted.
        description: the text alternative; the sum of each state is added.

    """
    key = ["name", "metric"] if "metric" in rows.columns else ["name"]
    bars = rows.select(key).unique(maintain_order=True)
    place = pl.int_range(pl.len()).over("metric") if len(key) > 1 else pl.int_range(pl.len())
    most = MOST if len(key) == 1 else MOST_OF_METRICS
    drawn = bars.with_columns(place=place).sort("place", maintain_order=True).head(most)
    shown = rows.filter(pl.col("count") != 0).join(drawn, on=key, how="semi", maintain_order="left")
    shown = shown.with_columns(order=pl.col("state").replace_strict(list(states), list(range(len(states)))))
    cut = say("marks.cut", most=most, all=bars.height) if bars.height > most else ""
    if len(key) > 1:
        shown = shown.with_columns(
            pl.col("metric").replace(told("tables.metrics")).str.replace_all("_", " ", literal=True)
        )
    metrics = shown["metric"].unique(maintain_order=True).to_list() if "metric" in shown.columns else []
    unit = f"{unit} ({metrics[0]})" if len(metrics) == 1 else unit
    chart: Chart = (
        alt.Chart(data(shown))
        .mark_bar(stroke="#555555", strokeWidth=0.4)
        .encode(
            x=alt.X("count:Q", title=unit + cut, axis=alt.Axis(format=",d", tickCount=6, labelExpr=_WHOLE)),
            y=alt.Y("name:N", title=None, sort=bars["name"].unique(maintain_order=True).to_list()),
            color=alt.Color("state:N", title=None, scale=alt.Scale(domain=[*states], range=[*states.values()])),
            order=alt.Order("order:Q"),
            tooltip=["name:N", "state:N", alt.Tooltip("count:Q", format=",d")],
        )
        .properties(width=WIDTH, height=alt.Step(22))
    )
    if len(metrics) > 1:
        chart = chart.facet(row=alt.Row("metric:N")).resolve_scale(x="independent", y="independent")
    return described(chart, f"{description} {_sums(rows, states)}")


def by_size(rows: pl.DataFrame) -> pl.DataFrame:
    """Sort rows of name, state, count by the sum of their name, largest first."""
    size = pl.col("count").sum().over("name")
    return rows.sort(size, "name", "state", descending=[True, False, False])


def sentence_chart(sentence: str) -> Chart:
    """Say in words why there is nothing to draw, so that captions and references still hold."""
    words = alt.Chart(data(pl.DataFrame({"text": [sentence]}))).mark_text(limit=WIDTH + 200).encode(text="text:N")
    return described(words.properties(width=WIDTH + 200, height=30), sentence)


def data(rows: pl.DataFrame) -> alt.InlineData:
    """Put a small frame into the specification."""
    return alt.InlineData(values=rows.to_dicts())


def currency(rows: pl.DataFrame) -> str:
    """Name the currency of a frame's amounts for an axis."""
    return told("sentences.and").join(rows["currency"].drop_nulls().unique().sort().to_list()) or str(
        told("marks.unknown_currency")
    )


def described(chart: Chart, description: str) -> Chart:
    """Give a chart its text alternative."""
    named: Chart = chart.properties(description=description)
    return named


def _sums(rows: pl.DataFrame, states: Mapping[str, str]) -> str:
    by = ["metric", "state"] if "metric" in rows.columns else ["state"]
    order = pl.col("state").replace_strict(list(states), list(range(len(states))))
    text = pl.format("{} {}", pl.col("count").cast(pl.String), "state")
    if "metric" in by:
        text = pl.format("{}: {}", pl.col("metric").str.replace_all("_", " ", literal=True), text)
    sums = rows.group_by(by).agg(pl.col("count").sum()).filter(pl.col("count") != 0)
    return "; ".join(sums.sort(*by[:-1], order).select(text).to_series().to_list()) + "."
