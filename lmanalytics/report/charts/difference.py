"""The waterfall of a difference: from what was short, cause by cause, to what is short now."""

import altair as alt
import polars as pl

from lmanalytics.report.charts.marks import WIDTH, Chart, data, described, sentence_chart
from lmanalytics.report.charts.theme import ALARM, DARK, INK, MIDDLE, enable_charts, render
from lmanalytics.report.texts import say, told

_MOST = 12
_ENDS = ("before", "after")
_DETAILED = ("date_passed", "policy_changed", "tables_given")
_WHOLE = "datum.value % 1 ? '' : datum.label"


def waterfall_chart(waterfall: pl.DataFrame, measure: str = "shortage_cost", unit: str | None = None) -> Chart:
    """Draw how one cause after the other leads from the first run to the second.

    Every bar bears its number and a sign, so that it can be read in grey print.

    Args:
        waterfall: as `whatif.diff` gives it.
        measure: the column to draw: licenses or money.
        unit: of what to draw the waterfall: a metric, or for money a currency; without one, the first that changes.

    """
    column = "currency" if measure == "shortage_cost" else "metric"
    rows = waterfall.filter(pl.col(column).is_not_null())
    is_end = pl.col("cause").is_in(_ENDS)
    ends = rows.filter(is_end).group_by(column).agg(pl.col(measure).is_not_null().sum().alias("ends"))
    moves = rows.filter(~is_end, pl.col(measure).fill_null(0) != 0)
    both = ends.filter(pl.col("ends") >= len(_ENDS)).join(moves, on=column, how="semi")[column].sort().to_list()
    what = told("charts_difference.measures").get(measure, measure.replace("_", " "))
    if not both or (unit is not None and unit not in both):
        return sentence_chart(say("charts_difference.none", what=what))
    chosen = unit or both[0]
    rows = _bars(rows.filter((pl.col(column) == chosen) & pl.col(measure).is_not_null()), measure)
    title = f"{what}, {chosen.replace('_', ' ') if column == 'metric' else chosen}"
    order = rows["name"].to_list()
    paints = dict(zip(told("charts_difference.states").values(), (DARK, ALARM, MIDDLE), strict=True))
    scale = alt.Scale(paddingInner=0.25)
    base = alt.Chart(data(rows)).encode(y=alt.Y("name:N", title=None, sort=order, scale=scale))
    digits = ",.2f" if column == "currency" else ",d"
    bars = base.mark_bar(stroke="#555555", strokeWidth=0.4).encode(
        x=alt.X("start:Q", title=title, axis=alt.Axis(format=",d", tickCount=6, labelExpr=_WHOLE)),
        x2="end:Q",
        color=alt.Color("state:N", title=None, scale=alt.Scale(domain=[*paints], range=[*paints.values()])),
        tooltip=["name:N", "state:N", alt.Tooltip("amount:Q", format=digits)],
    )
    numbers = base.mark_text(align="left", dx=5, color=INK).encode(x="edge:Q", text="label:N")
    said = "; ".join(f"{row['name']} {row['label']}" for row in rows.to_dicts())
    chart = alt.layer(bars, numbers).properties(width=WIDTH, height=alt.Step(24))
    return described(chart, say("charts_difference.description", title=title, said=said))


def pictures(waterfall: pl.DataFrame) -> dict[str, str]:
    """Return the waterfalls of licenses short and of their cost as SVG, by name."""
    enable_charts()
    measures = {"waterfall_licenses": "shortage", "waterfall_cost": "shortage_cost"}
    return {n: render(waterfall_chart(waterfall, m).to_dict())["image/svg+xml"] for n, m in measures.items()}


def _bars(rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Give each bar its start, end, label and place; the smallest causes above `_MOST` are one."""
    states = told("charts_difference.states")
    summed = rows.group_by("step", "cause", "detail", maintain_order=True).agg(pl.col(measure).sum()).sort("step")
    is_end = pl.col("cause").is_in(_ENDS)
    steps = summed.filter(~is_end & (pl.col(measure) != 0))
    kept = steps.sort(pl.col(measure).abs(), "step", descending=[True, False]).head(_MOST).sort("step")
    rest = steps.join(kept, on="step", how="anti")
    named = [_named(summed.filter(pl.col("cause") == "before"), measure), _named(kept, measure)]
    if rest.height:
        named.append(
            pl.DataFrame({"name": [told("charts_difference.others")], "amount": [rest[measure].cast(pl.Float64).sum()]})
        )
    named.append(_named(summed.filter(pl.col("cause") == "after"), measure))
    bars = pl.concat(named).with_row_index("place")
    outer = pl.col("place").is_in([0, bars.height - 1])
    level = pl.when(outer).then("amount").otherwise(pl.col("amount").cum_sum())
    ends = bars.with_columns(end=level).with_columns(
        start=pl.when(outer).then(0.0).otherwise(pl.col("end") - pl.col("amount")),
        state=pl.when(outer)
        .then(pl.lit(states["ends"]))
        .when(pl.col("amount") > 0)
        .then(pl.lit(states["more"]))
        .otherwise(pl.lit(states["less"])),
    )
    sign = pl.when(outer).then(pl.lit("")).when(pl.col("amount") > 0).then(pl.lit("+")).otherwise(pl.lit("-"))
    digits = 2 if measure == "shortage_cost" else 0
    text = [f"{abs(value):,.{digits}f}" for value in ends["amount"]]
    return ends.with_columns(edge=pl.max_horizontal("start", "end"), label=sign + pl.Series(text, dtype=pl.String))


def _named(rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    detail = pl.when(pl.col("cause").is_in(_DETAILED)).then(pl.format(" ({})", "detail")).otherwise(pl.lit(""))
    name = pl.col("cause").str.replace_all("_", " ", literal=True) + detail
    return rows.select(name=name, amount=pl.col(measure).cast(pl.Float64))
