"""The chart of scenarios: what each would have to order and lacks, by product, under one another."""

import altair as alt
import polars as pl

from lmanalytics.report.charts.marks import MOST, WIDTH, Chart, currency, data, described, sentence_chart
from lmanalytics.report.charts.theme import CATEGORIES, GREY, INK
from lmanalytics.report.texts import say, told

_ALL = "*"


def scenarios_chart(compared: pl.DataFrame) -> Chart:
    """Draw a bar per scenario, by product: licenses short, and the cost of the order where prices are known.

    Args:
        compared: scenario, title, product, edition, metric, short, outlay and currency, as a comparison of scenarios
            has them; the first scenario is the base. The first `MOST` scenarios are drawn.

    """
    titles = compared["title"].unique(maintain_order=True).to_list()
    if not titles:
        return sentence_chart(told("charts_scenarios.none"))
    rows = compared.filter((pl.col("product") != _ALL) & pl.col("title").is_in(titles[:MOST])).with_columns(
        name=pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    )
    parts = [part for part in (_bars(rows, titles, "outlay"), _bars(rows, titles, "short")) if part is not None]
    if not parts:
        return sentence_chart(told("charts_scenarios.nothing_short"))
    chart = alt.vconcat(*parts).resolve_scale(color="shared")
    cut = say("charts_scenarios.cut", most=MOST, all=len(titles)) if len(titles) > MOST else ""
    return described(chart, say("charts_scenarios.description", said=_said(compared, titles)) + cut)


def _bars(rows: pl.DataFrame, titles: list[str], measure: str) -> Chart | None:
    """Draw one measure; None where it is nothing for all of them, or unknown."""
    shown = (
        rows.with_columns(amount=pl.col(measure).cast(pl.Float64))
        .filter(pl.col("amount") > 0)
        .group_by("title", "name")
        .agg(pl.col("amount").sum())
    )
    if shown.is_empty():
        return None
    names, rest = _largest(rows), told("charts_scenarios.rest")
    shown = (
        shown.with_columns(name=pl.when(pl.col("name").is_in(names)).then("name").otherwise(pl.lit(rest)))
        .group_by("title", "name")
        .agg(pl.col("amount").sum())
        .sort("title", "name")
    )
    colors = [*names, rest]
    unit = say(f"charts_scenarios.{measure}", currency=currency(rows))
    chart: Chart = (
        alt.Chart(data(shown))
        .mark_bar(stroke=INK, strokeWidth=0.4)
        .encode(
            x=alt.X("amount:Q", title=unit, axis=alt.Axis(format=",.0f", tickCount=6)),
            y=alt.Y("title:N", title=None, sort=titles[:MOST], scale=alt.Scale(domain=titles[:MOST])),
            color=alt.Color(
                "name:N", title=None, scale=alt.Scale(domain=colors, range=[*CATEGORIES[: len(names)], GREY]),
                legend=alt.Legend(columns=2),
            ),
            tooltip=["title:N", "name:N", alt.Tooltip("amount:Q", format=",.2f")],
        )
        .properties(width=WIDTH, height=alt.Step(24))
    )  # fmt: skip
    return chart


def _largest(rows: pl.DataFrame) -> list[str]:
    """Name the products that cost most, or lack most licenses; what is left shares one color."""
    sizes = (
        rows.group_by("name")
        .agg(pl.col("outlay").sum(), pl.col("short").sum())
        .filter((pl.col("short") > 0) | (pl.col("outlay") > 0))
    )
    ordered = sizes.sort("outlay", "short", "name", descending=[True, True, False], nulls_last=True)
    return ordered["name"].head(len(CATEGORIES) - 2).to_list()


def _said(compared: pl.DataFrame, titles: list[str]) -> str:
    totals = compared.filter((pl.col("product") == _ALL) & pl.col("title").is_in(titles[:MOST]))
    short = pl.col("short").cast(pl.String).fill_null(told("charts_scenarios.unknown"))
    return " ".join(totals.select(pl.format(told("charts_scenarios.each"), "title", short)).to_series())
