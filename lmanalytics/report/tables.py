"""Tables of what is required, short and to be ordered, each from a run.

A function says what its table shows, in which order, and what is said in its place when it is empty.
"""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, Run
from lmanalytics.report.texts import told

_SHORT = pl.col("shortage") > 0


def headline_table(run: Run) -> GT:
    """Required, owned, short and the cost of the shortage, by product and metric."""
    counts = pl.col("required", "owned", "shortage", "surplus", "shortage_cost")
    frame = (
        run.position.group_by("product", "metric")
        .agg(pl.when(counts.is_not_null().any()).then(counts.sum()), pl.col("currency").drop_nulls().first())
        .with_columns(metric=words("metric"))
        .sort("product", "metric")
    )
    columns = told("tables.headline.columns")
    return Grid(columns, _why_no_position(run), strong={"shortage": _SHORT}, stored="position.parquet").show(frame)


def findings_table(run: Run, limit: int = 40) -> GT:
    """What a person must act on: errors first, then by the money at stake."""
    rank = pl.col("severity").replace_strict({"error": 0, "warning": 1, "info": 2}, default=3, return_dtype=pl.Int8)
    frame = run.findings.sort(rank, -pl.col("money_at_stake").fill_null(0), "finding_id").with_columns(words("area"))
    columns = {
        "severity": "Severity",
        "area": "Area",
        "subject_id": "Subject",
        "statement": "What was found",
        "action": "What to do",
        "money_at_stake": "At stake",
    }
    if run.findings.select(pl.col("money_at_stake").is_null().all()).collect().item():
        del columns["money_at_stake"]
    return Grid(
        columns, "Nothing was found that a person must act on.", limit, "findings.parquet", named=run.named
    ).show(frame)


def position_table(run: Run) -> GT:
    """Show the Effective License Position: one line for each product, edition, version and metric."""
    entity = pl.when(pl.col("entity_id").n_unique() > 1).then(pl.format("{}: ", "entity_id")).otherwise(pl.lit(""))
    frame = run.position.with_columns(
        heading=entity + pl.format("{}, licenses by {}", "product", words("metric")),
        line=pl.when(pl.col("edition").is_null() & pl.col("version").is_null())
        .then(pl.lit("Edition not known"))
        .otherwise(pl.concat_str("edition", "version", separator=" ", ignore_nulls=True)),
    )
    columns = {
        "heading": "",
        "line": "License",
        "owned": "Owned",
        "owned_with_sa": "With SA",
        "required": "Required",
        "allocated_in": "In",
        "allocated_out": "Out",
        "surplus": "Surplus",
        "shortage": "Short",
        "shortage_cost": "Cost",
        "reason": "Why",
    }
    notes = [
        "In and Out: licenses of another version or edition that may serve this line, and the reverse.",
        "Owned + In = Required - Short + Surplus + Out, on every line.",
    ]
    return Grid(
        columns,
        _why_no_position(run),
        80,
        "position.parquet",
        run.sentences,
        heading="heading",
        strong={"shortage": _SHORT, "shortage_cost": _SHORT},
        notes=notes,
    ).show(frame)


def plan_table(run: Run, limit: int = 40) -> GT:
    """Show the option chosen for each host or other subject, and the cost of the next best; the short first."""
    order = [-pl.col("licenses_short").fill_null(0), -pl.col("cost").fill_null(0)]
    frame = run.plan.sort(*order, "subject_id", "product").with_columns(words("option").fill_null("none available"))
    columns = {
        "subject_id": "Subject",
        "product": "Product",
        "option": "Option",
        "licenses_required": "Required",
        "licenses_assigned": "Covered",
        "licenses_short": "Short",
        "cost": "Cost",
        "cost_of_next_best": "Next best",
        "reason": "Why",
    }
    products = run.plan.select(pl.col("product").unique().sort()).collect()["product"].to_list()
    notes = [f"Product: {products[0]}."] if len(products) == 1 else []
    if notes:
        del columns["product"]
    note = "Cost: what the option costs when every license is bought anew. Next best: the cheapest other option."
    strong = {"licenses_short": pl.col("licenses_short") > 0}
    return Grid(
        columns,
        _why_no_demand(run),
        limit,
        "plan.parquet",
        run.sentences,
        strong=strong,
        notes=[*notes, note],
        named=run.named,
    ).show(frame)


def true_up_table(run: Run) -> GT:
    """List what to order so that nothing is short, by enrollment."""
    everything = pl.col("product") == "*"
    window = pl.format(", order window {} to {}", "window_opens", "window_closes").fill_null("")
    frame = run.true_up.with_columns(
        words("purchase_type"),
        heading=pl.format("Enrollment {}", pl.col("enrollment_id").fill_null("unknown")) + window,
        line=pl.when(everything)
        .then(pl.lit("All products"))
        .otherwise(pl.concat_str("product", "edition", "version", separator=" ", ignore_nulls=True)),
        metric=pl.when(everything).then(pl.lit("")).otherwise(words("metric")),
        packs=pl.when(everything).then(pl.lit("")).otherwise(pl.format("{} of {}", "packs", "pack_size")),
        unit_price=pl.when(~everything).then("unit_price"),
    )
    columns = {
        "heading": "",
        "line": "License",
        "metric": "Metric",
        "purchase_type": "Purchase",
        "packs": "Packs of size",
        "licenses": "Licenses",
        "unit_price": "Price of a pack",
        "cost": "Cost",
        "reason": "Why",
    }
    empty = "No order follows: either what is owned or what is required is not computable."
    return Grid(
        columns, empty, 60, "true_up.parquet", run.sentences, heading="heading", sums=("licenses", "cost")
    ).show(frame)


def _why_no_demand(run: Run) -> str:
    """Say why nothing is required."""
    if not run.has_estate:
        return NO_ESTATE
    return "No product that needs a license was found."


def _why_no_position(run: Run) -> str:
    """Say why there is no line in the position."""
    if not run.has_estate:
        return NO_ESTATE
    return "Nothing is owned and nothing requires a license." if run.is_given("purchases") else NO_SUPPLY
