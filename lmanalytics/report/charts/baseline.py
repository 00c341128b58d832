"""Charts of the baselines: the funnel of rows, the timeline of Software Assurance, and when it ends."""

from datetime import date

import altair as alt
import polars as pl

from lmanalytics.report.chapters.entitlement_tables import expiring, held_licenses
from lmanalytics.report.charts.marks import WIDTH, Chart, by_size, data, described, sentence_chart, stacked_bars
from lmanalytics.report.charts.theme import ALARM, CAUTION, DARK, GREY, INK, LIGHT, MIDDLE
from lmanalytics.report.display import amount, day
from lmanalytics.report.run import Run
from lmanalytics.report.texts import say, told

_MOST = 24
_COUNTED = ("licensed", "short", "used")
_OLD = ("superseded", "duplicate")
_MONTHS = {0: "within_12", 12: "within_24", 24: "later", -1: "none"}


def funnel_chart(run: Run) -> Chart:
    """Draw how many rows were read, used, accepted, current and counted."""
    words = told("charts_baseline.funnel")
    read, used, rejected = (
        run.sources.select(pl.col("rows_read", "rows_mapped", "rows_quarantined").sum()).collect().row(0)
    )
    if not read:
        return sentence_chart(words["none"])
    outcome, rows = pl.col("outcome"), pl.col("rows")
    told_of = run.accounts.select(
        accepted=rows.filter(outcome != "quarantined").sum(),
        old=rows.filter(outcome.is_in(_OLD)).sum(),
        counted=rows.filter(outcome.is_in(_COUNTED)).sum(),
    )
    accepted, old, counted = told_of.collect().row(0)
    stages = {"read": read, "used": used, "accepted": used - rejected, "current": accepted - old, "counted": counted}
    named = [(words["stages"][name], int(number), amount(int(number))) for name, number in stages.items()]
    bars = pl.DataFrame(named, schema={"name": pl.String, "rows": pl.Int64, "label": pl.String}, orient="row")
    base = alt.Chart(data(bars)).encode(y=alt.Y("name:N", title=None, sort=bars["name"].to_list()))
    drawn = base.mark_bar(color=MIDDLE, stroke="#555555", strokeWidth=0.4).encode(
        x=alt.X("rows:Q", title=None, axis=None, scale=alt.Scale(domainMin=0)),
        tooltip=["name:N", alt.Tooltip("rows:Q", format=",d")],
    )
    numbers = base.mark_text(align="left", dx=5, color=INK).encode(x="rows:Q", text="label:N")
    said = "; ".join(f"{label} {name}" for name, _, label in named)
    chart = alt.layer(drawn, numbers).properties(width=WIDTH - 60, height=alt.Step(24))
    return described(chart, say("charts_baseline.funnel.description", said=said))


def timeline_chart(run: Run, limit: int = _MOST) -> Chart:
    """Draw the periods of Software Assurance by enrollment and product: a bar for each end, thin once it has ended."""
    words = told("charts_baseline.timeline")
    as_of = date.fromisoformat(run.as_of)
    enrollment = pl.col("enrollment_id").fill_null(words["no_enrollment"])
    product = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    lots = held_licenses(run).filter(pl.col("sa_end").is_not_null()).with_columns(
        name=pl.format(words["row"], enrollment, product),
        start=pl.min_horizontal(pl.coalesce("sa_start", "valid_from", "acquired_on", pl.lit(as_of)), "sa_end"),
    )  # fmt: skip
    state = (
        pl.when(pl.col("end") < as_of)
        .then(pl.lit(words["states"]["ended"]))
        .when(pl.col("end") <= pl.lit(as_of).dt.offset_by("12mo"))
        .then(pl.lit(words["states"]["soon"]))
        .otherwise(pl.lit(words["states"]["active"]))
    )
    bars = (
        lots.group_by("name", end="sa_end")
        .agg(start=pl.col("start").min(), licenses=pl.col("quantity").sum())
        .with_columns(state=state, all=pl.col("licenses").sum().over("name"))
        .sort("name", "end")
        .collect(engine="streaming")
    )
    if bars.is_empty():
        return sentence_chart(words["none"])
    names = bars.select("name", "all").unique().sort("all", "name", descending=[True, False])["name"]
    kept = names.head(limit).sort().to_list()
    shown = bars.filter(pl.col("name").is_in(kept)).with_columns(pl.col("start", "end").cast(pl.String))
    paints = dict(zip(words["states"].values(), (DARK, CAUTION, GREY), strict=True))
    base = alt.Chart(data(shown)).encode(y=alt.Y("name:N", title=None, sort=kept))
    drawn = base.mark_bar(stroke="#555555", strokeWidth=0.4, orient="horizontal").encode(
        x=alt.X("start:T", title=words["x"], axis=alt.Axis(format="%Y", tickCount="year")),
        x2="end:T",
        color=alt.Color("state:N", title=None, scale=alt.Scale(domain=[*paints], range=[*paints.values()])),
        size=alt.condition(alt.datum.state == words["states"]["ended"], alt.value(4), alt.value(11)),
        order=alt.Order("end:T", sort="descending"),
        tooltip=["name:N", "state:N", "start:N", "end:N", alt.Tooltip("licenses:Q", format=",d")],
    )
    rule = alt.Chart(data(pl.DataFrame({"x": [run.as_of]}))).mark_rule(color=ALARM, strokeWidth=1.5).encode(x="x:T")
    sums = bars.group_by("state").agg(pl.col("licenses").sum()).sort("state").rows()
    cut = say("charts_baseline.timeline.cut", count=len(kept), all=len(names)) if len(names) > limit else ""
    text = say(
        "charts_baseline.timeline.description", licenses=amount(int(bars["licenses"].sum())), as_of=day(as_of), cut=cut,
        said="; ".join(f"{amount(n)} {name}" for name, n in sums),
    )  # fmt: skip
    return described(alt.layer(drawn, rule).properties(width=WIDTH - 30, height=alt.Step(18)), text)


def expiry_chart(run: Run) -> Chart:
    """Draw how many licenses in force lose Software Assurance within 12 months, 24 months or later."""
    words = told("charts_baseline.expiry")
    states = words["states"]
    state = pl.col("months").replace_strict(_MONTHS, default="unknown", return_dtype=pl.String).replace(states)
    name = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    rows = (
        expiring(run)
        .group_by(name=name, metric="metric", state=state)
        .agg(count=pl.col("licenses").sum())
        .collect(engine="streaming")
    )
    if rows.is_empty():
        return sentence_chart(words["none"])
    paints = (ALARM, CAUTION, DARK, "white", LIGHT)
    colors = {
        states[name]: paint
        for name, paint in zip(("within_12", "within_24", "later", "unknown", "none"), paints, strict=True)
    }
    return stacked_bars(by_size(rows).sort("metric", maintain_order=True), colors, words["unit"], words["description"])
