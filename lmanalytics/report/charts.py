"""Charts of the report. Each adds up in Polars first, so that ten million rows draw as fast as ten thousand.

Every function takes lazy frames and returns a chart of at most a few dozen marks whose description is its
text alternative. Where there is nothing to draw, the chart is a sentence that says so. Numbers become
floating point only here, for drawing.
"""

from collections.abc import Callable
from datetime import date

import altair as alt
import polars as pl

from lmanalytics.report.marks import (
    WIDTH,
    Chart,
    by_size,
    currency,
    data,
    described,
    sentence_chart,
    stacked_bars,
)
from lmanalytics.report.reasons import words
from lmanalytics.report.theme import ALARM, CATEGORIES, CAUTION, DARK, GREY, LIGHT, LINES

Named = Callable[[pl.DataFrame], pl.DataFrame]
_COUNTED, _LEFT_OUT = ("licensed", "short", "used"), ("excluded", "not_licensable")
_REPLACED = ("superseded", "duplicate")
_SCALE = alt.Scale(range=list(LINES))
_NONE = "no option available"
_FARTHEST = 60
"""The most OSEs on a host to which the break-even curve is drawn; no host of a real estate is near it."""


def position_chart(position: pl.LazyFrame) -> Chart:
    """Draw what is covered, short and over for each product, edition and version, by metric."""
    states = {"assigned": "required and covered", "shortage": "short", "surplus": "surplus"}
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
        return sentence_chart(
            "For no product is both known, what is required and what is owned: there is no balance to draw."
        )
    short = rows.filter((pl.col("state") == "short") & (pl.col("count") > 0))["name"].to_list()
    said = f"Short: {', '.join(short)}." if short else "Nothing is short."
    colors = dict(zip(states.values(), (DARK, ALARM, LIGHT), strict=True))
    return stacked_bars(rows, colors, "licenses", f"Licenses covered, short and over for each product. {said}")


def accounts_chart(accounts: pl.LazyFrame) -> Chart:
    """Draw where the rows of each table and product went: counted, left out, not computable, rejected."""
    colors = {
        "counted": DARK,
        "left out for a reason": LIGHT,
        "superseded by newer rows": GREY,
        "not computable": CAUTION,
        "rejected": ALARM,
    }
    outcome = pl.col("outcome")
    state = (
        pl.when(outcome.is_in(_COUNTED))
        .then(pl.lit("counted"))
        .when(outcome.is_in(_LEFT_OUT))
        .then(pl.lit("left out for a reason"))
        .when(outcome == "not_computable")
        .then(pl.lit("not computable"))
        .when(outcome.is_in(_REPLACED))
        .then(pl.lit("superseded by newer rows"))
        .otherwise(pl.lit("rejected"))
    )
    rows = (
        accounts.group_by(name=words("table"), state=state).agg(count=pl.col("rows").sum()).collect(engine="streaming")
    )
    if rows.is_empty():
        return sentence_chart("No rows were read, so there is nothing to draw.")
    return stacked_bars(by_size(rows), colors, "rows", "Rows of each table, by what became of them.")


def expiry_chart(licenses: pl.LazyFrame, as_of: str) -> Chart:
    """Draw how many licenses in force lose Software Assurance within 12 months, 24 months or later."""
    colors = {
        "within 12 months": ALARM,
        "in 12 to 24 months": CAUTION,
        "after 24 months": DARK,
        "end unknown": GREY,
        "no active SA": LIGHT,
    }
    day, end = pl.lit(date.fromisoformat(as_of)), pl.col("sa_end")
    state = (
        pl.when(~pl.col("sa_active"))
        .then(pl.lit("no active SA"))
        .when(end.is_null())
        .then(pl.lit("end unknown"))
        .when(end <= day.dt.offset_by("12mo"))
        .then(pl.lit("within 12 months"))
        .when(end <= day.dt.offset_by("24mo"))
        .then(pl.lit("in 12 to 24 months"))
        .otherwise(pl.lit("after 24 months"))
    )
    in_force = (pl.col("valid_from") <= day).fill_null(value=True) & (pl.col("valid_to") >= day).fill_null(value=True)
    groups = {"name": _joined("product", "edition"), "metric": pl.col("metric"), "state": state}
    rows = (
        licenses.filter(in_force)
        .group_by([e.alias(n) for n, e in groups.items()])
        .agg(count=pl.col("quantity").sum())
        .collect(engine="streaming")
    )
    if rows.is_empty():
        return sentence_chart(
            "No license is known to be in force on the position date, so no end of Software Assurance is drawn."
        )
    ordered = by_size(rows).sort("metric", maintain_order=True)
    return stacked_bars(ordered, colors, "licenses", "Licenses in force by the end of their Software Assurance.")


def os_chart(oses: pl.LazyFrame) -> Chart:
    """Draw operating system environments by product and version, running and not running."""
    name = _joined("os_product", "os_version")
    name = pl.when(name == "").then(pl.lit("unknown")).otherwise(name)
    state = pl.when("is_running").then(pl.lit("running")).otherwise(pl.lit("stopped or unknown"))
    rows = oses.group_by(name=name, state=state).agg(count=pl.len().cast(pl.Int64)).collect(engine="streaming")
    if rows.is_empty():
        return sentence_chart("No operating system environments were given, so there is nothing to draw.")
    colors = {"running": DARK, "stopped or unknown": LIGHT}
    return stacked_bars(by_size(rows), colors, "operating system environments", "OSEs by operating system and version.")


def option_chart(plan: pl.LazyFrame) -> Chart:
    """Draw how many hosts and other subjects are licensed by which option, for each product."""
    state = words("option").fill_null(_NONE)
    rows = plan.group_by(name="product", state=state).agg(count=pl.len().cast(pl.Int64)).collect(engine="streaming")
    if rows.is_empty():
        return sentence_chart("Nothing that requires a license is known, so no option was chosen.")
    size = rows.group_by("state").agg(pl.col("count").sum()).sort("count", "state", descending=[True, False])
    colors = {name: CATEGORIES[n % len(CATEGORIES)] for n, name in enumerate(size["state"])}
    colors |= {_NONE: ALARM} if _NONE in colors else {}
    return stacked_bars(by_size(rows), colors, "hosts and other subjects", "Subjects by the option that licenses them.")


def cost_chart(demand: pl.LazyFrame, plan: pl.LazyFrame, named: Named = pl.DataFrame.clone, limit: int = 12) -> Chart:
    """Draw what every option would cost for the subjects that cost most, the chosen option filled.

    `named` puts names in the place of the ids in `subject_id`, as `Run.named` does.
    """
    key = ["entity_id", "subject_id", "product"]
    top = (
        plan.filter(pl.col("cost").is_not_null())
        .sort(["cost", *key], descending=[True, False, False, False])
        .head(limit)
    )
    rows = (
        demand.filter(pl.col("is_available") & pl.col("cost").is_not_null())
        .join(top.select(*key, chosen="option", rank=pl.col("cost")), on=key)
        .select(
            "rank",
            *key,
            option=words("option"),
            is_chosen=pl.when(pl.col("option") == pl.col("chosen"))
            .then(pl.lit("chosen"))
            .otherwise(pl.lit("not chosen")),
            cost=pl.col("cost").cast(pl.Float64),
            currency="currency",
        )
        .sort("rank", *key, "option", descending=[True, False, False, False, False])
        .collect(engine="streaming")
    )
    named_rows = named(rows)
    with_product = pl.format("{}, {}", "subject_id", "product")
    rows = named_rows.with_columns(name=with_product if rows["product"].n_unique() > 1 else pl.col("subject_id"))
    if rows.is_empty():
        return sentence_chart("No prices were given, so the options cannot be compared by cost.")
    order = rows["name"].unique(maintain_order=True).to_list()
    base = alt.Chart(data(rows.select("name", "option", "is_chosen", "cost"))).encode(
        x=alt.X("cost:Q", title=f"cost of licensing, {currency(rows)}", axis=alt.Axis(format=",.0f", tickCount=6)),
        y=alt.Y("name:N", sort=order, title=None),
    )
    points = base.mark_point(size=90, strokeWidth=2, opacity=1).encode(
        shape=alt.Shape("option:N", title=None, legend=alt.Legend(columns=3)),
        stroke=alt.Stroke("option:N", title=None, scale=_SCALE),
        fill=alt.condition("datum.is_chosen === 'chosen'", alt.value(DARK), alt.value("white")),
        tooltip=["name:N", "option:N", "is_chosen:N", alt.Tooltip("cost:Q", format=",.2f")],
    )
    chart = alt.layer(base.mark_line(color=GREY, strokeWidth=1).encode(detail="name:N"), points)
    return described(
        chart.properties(width=WIDTH, height=alt.Step(22)),
        f"Cost of each available option for the {len(order)} subjects that cost most; the chosen option is filled.",
    )


def break_even_chart(demand: pl.LazyFrame, product: str = "Windows Server") -> Chart:
    """Draw cost for each core against the number of OSEs on a host: where lines cross, the choice changes.

    The cost of every host is divided by the physical cores that it must license, so that hosts of any size
    share one picture; the lines are the mean over the hosts with the same number of OSEs.
    """
    key = ["entity_id", "subject_id"]
    hosts = demand.filter(
        (pl.col("product") == product) & (pl.col("subject_kind") == "host") & pl.col("cost").is_not_null()
    )
    is_datacenter = pl.col("option") == "datacenter_physical_cores"
    sizes = hosts.group_by(key).agg(
        cores=pl.col("licenses_required").filter(is_datacenter).max(), oses=pl.col("oses_covered").max()
    )
    rows = (
        hosts.select(*key, "option", "cost", "currency")
        .join(sizes, on=key)
        .filter((pl.col("cores") > 0) & (pl.col("oses") > 0))
        .group_by("oses", option=words("option"), currency="currency")
        .agg(hosts=pl.len(), spent=pl.col("cost").sum(), cores=pl.col("cores").sum())
        .with_columns(cost=pl.col("spent").cast(pl.Float64) / pl.col("cores"))
        .select("oses", "option", "currency", "hosts", "cost")
        .sort("option", "oses")
        .filter(pl.col("oses") <= _FARTHEST)
        .collect(engine="streaming")
    )
    if rows["oses"].n_unique() < 2:  # noqa: PLR2004 (a line needs two points)
        return sentence_chart(
            f"There are too few priced hosts with {product} to draw where one option overtakes another."
        )
    chart = (
        alt.Chart(data(rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("oses:Q", title=f"{product} OSEs on the host", axis=alt.Axis(format="d", tickMinStep=1)),
            y=alt.Y("cost:Q", title=f"cost for each core, {currency(rows)}", axis=alt.Axis(format=",.0f")),
            color=alt.Color("option:N", title=None, scale=_SCALE, legend=alt.Legend(columns=3, symbolType="stroke")),
            strokeDash=alt.StrokeDash("option:N", title=None),
            tooltip=["option:N", "oses:Q", "hosts:Q", alt.Tooltip("cost:Q", format=",.2f")],
        )
    )
    return described(
        chart.properties(width=WIDTH, height=220),
        f"Cost for each core by the number of {product} OSEs on a host, one line for each licensing option.",
    )


def _joined(*columns: str) -> pl.Expr:
    return pl.concat_str(*columns, separator=" ", ignore_nulls=True)
