"""Charts of the report. Each adds up in Polars first, so that ten million rows draw as fast as ten thousand.

Every function takes lazy frames and returns a chart of at most a few dozen marks whose description is its
text alternative. Where there is nothing to draw, the chart is a sentence that says so. Numbers become
floating point only here, for drawing.
"""

from collections.abc import Callable

import altair as alt
import polars as pl

from lmanalytics.report.charts.marks import (
    WIDTH,
    Chart,
    by_size,
    currency,
    data,
    described,
    sentence_chart,
    stacked_bars,
)
from lmanalytics.report.charts.theme import ALARM, CAUTION, DARK, GREY, LIGHT, LINES, MIDDLE
from lmanalytics.report.display import amount
from lmanalytics.report.reasons import words
from lmanalytics.report.texts import say, told

Named = Callable[[pl.DataFrame], pl.DataFrame]
_COUNTED = ("licensed", "short", "used")
_LEFT_OUT = ("excluded", "not_licensable", "excluded_by_correction")
_REPLACED = ("superseded", "duplicate")
_OPTIONS, _OTHERS = (DARK, LIGHT, MIDDLE, "white"), "#8a8a8a"  # apart from one another in grey print, too
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")


def position_chart(position: pl.LazyFrame) -> Chart:
    """Draw what is covered, short and over for each product, edition and version, by metric."""
    place = told("charts.position")
    states = place["states"]
    counts = list(states)
    rows = (
        position.filter(pl.all_horizontal(pl.col(counts).is_not_null()))
        .group_by(name=_joined("product", "edition", "version"), metric="metric")
        .agg(pl.col(counts).sum())
        .filter(pl.max_horizontal(counts) > 0)
        .sort(["metric", "shortage", "assigned", "surplus", "name"], descending=[False, True, True, True, False])
        .unpivot(counts, index=["name", "metric"], variable_name="state", value_name="count")
        .with_columns(pl.col("state").replace(states))
        .collect(engine="streaming")
    )
    if rows.is_empty():
        return sentence_chart(place["none"])
    short = rows.filter((pl.col("state") == states["shortage"]) & (pl.col("count") > 0))["name"].to_list()
    said = say("charts.position.short", names=", ".join(short)) if short else place["nothing_short"]
    colors = dict(zip(states.values(), (DARK, ALARM, LIGHT), strict=True))
    return stacked_bars(rows, colors, place["unit"], f"{place['description']} {said}")


def accounts_chart(accounts: pl.LazyFrame) -> Chart:
    """Draw where the rows of each table and product went: counted, left out, not computable, rejected."""
    place = told("charts.accounts")
    states = place["states"]
    colors = dict(zip(states.values(), (DARK, LIGHT, "white", CAUTION, ALARM), strict=True))
    outcome = pl.col("outcome")
    state = (
        pl.when(outcome.is_in(_COUNTED))
        .then(pl.lit(states["counted"]))
        .when(outcome.is_in(_LEFT_OUT))
        .then(pl.lit(states["left_out"]))
        .when(outcome == "not_computable")
        .then(pl.lit(states["not_computable"]))
        .when(outcome.is_in(_REPLACED))
        .then(pl.lit(states["superseded"]))
        .otherwise(pl.lit(states["rejected"]))
    )
    rows = (
        accounts.group_by(name=words("table"), state=state).agg(count=pl.col("rows").sum()).collect(engine="streaming")
    )
    if rows.is_empty():
        return sentence_chart(place["none"])
    return stacked_bars(by_size(rows), colors, place["unit"], place["description"])


def os_chart(oses: pl.LazyFrame) -> Chart:
    """Draw operating system environments by product and version, running and not running."""
    place = told("charts.os")
    running, stopped = place["states"]["running"], place["states"]["stopped"]
    name = _joined("os_product", "os_version")
    name = pl.when(name == "").then(pl.lit(place["unknown"])).otherwise(name)
    state = pl.when("is_running").then(pl.lit(running)).otherwise(pl.lit(stopped))
    rows = oses.group_by(name=name, state=state).agg(count=pl.len().cast(pl.Int64)).collect(engine="streaming")
    if rows.is_empty():
        return sentence_chart(place["none"])
    return stacked_bars(by_size(rows), {running: DARK, stopped: LIGHT}, place["unit"], place["description"])


def option_chart(plan: pl.LazyFrame) -> Chart:
    """Draw how many hosts and other subjects are licensed by which option, for each product."""
    place = told("charts.option")
    without, others = place["without"], place["others"]
    state = words("option").fill_null(without)
    rows = plan.group_by(name="product", state=state).agg(count=pl.len().cast(pl.Int64)).collect(engine="streaming")
    if rows.is_empty():
        return sentence_chart(place["none"])
    size = rows.filter(pl.col("state") != without).group_by("state").agg(pl.col("count").sum())
    names = size.sort("count", "state", descending=[True, False])["state"].to_list()
    kept = names[: len(_OPTIONS)]
    known = pl.col("state").is_in([*kept, without])
    rows = rows.with_columns(state=pl.when(known).then("state").otherwise(pl.lit(others)))
    rows = rows.group_by("name", "state").agg(pl.col("count").sum())
    colors: dict[str, str] = dict(zip(kept, _OPTIONS, strict=False))
    colors |= {others: _OTHERS} if len(kept) < len(names) else {}
    colors |= {without: ALARM} if without in rows["state"] else {}
    return stacked_bars(by_size(rows), colors, place["unit"], place["description"])


def cost_chart(alternatives: pl.LazyFrame, named: Named = pl.DataFrame.clone, limit: int = 12) -> Chart:
    """Draw what every option would cost at list price for the subjects that cost most, the chosen option filled.

    `named` puts names in the place of the ids in `subject_id`, as `Run.named` does.
    """
    place = told("charts.cost")
    key = ["entity_id", "subject_kind", "subject_id", "product"]
    priced = alternatives.filter(pl.col("cost").is_not_null())
    top = priced.group_by(key).agg(
        rank=pl.col("cost").filter("is_chosen").sum(), options=pl.col("option").n_unique()
    )  # fmt: skip
    top = top.filter(pl.col("options") > 1).sort("rank", *key, descending=[True, *[False] * len(key)]).head(limit)
    rows = named(
        priced.join(top.select(*key, "rank"), on=key)
        .select(
            "rank",
            *key,
            option=words("option"),
            is_chosen=pl.when("is_chosen").then(pl.lit(place["chosen"])).otherwise(pl.lit(place["not_chosen"])),
            cost=pl.col("cost").cast(pl.Float64),
            currency="currency",
        )
        .sort("rank", *key, "option", descending=[True, *[False] * (len(key) + 1)])
        .collect(engine="streaming")
    )
    with_product = pl.format("{}, {}", "product", "subject_id")
    rows = rows.with_columns(name=with_product if rows["product"].n_unique() > 1 else pl.col("subject_id"))
    if rows.is_empty():
        return sentence_chart(place["none"])
    order = rows["name"].unique(maintain_order=True).to_list()
    options = rows["option"].unique().sort().to_list()
    base = alt.Chart(data(rows.select("name", "option", "is_chosen", "cost"))).encode(
        x=alt.X(
            "cost:Q", title=say("charts.cost.x", currency=currency(rows)), axis=alt.Axis(format=",.0f", tickCount=6)
        ),
        y=alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=300)),
    )
    shapes = alt.Scale(domain=options, range=[_SHAPES[n % len(_SHAPES)] for n in range(len(options))])
    points = base.mark_point(size=90, strokeWidth=2, opacity=1).encode(
        shape=alt.Shape("option:N", title=None, scale=shapes, legend=alt.Legend(columns=2)),
        stroke=alt.Stroke("option:N", title=None, scale=alt.Scale(domain=options, range=list(LINES))),
        fill=alt.condition(alt.datum.is_chosen == place["chosen"], alt.value(DARK), alt.value("white")),
        tooltip=["name:N", "option:N", "is_chosen:N", alt.Tooltip("cost:Q", format=",.2f")],
    )
    chart = alt.layer(base.mark_line(color=GREY, strokeWidth=1).encode(detail="name:N"), points)
    return described(
        chart.properties(width=WIDTH - 80, height=alt.Step(22)),
        say("charts.cost.description", count=amount(len(order))),
    )


def _joined(*columns: str) -> pl.Expr:
    return pl.concat_str(*columns, separator=" ", ignore_nulls=True)
