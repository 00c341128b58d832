"""Tables of what bounds the position: what is not computable, and what another reading of the terms would change."""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid, amount
from lmanalytics.report.reasons import explained, words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told

_UNCHANGED = "unchanged"
"""The word with which the answer says that a reading changes nothing."""


def not_computable_table(run: Run) -> GT:
    """Show what could not be computed, and why: tables that are missing, lines, subjects and rows."""
    said = told("evidence_tables.not_computable")
    why = explained(run.sentences)
    lines = run.position.filter(pl.col("shortage").is_null()).group_by("product", "rule", "reason")
    subjects = run.plan.filter(pl.col("licenses_required").is_null()).group_by("product", "rule", "reason")
    rows = run.accounts.filter(pl.col("outcome") == "not_computable").group_by("table", "product", "rule", "reason")
    product = pl.col("product").replace("*", said["any_product"])
    parts = [
        lines.agg(n=pl.len()).select(what=pl.format(said["position"], product, _counted("line")), why=why),
        subjects.agg(n=pl.len()).select(what=pl.format(said["need"], product, _counted("subject")), why=why),
        rows.agg(n=pl.col("rows").sum()).select(
            what=pl.format(said["table"], words("table"), product, _counted("row")), why=why
        ),
    ]
    frame = pl.concat([run.not_computable.lazy(), *(part.sort("what", "why") for part in parts)])
    return Grid(said["columns"], run.missing or said["empty"], 80).show(frame)


def readings_table(run: Run) -> GT:
    """List what another reading of a policy would change: licenses required and short, and the cost."""
    said = told("evidence_tables.readings")
    frame = (
        _readings(run.policies, "licenses_if_otherwise")
        .join(
            _readings(run.policies, "cost_if_otherwise"), on=["policy", "reading", "other"], how="full", coalesce=True
        )
        .with_columns(
            words("policy"),
            words("reading"),
            words("other"),
            required=_change("said", "required "),
            short=_change("said", "short "),
            cost=_change("said_right", ""),
        )
        .filter(pl.any_horizontal(pl.col("said", "said_right") != _UNCHANGED))
        .sort("policy", "other")
    )
    currencies = told("display.and").join(str(code) for code in run.manifest.get("currencies") or ())
    notes = [said["currencies"].format(currencies=currencies)] if currencies else []
    is_told = run.policies.select((pl.col("licenses_if_otherwise").fill_null("") != "").any()).collect().item()
    empty = said["empty"] if is_told else said["not_tried"]
    right = ("required", "short", "cost")
    return Grid(said["columns"], empty, 80, "policies.parquet", notes=notes, right=right).show(frame)


def _readings(policies: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """Turn `reading: change; reading: change` into a row for each: policy, reading, other, said."""
    parts = pl.col("told").str.splitn(": ", 2)
    return (
        policies.select("policy", "reading", told=pl.col(column).str.split("; "))
        .explode("told")
        .drop_nulls("told")
        .select("policy", "reading", other=parts.struct[0], said=parts.struct[1])
    )


def _change(column: str, name: str) -> pl.Expr:
    """Take one change out of what is said, as in `required +52, short unchanged`; what is not said is unchanged."""
    said = pl.col(column)
    unknown = said.str.contains(f"(^|{name})not computable")
    same = told("evidence_tables.readings.unchanged")
    change = said.str.extract(name + r"([+-][\d,.]*\d)").fill_null(same)
    return pl.when(unknown.not_()).then(change)


def _counted(noun: str) -> pl.Expr:
    one, many = told(f"sentences.nouns.{noun}")
    return pl.when(pl.col("n") == 1).then(pl.lit(f"{amount(1)} {one}")).otherwise(pl.format(f"{{}} {many}", "n"))
