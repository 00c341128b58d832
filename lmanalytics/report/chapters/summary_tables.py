"""What the result depends on: the money between readings of the terms and of missing facts, and the largest risks."""

import altair as alt
import polars as pl
from great_tables import GT

from lmanalytics.evidence.unknowns import facts
from lmanalytics.report.charts.marks import WIDTH, Chart, data, described, sentence_chart
from lmanalytics.report.charts.theme import DARK, INK, LIGHT
from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import say, told
from lmanalytics.schemas import MONEY

_MOST = 12
_NOT_KNOWN = "not computable"


def swings(run: Run) -> pl.LazyFrame:
    """Tell for each open reading and each missing fact how much less or more the position may cost.

    Returns:
        kind, name, now, otherwise, less (at most 0), more (at least 0), swing, currency; amounts null where they are
        not computable. Readings that change no amount are left out. The widest come first, the unknown last.

    """
    both = pl.concat([_readings(run), _facts(run)], how="diagonal")
    return both.with_columns(swing=pl.col("more") - pl.col("less")).sort(
        "swing", "kind", "name", descending=[True, True, False], nulls_last=True
    )


def swings_table(run: Run, limit: int = _MOST) -> GT:
    """Show how much money each open reading of the terms and each missing fact swings."""
    place = told("summary_tables.swings")
    frame = swings(run).with_columns(pl.col("kind").replace(place["kinds"]))
    is_told = run.policies.select((pl.col("cost_if_otherwise").fill_null("") != "").any()).collect().item()
    notes = [*place["notes"], *([] if is_told else [place["untold"]])]
    return Grid(place["columns"], place["empty"], limit, notes=notes).show(frame)


def swings_chart(run: Run, limit: int = _MOST) -> Chart:
    """Draw the same as a tornado: bars to the left and right of what is counted, the widest first."""
    place = told("summary_tables.chart")
    rows = swings(run).filter(pl.col("swing") > 0).head(limit).collect()
    if rows.is_empty():
        return sentence_chart(place["none"])
    ends = {"less": (pl.col("less"), pl.lit(0)), "more": (pl.lit(0), pl.col("more"))}
    bars = pl.concat(
        rows.select("name", end=pl.lit(place[end]), start=start.cast(pl.Float64), stop=stop.cast(pl.Float64))
        for end, (start, stop) in ends.items()
    ).filter(pl.col("start") < pl.col("stop"))
    currency = ", ".join(rows["currency"].drop_nulls().unique().sort().to_list())
    axis = alt.Axis(format="+,.0f", tickCount=6)
    base = alt.Chart(data(bars)).encode(y=alt.Y("name:N", title=None, sort=rows["name"].to_list()))
    scale = alt.Scale(domain=[place["less"], place["more"]], range=[LIGHT, DARK])
    drawn = base.mark_bar(stroke="#555555", strokeWidth=0.4).encode(
        x=alt.X("start:Q", title=say("summary_tables.chart.x", currency=currency), axis=axis),
        x2="stop:Q",
        color=alt.Color("end:N", title=None, scale=scale),
        tooltip=["name:N", "end:N", alt.Tooltip("start:Q", format="+,.2f"), alt.Tooltip("stop:Q", format="+,.2f")],
    )
    zero = alt.Chart(data(pl.DataFrame({"x": [0.0]}))).mark_rule(color=INK, strokeWidth=1).encode(x="x:Q")
    said = "; ".join(f"{row['name']}, {row['less']:+,.2f} to {row['more']:+,.2f}" for row in rows.head(5).to_dicts())
    chart = alt.layer(drawn, zero).properties(width=WIDTH, height=alt.Step(20))
    return described(chart, say("summary_tables.chart.description", said=said))


def risks_table(run: Run, limit: int = 5) -> GT:
    """List the findings that matter most: errors first, then by the money at stake."""
    place = told("summary_tables.risks")
    rank = pl.col("severity").replace_strict({"error": 0, "warning": 1, "info": 2}, default=3, return_dtype=pl.Int8)
    frame = run.findings.sort(rank, -pl.col("money_at_stake").fill_null(0), "finding_id").with_columns(words("area"))
    columns = dict(place["columns"])
    if run.findings.select(pl.col("money_at_stake").is_null().all()).collect().item():
        del columns["money_at_stake"]
    return Grid(columns, place["empty"], limit, "findings.parquet", named=run.named).show(frame)


def _readings(run: Run) -> pl.LazyFrame:
    """Read `reading: change; reading: change` of each policy: kind, name, now, otherwise, less, more, currency."""
    parts = pl.col("told").str.splitn(": ", 2)
    said = pl.col("said")
    change = said.str.replace_all(",", "", literal=True).str.strip_chars_start("+").cast(MONEY, strict=False)
    is_open = pl.col("said") != "unchanged"
    moves = pl.col("other").filter(is_open).str.replace_all("_", " ", literal=True).implode()
    unknown = (said == _NOT_KNOWN).any()
    currencies = [str(code) for code in run.manifest.get("currencies") or ()]
    return (
        run.policies.select("policy", "reading", told=pl.col("cost_if_otherwise").fill_null("").str.split("; "))
        .explode("told", empty_as_null=False, keep_nulls=False)
        .select("policy", "reading", other=parts.struct[0], said=parts.struct[1])
        .drop_nulls("said")
        .with_columns(change=change)
        .group_by("policy", "reading", maintain_order=True)
        .agg(
            otherwise=moves,
            less=pl.when(~unknown).then(pl.min_horizontal(pl.col("change").min().fill_null(0), pl.lit(0, MONEY))),
            more=pl.when(~unknown).then(pl.max_horizontal(pl.col("change").max().fill_null(0), pl.lit(0, MONEY))),
        )
        .filter(pl.col("otherwise").list.len() > 0)
        .select(
            kind=pl.lit("reading"),
            name=pl.col("policy").str.replace_all("_", " ", literal=True),
            now=pl.col("reading").str.replace_all("_", " ", literal=True),
            otherwise=pl.col("otherwise").list.join("; "),
            less=pl.col("less").cast(MONEY),
            more=pl.col("more").cast(MONEY),
            currency=pl.lit(currencies[0] if len(currencies) == 1 else None, pl.String),
        )
    )


def _facts(run: Run) -> pl.LazyFrame:
    """Add up the ranges of each missing fact: kind, name, now, otherwise, less, more, currency."""
    place = told("summary_tables.swings")
    counted = pl.col("cost_counted").fill_null(0)
    known = pl.col("swing").is_not_null()
    places = pl.struct("subject_kind", "subject_id").n_unique().cast(pl.Int64)
    return (
        run.unknowns.filter(pl.col("rank").is_not_null())
        .with_columns(_less=pl.col("cost_least") - counted, _more=pl.col("cost_most") - counted)
        .group_by("fact", "currency")
        .agg(
            less=pl.when(known.any()).then(pl.col("_less").filter(known).sum()),
            more=pl.when(known.any()).then(pl.col("_more").filter(known).sum()),
            places=places,
        )
        .select(
            kind=pl.lit("fact"),
            name=pl.col("fact").replace({fact: row["says"] for fact, row in facts().items()}),
            now=pl.lit(place["now_counted"]),
            otherwise=pl.when(pl.col("places") == 1)
            .then(pl.lit(place["one_range"]))
            .otherwise(pl.format(place["range"], "places")),
            less=pl.min_horizontal("less", pl.lit(0, MONEY)).cast(MONEY),
            more=pl.col("more").cast(MONEY),
            currency="currency",
        )
        .with_columns(less=pl.when(pl.col("more").is_not_null()).then("less"))
    )
