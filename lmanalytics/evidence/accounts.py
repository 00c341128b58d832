"""Every row that was read, by what became of it. For each table the rows add up to those that were read."""

from pathlib import Path

import polars as pl

from lmanalytics.errors import RunError
from lmanalytics.facts import software
from lmanalytics.schemas import ANSWERS, ENTITY

Tables = dict[str, pl.LazyFrame]
_KEY = [ENTITY, "table", "product", "outcome", "rule", "reason"]
_ANY = "*"


def accounts(
    tables: Tables, facts: Tables, answered: Tables, counts: pl.DataFrame, quarantine: Path, corrected: Path
) -> pl.LazyFrame:
    """Give every row that was read exactly one outcome.

    Args:
        tables: the accepted canonical tables.
        facts: `hosts`, for the subject of each; `installs_set_aside`.
        answered: `plan`, `purchase_outcomes`, `ose_outcomes`, `host_outcomes`, and `<table>_outcomes` of others.
        counts: table and rows read, from the gate.
        quarantine: folder of the rows that the gate kept back.
        corrected: folder of the rows that corrections touched, as they were; it need not be there.

    Returns:
        The `accounts` answer: rows per table, product, outcome and reason.

    Raises:
        RunError: a table's rows do not add up to those that were read.

    """
    parts = [_kept_back(path) for path in sorted(quarantine.glob("*.parquet"))]
    left_out = {path.stem: _left_out(path) for path in sorted(corrected.glob("*.parquet"))}
    parts += [_counted(rows, name, "corrections") for name, rows in left_out.items()]
    for name, table in tables.items():
        if name == "purchases" and "purchase_outcomes" in answered:
            parts.append(_counted(answered["purchase_outcomes"], name, "entitlement"))
        elif name == "oses" and "ose_outcomes" in answered:
            parts.append(_counted(_settled(answered["ose_outcomes"], answered["plan"]), name, "demand"))
        elif name == "hosts" and "host_outcomes" in answered:
            parts.append(_counted(_hosts(answered["host_outcomes"], facts["hosts"], answered["plan"]), name, "demand"))
        elif f"{name}_outcomes" in answered:
            settled = _settled(answered[f"{name}_outcomes"], answered.get("plan", ANSWERS["plan"].empty()))
            parts.append(_counted(settled, name, name))
            if name == "installs" and software.SET_ASIDE in facts:
                parts.append(_set_aside(facts[software.SET_ASIDE], name))
        else:
            used = table.select(
                ENTITY, product=pl.lit(_ANY), outcome=pl.lit("used"), reason=pl.lit("read_by_the_rules")
            )
            parts.append(_counted(used, name, "ingest"))
    total = pl.concat(parts) if parts else pl.LazyFrame(schema=ANSWERS["accounts"].schema)
    answer = ANSWERS["accounts"].conform(total).sort(_KEY, nulls_last=True).collect()
    never_read = [rows.select(table=pl.lit(name), read=pl.len().cast(pl.Int64)) for name, rows in left_out.items()]
    read = pl.concat([counts.lazy().select("table", "read"), *never_read]).group_by("table").agg(pl.col("read").sum())
    _add_up(answer, read.collect())
    return answer.lazy()


def sources(read: pl.DataFrame, quarantine: Path) -> pl.LazyFrame:
    """Add to each file and sheet the rows that the gate kept back.

    Args:
        read: the `sources` answer as the readers wrote it.
        quarantine: folder of the rows that the gate kept back.

    Returns:
        The `sources` answer.

    """
    kept = [
        pl.scan_parquet(p).select(file="source_file", sheet="source_sheet")
        for p in sorted(quarantine.glob("*.parquet"))
    ]
    empty = pl.LazyFrame(schema={"file": pl.String, "sheet": pl.String})
    counted = pl.concat([empty, *kept]).group_by("file", "sheet").agg(rows_quarantined=pl.len().cast(pl.Int64))
    rows = (
        read.lazy()
        .drop("rows_quarantined")
        .join(counted, on=["file", "sheet"], how="left", nulls_equal=True)
        .with_columns(pl.col("rows_quarantined").fill_null(0), rule=pl.lit("ingest"), reason=pl.lit("read"))
    )
    return ANSWERS["sources"].conform(rows).sort("file", "sheet")


def _kept_back(path: Path) -> pl.LazyFrame:
    rows = pl.scan_parquet(path)
    product = pl.col("product") if "product" in rows.collect_schema() else pl.lit(None, pl.String)
    reason = pl.when(pl.col("outcome") == "duplicate").then(pl.lit("duplicate_key")).otherwise(pl.lit("failed_check"))
    kept = rows.select(
        pl.col(ENTITY).fill_null(_ANY), product=product.fill_null(_ANY), outcome="outcome", reason=reason
    )
    return _counted(kept, path.stem, "gate")


def _left_out(path: Path) -> pl.LazyFrame:
    """Return the rows that a correction leaves out, before the gate sees them."""
    rows = pl.scan_parquet(path).filter(pl.col("outcome") == "excluded")
    product = pl.col("product") if "product" in rows.collect_schema() else pl.lit(_ANY)
    outcome = {"outcome": pl.lit("excluded_by_correction"), "reason": pl.lit("left_out")}
    return rows.select(ENTITY, product=product.fill_null(_ANY), **outcome)


def _settled(outcomes: pl.LazyFrame, plan: pl.LazyFrame) -> pl.LazyFrame:
    """Say of each counted row whether its subject's licenses suffice."""
    if "subject_id" not in outcomes.collect_schema():
        return outcomes
    return outcomes.join(_state(plan), on=[ENTITY, "subject_kind", "subject_id", "product"], how="left").with_columns(
        outcome=pl.when(pl.col("outcome") == "counted")
        .then(pl.col("state").fill_null("not_computable"))
        .otherwise("outcome")
    )


def _hosts(outcomes: pl.LazyFrame, hosts: pl.LazyFrame, plan: pl.LazyFrame) -> pl.LazyFrame:
    """Say of each host in the estate whether its licenses suffice, or that nothing on it needs any."""
    subject = [ENTITY, "subject_kind", "subject_id"]
    subjects = hosts.select("row_id", "subject_kind", "subject_id")
    settled = outcomes.join(subjects, on="row_id", how="left").join(_state(plan), on=[*subject, "product"], how="left")
    used = pl.col("outcome") == "used"
    return settled.with_columns(
        outcome=pl.when(used).then(pl.col("state").fill_null("not_licensable")).otherwise("outcome"),
        reason=pl.when(used & pl.col("state").is_null()).then(pl.lit("nothing_to_license")).otherwise("reason"),
    )


def _state(plan: pl.LazyFrame) -> pl.LazyFrame:
    """Return licensed, short or not_computable per subject of the plan: short where any edition of it is."""
    short = pl.col("licenses_short")
    return plan.group_by(ENTITY, "subject_kind", "subject_id", "product").agg(
        state=pl.when((short > 0).any())
        .then(pl.lit("short"))
        .when(short.is_not_null().all())
        .then(pl.lit("licensed"))
        .otherwise(pl.lit("not_computable")),
    )


def _counted(rows: pl.LazyFrame, table: str, rule: str) -> pl.LazyFrame:
    return (
        rows.with_columns(table=pl.lit(table), rule=pl.lit(rule), product=pl.col("product").fill_null(_ANY))
        .group_by(_KEY)
        .agg(rows=pl.len().cast(pl.Int64))
    )


def _set_aside(counts: pl.LazyFrame, table: str) -> pl.LazyFrame:
    told = {"table": pl.lit(table), "outcome": pl.lit("excluded"), "rule": pl.lit("software")}
    return counts.with_columns(**told).select(*_KEY, "rows")


def _add_up(answer: pl.DataFrame, counts: pl.DataFrame) -> None:
    found = dict(answer.group_by("table").agg(pl.col("rows").sum()).rows())
    wrong = [
        f"{t}: {n:,} read, {found.get(t, 0):,} accounted for"
        for t, n in counts.select("table", "read").rows()
        if found.get(t, 0) != n
    ]
    if wrong:
        message = f"Rows do not add up ({'; '.join(wrong)}). This is a fault of the program; no answer is given."
        raise RunError(message)
