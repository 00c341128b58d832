"""What reading the exports showed that a person should know: their age, their oddities, what estate.yaml changed."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import polars as pl

from lmanalytics.ingest.adapter import Context, Finding, Sheet
from lmanalytics.ingest.estate import EstateRule
from lmanalytics.ingest.sources import RawSheet
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

AGED_AFTER_DAYS = 30
SHOWN = 20
"""Findings of one kind that are told one by one."""
_OBSERVED = [name for name, table in CANONICAL.items() if "observed_on" in table.columns]


def note_days(paths: Mapping[str, Path], sheets: Iterable[Sheet], context: Context) -> None:
    """Note exports that are old, from after the position date, or of no known day.

    An older export is no fault while a newer one of the same inventory is given.
    """
    days = _days(paths)
    if days.is_empty():
        return
    undated = {
        s.file for s in sheets if s.snapshot_on is None and "observed_on" not in s.found and not s.layout.is_auxiliary
    }
    newest = days.group_by("inventory").agg(pl.col("day").max().alias("newest"))
    latest = days.join(newest, on="inventory").sort("source_file", "day")
    for file, day, is_newest in (
        latest.select("source_file", "day", is_newest=pl.col("day") == pl.col("newest"))
        .unique(maintain_order=True)
        .rows()
    ):
        if file in undated:
            _note_undated(file, context)
        elif day > context.as_of:
            context.find(
                "warning",
                "export_after_position_date",
                file,
                f"{file} was made on {day}, after the position date {context.as_of}; its rows do not count yet.",
                "Give an export from before the position date, or ask for a later position.",
            )
        elif is_newest and day < context.as_of - timedelta(days=AGED_AFTER_DAYS):
            context.find(
                "warning",
                "export_is_old",
                file,
                f"{file} was made on {day}, {(context.as_of - day).days} days before the position date "
                f"{context.as_of}: what changed since then is not in the position.",
                "Export again shortly before the position date.",
            )


def _days(paths: Mapping[str, Path]) -> pl.DataFrame:
    tables = [pl.scan_parquet(paths[name]) for name in _OBSERVED if name in paths]
    inventory = [
        pl.coalesce("inventory_id", "source_file")
        if "inventory_id" in frame.collect_schema()
        else pl.col("source_file")
        for frame in tables
    ]
    parts = [
        frame.filter(pl.col("observed_on").is_not_null())
        .group_by("source_file", by.alias("inventory"))
        .agg(pl.col("observed_on").max().alias("day"))
        for frame, by in zip(tables, inventory, strict=True)
    ]
    schema = {"source_file": pl.String(), "inventory": pl.String(), "day": pl.Date()}
    return pl.concat(parts).collect(engine="streaming") if parts else pl.DataFrame(schema=schema)


def _note_undated(file: str, context: Context) -> None:
    context.find(
        "warning",
        "export_undated",
        file,
        f"{file} does not say on which day it was made; the position date {context.as_of} was assumed.",
        f'Say the day in estate.yaml: snapshots: {{"{file}": {context.as_of}}}.',
    )


def note_unknown(sources: pl.DataFrame, context: Context) -> None:
    """Note files that hold rows and of which no sheet was recognized: nothing in them is counted."""
    by_file = sources.group_by("file").agg(pl.col("format").eq("unknown").all().alias("all"), pl.col("rows_read").sum())
    for file, rows in by_file.filter("all", pl.col("rows_read") > 0).sort("file").select("file", "rows_read").rows():
        is_prose = file.casefold().endswith(".txt")
        context.find(
            "info" if is_prose else "warning",
            "format_unknown",
            file,
            f"{file} is of no known format: none of its {rows} rows was read.",
            "Export it as the documentation says, or rename its columns to those of a canonical table.",
        )


def note_text(raws: Iterable[RawSheet], context: Context) -> None:
    """Note files whose text had to be mended, or whose rows have more fields than headings."""
    for raw in raws:
        if raw.repaired:
            context.find(
                "info",
                "text_was_repaired",
                raw.file,
                f"{raw.file}: {raw.repaired}.",
                "Look at names with accents or quotes, or export the file again as UTF-8.",
            )
        if raw.wide_rows:
            context.find(
                "warning",
                "more_fields_than_headings",
                raw.file,
                f"{raw.file}: {raw.wide_rows} rows have more fields than there are headings, so that values may "
                "stand under the wrong heading.",
                "Export the file again with its texts in quotes.",
            )


def note_estate_rules(rules: list[EstateRule], counts: list[tuple[int, int]], context: Context) -> None:
    """Note for each rule of estate.yaml the rows that it fits and those that it changed."""
    for rule, (fitting, changed) in zip(rules, counts, strict=True):
        what = ", ".join(f"{name} {value}" for name, value in rule.values.items())
        label = f"estate.yaml, {rule.section}, entry {rule.number}"
        code, severity, action = "estate_rule_applied", "info", "Nothing; this says where the values came from."
        if not fitting:
            code, severity, action = "estate_rule_idle", "warning", "Correct the pattern, or remove the entry."
        statement = f"{label} ({what}) fits {fitting} rows of {rule.table} and changed {changed}."
        context.find(severity, code, f"{rule.section} {rule.number}", statement, action)


def _summed(findings: Iterable[Finding]) -> list[Finding]:
    """Keep the first findings of each kind, and say of the others how many they are."""
    told: list[Finding] = []
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in dict.fromkeys(findings):
        alike = kinds.setdefault((finding.severity, finding.code), [])
        alike.append(finding)
        if len(alike) <= SHOWN:
            told.append(finding)
    for (severity, code), alike in kinds.items():
        if len(alike) > SHOWN:
            more = f"{len(alike) - SHOWN:,} more"
            statement = f"And {more} of this kind, {len(alike):,} in all; the last is about {alike[-1].subject}."
            told.append(Finding(severity, code, more, statement, alike[-1].action))
    return told


def to_frame(context: Context) -> pl.DataFrame:
    """Return the findings as the answer table, each with an id that is the same in every run.

    Of a kind with more than `SHOWN` the first are there, in the order in which the exports were read, and one more
    finding that counts the others.
    """
    schema = ANSWERS["findings"].schema
    rows = [
        {
            ENTITY: context.estate.entity,
            "finding_id": f"ingest-{sha256(f'{f.code}|{f.subject}|{f.statement}'.encode()).hexdigest()[:12]}",
            "severity": f.severity,
            "area": "ingest",
            "subject_id": f.subject,
            "statement": f.statement,
            "action": f.action,
            "status": "open",
            "rule": "ingest",
            "reason": f.code,
        }
        for f in _summed(context.findings)
    ]
    return pl.DataFrame(rows, schema=schema).unique("finding_id").sort("finding_id")
