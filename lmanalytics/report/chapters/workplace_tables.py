"""Tables of the Workplace Discount Program: who may acquire what, what was ordered, and what ends when."""

import polars as pl
from great_tables import GT

from lmanalytics.report.grids import because, grid, outcomes
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told


def workplace_table(run: Run) -> GT:
    """Count employees by offer, eligibility and reason."""
    frame = (
        run.workplace_discount.group_by("option", "offer", "is_eligible", "rule", "reason")
        .agg(employees=pl.len().cast(pl.Int64))
        .with_columns(heading=pl.format("{}: {}", _option(), "offer"), why=because(run))
        .sort("option", "offer", "is_eligible", "reason", descending=[False, False, True, False], nulls_last=True)
    )
    return grid(run, "workplace_discount", "workplace_tables.employees", heading="heading").show(frame)


def workplace_orders_table(run: Run, limit: int = 40) -> GT:
    """List what was ordered, those orders first that go beyond the right."""
    decided = outcomes(run, "workplace_orders")
    orders = run.accepted("workplace_orders")
    frame = (
        orders.join(decided.select("row_id", "outcome", "reason"), on="row_id", how="left")
        .with_columns(
            rule=pl.lit("workplace_discount_orders.reason"),
            is_within=pl.when(pl.col("outcome") != "not_computable").then(pl.col("outcome") == "used"),
        )
        .sort("is_within", "ordered_on", "order_id", nulls_last=True)
    )
    strong = {"is_within": ~pl.col("is_within")}
    stored = "accepted/workplace_orders.parquet"
    return grid(run, "workplace_orders", "workplace_tables.orders", limit, strong=strong, stored=stored).show(frame)


def workplace_ends_table(run: Run, limit: int = 40) -> GT:
    """Count software licenses by what ends them and the month in which it does."""
    frame = (
        run.workplace_discount.filter(pl.col("expires_on").is_not_null())
        .group_by("offer", "trigger", month=pl.col("expires_on").dt.truncate("1mo"))
        .agg(employees=pl.len().cast(pl.Int64), first=pl.col("expires_on").min(), last=pl.col("expires_on").max())
        .sort("first", "offer", "trigger", nulls_last=True)
        .with_columns(words("trigger"))
    )
    return grid(run, "workplace_discount", "workplace_tables.ends", limit).show(frame)


def workplace_conditions_table(run: Run) -> GT:
    """List the conditions of the program, with the rule that decides each and the clause that it rests on."""
    clauses = {f"{rule.get('module')}.{rule.get('rule')}": rule for rule in run.manifest.get("rules") or ()}
    rows = [
        row | {name: str(clauses[row["rule"]].get(name) or "") for name in ("start", "clause")}
        for row in told("workplace_tables.conditions.rows")
        if row["rule"] in clauses
    ]
    schema = dict.fromkeys(("option", "says", "rule", "start", "clause"), pl.String())
    frame = pl.LazyFrame(rows, schema=schema)
    return grid(run, "rules", "workplace_tables.conditions", 60, heading="option", stored="manifest.json").show(frame)


def _option() -> pl.Expr:
    names = told("workplace_tables.options")
    return pl.col("option").replace(names)
