"""Cards of clusters: where Standard and Datacenter break even, and where the hosts of each cluster stand."""

from datetime import date
from decimal import Decimal

import altair as alt
import polars as pl

from lmanalytics.report.chapters.virtualization_tables import WINDOWS, cluster_names, placed
from lmanalytics.report.charts.marks import Chart, data, described, sentence_chart
from lmanalytics.report.charts.theme import ALARM, DARK, GREY, LIGHT, MIDDLE
from lmanalytics.report.display import amount
from lmanalytics.report.run import Run
from lmanalytics.report.texts import say, told
from lmanalytics.rules.demand import windows_server_standard
from lmanalytics.rules.engine import in_force
from lmanalytics.rules.parameters import load_rule_file

_MOST = 12
_COLUMNS = 3
_FARTHEST = 60
"""The most OSEs on a host to which a card is drawn; no host of a real estate is near it."""
_SIDES = {"datacenter_physical_cores": "datacenter", "standard_physical_cores": "standard"}
_PAINTS = {"datacenter physical cores": DARK, "standard physical cores": MIDDLE,
           "standard physical and virtual cores": LIGHT, "virtual cores": "white"}  # fmt: skip
_SHAPES = {"datacenter physical cores": "square", "standard physical cores": "circle",
           "standard physical and virtual cores": "triangle-up", "virtual cores": "diamond"}  # fmt: skip


def cluster_cards(run: Run, limit: int = _MOST) -> Chart:
    """Draw a card for each of the clusters that cost most: the break-even curve, and its hosts at their peak.

    The curve is in cost for each core, so that hosts of any size share it: Standard is bought again for every further
    set of OSEs, Datacenter once. Hosts with the same peak and option are one point.
    """
    prices = _prices(run)
    hosts = _hosts(run, limit) if prices else pl.DataFrame()
    if prices is None or hosts.is_empty():
        return sentence_chart(told("charts_clusters.none"))
    standard, datacenter, currency = prices
    parameter = in_force(load_rule_file(windows_server_standard), "oses_per_set", date.fromisoformat(run.as_of))
    per_set = int(str(parameter.value))
    meet = int(datacenter // standard) * per_set
    farthest = min(_FARTHEST, max(int(hosts.select(pl.col("peak").max()).item()), meet + 2 * per_set))
    lines = _lines(hosts["card"].unique(maintain_order=True).to_list(), standard, datacenter, per_set, farthest)
    cards = pl.concat([lines, hosts.select("card", "peak", "option", "cost", "hosts")], how="diagonal")
    chosen = [name for name in _PAINTS if name in hosts["option"].to_list()]
    strokes = {told("charts_clusters.standard"): GREY, told("charts_clusters.datacenter"): ALARM}
    x = alt.X("peak:Q", title=told("charts_clusters.x"), axis=alt.Axis(format="d", tickMinStep=2, tickCount=5))
    y = alt.Y("cost:Q", title=say("charts_clusters.y", currency=currency), axis=alt.Axis(format=",.0f", tickCount=4))
    lines_legend, points_legend = alt.Legend(symbolType="stroke", columns=1), alt.Legend(columns=2)
    base = alt.Chart().encode(x=x, y=y).properties(width=150, height=100)
    curve = (
        base.transform_filter("isValid(datum.line)")
        .mark_line(interpolate="step-before", strokeWidth=1.6)
        .encode(
            stroke=alt.Stroke(
                "line:N", title=None, legend=lines_legend, scale=alt.Scale(domain=[*strokes], range=[*strokes.values()])
            ),
            strokeDash=alt.StrokeDash(
                "line:N", title=None, legend=lines_legend, scale=alt.Scale(domain=[*strokes], range=[[1, 0], [5, 3]])
            ),
        )
    )
    points = (
        base.transform_filter("isValid(datum.option)")
        .mark_point(stroke="#222222", strokeWidth=0.8, opacity=1)
        .encode(
            fill=alt.Fill(
                "option:N",
                title=None,
                legend=points_legend,
                scale=alt.Scale(domain=chosen, range=[_PAINTS[n] for n in chosen]),
            ),
            shape=alt.Shape(
                "option:N",
                title=None,
                legend=points_legend,
                scale=alt.Scale(domain=chosen, range=[_SHAPES[n] for n in chosen]),
            ),
            size=alt.Size(
                "hosts:Q", title=told("charts_clusters.hosts"), scale=alt.Scale(range=[40, 160]), legend=None
            ),
            tooltip=["card:N", "option:N", "peak:Q", "hosts:Q", alt.Tooltip("cost:Q", format=",.2f")],
        )
    )
    order = hosts["card"].unique(maintain_order=True).to_list()
    chart = alt.layer(curve, points, data=data(cards)).facet(
        facet=alt.Facet("card:N", title=None, sort=order), columns=_COLUMNS
    ).resolve_scale(stroke="shared")  # fmt: skip
    text = say("charts_clusters.description", count=amount(len(order)), oses=amount(per_set), meet=amount(meet))
    return described(chart, text)


def _prices(run: Run) -> tuple[Decimal, Decimal, str] | None:
    """Return what a core costs at list in each edition; None unless both are known, in one currency."""
    rows = run.demand.filter(
        (pl.col("product") == WINDOWS)
        & pl.col("option").is_in(list(_SIDES))
        & (pl.col("licenses_required") > 0)
        & pl.col("cost").is_not_null()
    )
    unit = pl.col("cost").sum() / pl.col("licenses_required").sum().cast(pl.Decimal(38, 0))
    found = rows.group_by("option", "currency").agg(unit.alias("unit")).sort("option", "currency").collect()
    by_side = {_SIDES[row["option"]]: row["unit"] for row in found.to_dicts()}
    if found.height != len(_SIDES) or found["currency"].n_unique() != 1 or len(by_side) != len(_SIDES):
        return None
    return by_side["standard"], by_side["datacenter"], str(found["currency"][0] or "")


def _hosts(run: Run, limit: int) -> pl.DataFrame:
    """Add up the hosts of the clusters that cost most: card, peak, option, hosts and the mean cost of a core."""
    rows = (
        placed(run)
        .filter((pl.col("product") == WINDOWS) & (pl.col("subject_kind") == "host") & (pl.col("cores") > 0))
        .filter(pl.col("cost").is_not_null() & (pl.col("peak") > 0) & (pl.col("peak") <= _FARTHEST))
        .filter(pl.col("option").is_in(list(_PAINTS)))
        .group_by("entity_id", "peak", "option", cluster=cluster_names())
        .agg(pl.col("cost", "cores").sum(), hosts=pl.len().cast(pl.Int64))
    )
    cluster = ["entity_id", "cluster"]
    top = (
        rows.group_by(cluster)
        .agg(total=pl.col("cost").sum(), all_hosts=pl.col("hosts").sum())
        .sort("total", *cluster, descending=[True, False, False])
        .head(limit)
    )
    card = pl.format(told("charts_clusters.card").format(cluster="{}", hosts="{}"), "cluster", "all_hosts")
    return (
        rows.join(top, on=cluster)
        .sort("total", *cluster, "peak", "option", descending=[True, False, False, False, False])
        .select(
            card=card,
            peak="peak",
            option="option",
            hosts="hosts",
            cost=pl.col("cost").cast(pl.Float64) / pl.col("cores"),
        )
        .collect(engine="streaming")
    )


def _lines(cards: list[str], standard: Decimal, datacenter: Decimal, per_set: int, farthest: int) -> pl.DataFrame:
    """Lay both curves on every card: Standard rises with each set that the OSEs need, Datacenter stays."""
    counts = pl.DataFrame({"peak": [1, *range(per_set, farthest + per_set, per_set)]}).filter(
        pl.col("peak") <= farthest
    )
    sets = (pl.col("peak") + per_set - 1) // per_set
    curves = pl.concat(
        counts.select("peak", line=pl.lit(told(f"charts_clusters.{side}")), cost=cost)
        for side, cost in (("standard", sets * float(standard)), ("datacenter", pl.lit(float(datacenter))))
    )
    return pl.DataFrame({"card": cards}).join(curves, how="cross")
