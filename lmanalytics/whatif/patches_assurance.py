"""The verbs that let Software Assurance last longer or end: `renew_software_assurance`, `let_…_lapse`."""

from datetime import date

import polars as pl

from lmanalytics.rules.entitlement import purchase_lines
from lmanalytics.rules.parameters import load_rule_file
from lmanalytics.schemas import CANONICAL, ENTITY, Column
from lmanalytics.whatif.patches import HIT, Patched
from lmanalytics.whatif.patches_rows import chosen
from lmanalytics.whatif.patches_values import value
from lmanalytics.whatif.scenario_file import Change

_HOME = ["agreement_id", "enrollment_id"]
_END = pl.coalesce("coverage_end", "_agreement_end")


def renew(patched: Patched, change: Change) -> None:
    """Extend coverage that is active to a later last day."""
    until = _day(change)
    active = change.read("active_on") or patched.today
    rows = _covering(patched, change)
    runs = (pl.coalesce("coverage_start", "order_date") <= active).fill_null(value=True) & _END.ge(active)
    extended = rows.with_columns(pl.col(HIT) & (runs & _END.lt(until)).fill_null(value=False)).drop("_agreement_end")
    latest = pl.when(pl.col("coverage_end_latest").is_not_null()).then(pl.lit(until))
    values = {"coverage_end": pl.lit(until), "coverage_end_latest": latest}
    done = patched.set("purchases", extended, values, change.verb, change.at)
    if done:
        said = "what it costs to renew Software Assurance is not in the comparison; the price depends on the term"
        patched.warnings.append(f"{change.at.file}, line {change.at.line}: {said}.")
    _some_or_warn(patched, change, done, f"no Software Assurance is active on {active} and ends before {until}")


def lapse(patched: Patched, change: Change) -> None:
    """End coverage with a day; renewals that begin after it are left out."""
    last = _day(change)
    rows = _covering(patched, change).with_columns(_covers=HIT)
    later = (pl.col("coverage_start") > last).fill_null(value=False)
    renewals = rows.with_columns(pl.col(HIT) & later & (pl.col("purchase_type") == "sa"))
    done = patched.remove("purchases", renewals, change.verb, change.at)
    lasts = ~later & ~_END.le(last).fill_null(value=False)
    ending = patched.tables["purchases"].with_columns(pl.col("_covers").and_(lasts).alias(HIT))
    stated = pl.when(pl.col("basis") == "statement_summary").then(pl.lit(last)).otherwise("coverage_end_latest")
    values = {"coverage_end": pl.lit(last), "coverage_end_latest": stated}
    done += patched.set("purchases", ending.drop("_covers", "_agreement_end"), values, change.verb, change.at)
    _some_or_warn(patched, change, done, f"no Software Assurance lasts longer than {last}")


def _day(change: Change) -> date:
    found: date = value(change.object, Column(change.verb, "date", is_required=True, is_optional=False))
    return found


def _covering(patched: Patched, change: Change) -> pl.LazyFrame:
    """Mark the purchases that bring Software Assurance, and add when their agreement ends."""
    types = load_rule_file(purchase_lines).table("purchase_types")
    covering = types.filter(pl.col("adds_active_sa") > 0)["purchase_type"].to_list()
    patched.table("purchases", change.at)
    rows = chosen(patched, "purchases", change).with_columns(
        pl.col(HIT) & pl.col("purchase_type").is_in(covering).fill_null(value=False)
    )
    agreements = patched.tables.get("agreements", CANONICAL["agreements"].empty())
    enrollment = pl.coalesce("enrollment_id", "agreement_id")
    ends = agreements.group_by(ENTITY, "agreement_id", enrollment_id=enrollment).agg(
        _agreement_end=pl.col("end_date").max()
    )
    return (
        rows.with_columns(_enrollment=enrollment)
        .join(
            ends,
            left_on=[ENTITY, "agreement_id", "_enrollment"],
            right_on=[ENTITY, *_HOME],
            how="left",
            maintain_order="left",
        )
        .drop("_enrollment")
    )


def _some_or_warn(patched: Patched, change: Change, done: int, said: str) -> None:
    if done:
        return
    if not change.may_be_empty:
        change.at.fail(f"{said}: nothing would change. Correct the day or the `where`, or write `may_be_empty: true`.")
    patched.warnings.append(f"{change.at.file}, line {change.at.line}: {said}.")
