"""The calendar of Extended Security Updates: product and version by year, with what is covered and what lacks."""

from datetime import date, timedelta

import altair as alt
import polars as pl

from lmanalytics.report.charts.marks import WIDTH, Chart, data, described, sentence_chart
from lmanalytics.report.charts.theme import ALARM, CAUTION, DARK, GREY, INK
from lmanalytics.report.locales import locale
from lmanalytics.report.texts import say, told

MOST = 14
"""Products and versions that are drawn: those that lack most licenses."""
_OPEN_YEAR = timedelta(days=364)
_LINE = ["product", "version", "esu_year"]


def esu_calendar(esu: pl.LazyFrame, as_of: str) -> Chart:
    """Draw a bar from the first to the last day of each year that something needs, with the licenses that it lacks.

    A year whose first day is not published is not drawn; where the last day is not, the bar is a year long. Bars bear
    numbers, and states differ in their darkness, so that the chart can be read in grey print.

    Args:
        esu: the answer.
        as_of: the position date, drawn as a line.

    """
    rows = _years(esu)
    if rows.is_empty():
        return sentence_chart(told("charts_esu.empty"))
    order = rows["name"].unique(maintain_order=True).to_list()
    colors = dict(zip(told("charts_esu.states").values(), (ALARM, CAUTION, DARK, GREY), strict=True))
    base = alt.Chart(data(rows)).encode(y=alt.Y("name:N", title=None, sort=order, scale=alt.Scale(paddingInner=0.3)))
    axis = alt.Axis(format="%Y", tickCount="year", grid=True)
    bars = base.mark_bar(stroke="#555555", strokeWidth=0.6).encode(
        x=alt.X("start:T", title=None, axis=axis),
        x2="end:T",
        color=alt.Color("state:N", title=None, scale=alt.Scale(domain=[*colors], range=[*colors.values()])),
        tooltip=["name:N", "year:N", "first:N", "last:N", "state:N", "required:Q", "covered:Q", "gap:Q"],
    )
    numbers = base.mark_text(align="left", baseline="middle", dx=4, fontSize=10).encode(
        x="start:T",
        text="label:N",
        color=alt.condition(
            f"datum.state === '{told('charts_esu.states.covered')}'", alt.value("white"), alt.value(INK)
        ),
    )
    today = alt.Chart(data(pl.DataFrame({"day": [as_of]})))
    rule = today.mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=INK).encode(x="day:T")
    chart = alt.layer(bars, rule, numbers).properties(width=WIDTH, height=alt.Step(26))
    return described(chart, _description(rows, as_of))


def _years(esu: pl.LazyFrame) -> pl.DataFrame:
    """Add up by product, version and year; the names that lack most first, of which `MOST` are kept."""
    states = told("charts_esu.states")
    known = pl.col("licenses_required").is_not_null().all()
    state = (
        pl.when(pl.col("gap") > 0)
        .then(pl.when(pl.col("covered") > 0).then(pl.lit(states["in_part"])).otherwise(pl.lit(states["short"])))
        .when("known")
        .then(pl.lit(states["covered"]))
        .otherwise(pl.lit(states["unknown"]))
    )
    end = pl.coalesce("period_end", pl.col("period_start") + _OPEN_YEAR)
    summed = (
        esu.group_by(_LINE)
        .agg(
            pl.col("period_start", "period_end").min(),
            required=pl.col("licenses_required").sum(),
            covered=pl.col("licenses_covered").sum(),
            gap=pl.col("gap").sum(),
            known=known,
        )
        .filter(pl.col("period_start").is_not_null())
        .with_columns(name=pl.concat_str("product", "version", separator=" ", ignore_nulls=True), state=state, end=end)
        .collect(engine="streaming")
    )
    size = summed.group_by("name").agg(pl.col("gap").sum(), pl.col("period_start").min())
    kept = size.sort("gap", "period_start", "name", descending=[True, False, False]).head(MOST).with_row_index("place")
    return (
        summed.join(kept.select("name", "place"), on="name")
        .sort("place", "esu_year")
        .select(
            "name", "required", "covered", "gap", "state",
            year=pl.col("esu_year").cast(pl.String),
            label=pl.when(pl.col("gap") > 0)
            .then(pl.format(told("charts_esu.lacking"), "esu_year", locale().numbers(pl.col("gap"))))
            .otherwise(pl.format(told("charts_esu.met"), "esu_year")),
            start=pl.col("period_start").cast(pl.String),
            end=pl.col("end").cast(pl.String),
            first=pl.col("period_start").cast(pl.String),
            last=pl.col("period_end").cast(pl.String).fill_null(told("charts_esu.open")),
        )
    )  # fmt: skip


def _description(rows: pl.DataFrame, as_of: str) -> str:
    said = [say("charts_esu.bar", **row) for row in rows.to_dicts()]
    return say("charts_esu.description", day=date.fromisoformat(as_of), years="; ".join(said))
