"""What became of each correction: the answer `corrections`, a finding for each that was not applied, and lines."""

import polars as pl

from lmanalytics.corrections.file import NAME, Correction
from lmanalytics.rules.engine import Reason as Base
from lmanalytics.rules.wording import many
from lmanalytics.schemas import ANSWERS, ENTITY

AREA = "corrections"


class Reason(Base):
    """Why a correction was applied, or was not."""

    APPLIED = "What was to be corrected stood there, and was replaced."
    NO_ROW = "No row is as the correction names it."
    TABLE_NOT_GIVEN = "No export gave the table."
    ROW_EXCLUDED = "Another correction leaves the row out."
    ALREADY_SO = "The exports say already what the correction says."
    OTHER_VALUE = "Something else stands there now than the correction expects."
    REPEATED = "A correction before it in the file corrects the same cell."
    EXPIRED = "It held until a day before the position date."
    LEFT_OUT = "A correction leaves the row out, for the reason that it gives."


OUTCOME = {
    Reason.APPLIED: "applied",
    Reason.NO_ROW: "matched_nothing",
    Reason.TABLE_NOT_GIVEN: "matched_nothing",
    Reason.ROW_EXCLUDED: "matched_nothing",
    Reason.ALREADY_SO: "no_longer_applies",
    Reason.OTHER_VALUE: "no_longer_applies",
    Reason.REPEATED: "superseded",
    Reason.EXPIRED: "expired",
}
_SEVERITY = {"no_longer_applies": "error", "superseded": "warning", "expired": "warning", "matched_nothing": "warning"}
_ACTION = {
    Reason.NO_ROW: "Correct what `where` says, or remove the entry.",
    Reason.TABLE_NOT_GIVEN: "Give the export, or remove the entry.",
    Reason.ROW_EXCLUDED: "Remove one of the two entries.",
    Reason.ALREADY_SO: "Remove the entry: the source was repaired.",
    Reason.OTHER_VALUE: "Find out which is right: write a new entry with what stands there now, or remove this one.",
    Reason.REPEATED: "Remove one of the two entries.",
    Reason.EXPIRED: "Have it approved anew with a later `until`, or remove the entry.",
}


def answer(entries: list[Correction], outcomes: pl.DataFrame) -> pl.DataFrame:
    """Return the `corrections` answer.

    Args:
        entries: every correction of the file.
        outcomes: what became of each, as `applied.OUTCOMES`.

    """
    if not entries:
        return ANSWERS["corrections"].empty().collect()
    names = ("number", "id", "table", "rows", "column", "was", "now", "excludes", "reason", "evidence", "approver",
             "approved_on", "until")  # fmt: skip
    texts = dict.fromkeys(("column", "was", "now"), pl.String()) | {"until": pl.Date(), "number": pl.Int64()}
    told = pl.DataFrame({name: [getattr(e, name) for e in entries] for name in names}, schema_overrides=texts)
    found = told.rename({"id": "correction_id", "rows": "row", "excludes": "is_exclusion", "reason": "ground"})
    found = found.join(outcomes, on="number", how="left").rename({"code": "reason"})
    found = found.with_columns(
        pl.col(ENTITY).fill_null("*"),
        outcome=pl.col("reason").replace_strict({r.code: o for r, o in OUTCOME.items()}),
        rule=pl.lit(AREA),
    )
    return ANSWERS["corrections"].conform(found.lazy()).sort("correction_id").collect()


def findings(told: pl.DataFrame) -> pl.DataFrame:
    """Return a finding for each correction of the answer `corrections` that was not applied, for its approver."""
    cell = pl.concat_str("table", pl.format(" {}", "column").fill_null(""), pl.lit(", "), "row")
    becomes = pl.format("{} to become {}", _shown("was"), _shown("now"))
    change = pl.when("is_exclusion").then(pl.lit("to be left out")).otherwise(becomes)
    sentences = {r.code: f"{r.value[0].lower()}{r.value[1:]}" for r in Reason}
    why = pl.col("reason").replace_strict(sentences, return_dtype=pl.String)
    share = pl.format(" So it is in {} of {} that it names.", "rows_otherwise", many("rows_named", "row"))
    where = pl.when((pl.col("rows_otherwise") > 0) & (pl.col("rows_named") > 1)).then(share).otherwise(pl.lit(""))
    rows = told.filter(pl.col("outcome") != "applied").with_columns(
        finding_id=pl.format("corrections:{}", "correction_id"),
        severity=pl.col("outcome").replace_strict(_SEVERITY, return_dtype=pl.String),
        area=pl.lit(AREA),
        subject_id="correction_id",
        statement=pl.format("Correction {} ({}: {}) was not applied: {}{}", "correction_id", cell, change, why, where),
        action=pl.col("reason").replace_strict({r.code: a for r, a in _ACTION.items()}, return_dtype=pl.String),
        owner="approver",
        rule=pl.lit(AREA),
        status=pl.lit("open"),
    )
    return ANSWERS["findings"].conform(rows.lazy()).sort("finding_id").collect()


def lines(told: pl.DataFrame) -> list[str]:
    """Say in lines what corrections did: how many of each outcome."""
    if told.is_empty():
        return []
    counts = dict(told.group_by("outcome").agg(pl.len()).sort("outcome").rows())
    changed = told["rows_changed"].sum()
    parts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
    return [f"{NAME}: {parts}; {changed:,} rows changed or left out"]


def _shown(name: str) -> pl.Expr:
    return (
        pl.when(pl.col(name).is_null())
        .then(pl.lit("empty"))
        .otherwise(pl.format("'{}'", pl.col(name).str.slice(0, 60)))
    )
