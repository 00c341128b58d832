"""How subjects' answers came about: the arithmetic, the parameters with their first day, and the clause."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics import explained_places
from lmanalytics.errors import RunError, did_you_mean
from lmanalytics.evidence import manifest
from lmanalytics.facts.identities import REFERENCES
from lmanalytics.rules import register, topics
from lmanalytics.rules.amendments import amended, told_in
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.trace import EXPLANATION
from lmanalytics.schemas import ANSWERS

_OF_MANY = {
    "accounts", "demand", "exclusions", "findings", "license_sources", "policies", "position", "savings", "sources",
    "step_up_matches", "true_up",
}  # fmt: skip
"""Answers that tell of no single subject."""
_ANSWERED = {name: table.key[0] for name, table in ANSWERS.items() if name not in _OF_MANY}


def explain(run: Path, subject: str) -> pl.DataFrame:
    """Recompute one subject from the facts of a run.

    Args:
        run: the run folder.
        subject: a host or OSE by id or name, a cluster, a license or a purchase.

    Returns:
        subject, rule, value, unit, inputs, given, clause: the rules in the order computed, then the answers
        that were given with their reason.

    Raises:
        RunError: the run knows no such subject.

    """
    facts = _parquet(run / "facts")
    table = _explained(run, facts, _ids(facts, subject))
    if table.is_empty():
        known = _known(run, facts)
        message = f"This run knows no {subject!r}.{did_you_mean(subject, known)} Give a host, OSE, license or purchase."
        raise RunError(message)
    return table


def explain_many(run: Path, subjects: Sequence[str]) -> pl.DataFrame:
    """Recompute many subjects at once, which takes little longer than one.

    Args:
        run: the run folder.
        subjects: ids, as `explain` takes them; one that the run does not know has no lines. Of a very large estate,
            those that come first are explained, as far as `explained_places` reads it.

    Returns:
        The columns of `explain`, each line under the subject that it is about: of a cluster those of the cluster
        itself, of its hosts under the hosts.

    """
    return _explained(run, _parquet(run / "facts"), list(dict.fromkeys(subjects)), is_part=True)


def _explained(run: Path, facts: dict[str, pl.LazyFrame], ids: list[str], *, is_part: bool = False) -> pl.DataFrame:
    document = manifest.read(run)
    settings = Settings(date.fromisoformat(document["as_of"]), document["policies"])
    inputs = {f"facts_{grain}": frame for grain, frame in facts.items()}
    inputs |= _parquet(run) | _parquet(run / "accepted") | {name: facts[name] for name in REFERENCES if name in facts}
    is_part = is_part and {"facts_hosts", "facts_oses"} <= inputs.keys() and explained_places.is_large(inputs)
    if is_part:
        inputs, ids = explained_places.places_of(inputs, ids)
    ids = sorted(ids)
    with amended(told_in(document)):
        lines = topics.explain_subject(register.every_topic(), inputs, settings, ids)
    if is_part:
        lines = lines.filter(~pl.col("rule").str.contains(explained_places.OVER_ALL))
    kept = [name for name in _ANSWERED if (run / f"{name}.parquet").is_file()]  # a run of an earlier program has fewer
    return pl.concat([lines, *(_answered(run, name, _ANSWERED[name], ids) for name in kept)])


def _parquet(folder: Path) -> dict[str, pl.LazyFrame]:
    return {path.stem: pl.scan_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def _ids(facts: dict[str, pl.LazyFrame], subject: str) -> list[str]:
    """Return the ids that a name stands for, or the subject itself."""
    found = {subject}
    for grain, key, name in (("hosts", "host_id", "host_name"), ("oses", "ose_id", "name")):
        if grain in facts and name in facts[grain].collect_schema():
            found |= set(facts[grain].filter(pl.col(name) == subject).select(key).unique().collect().to_series())
    return sorted(found)


def _known(run: Path, facts: dict[str, pl.LazyFrame]) -> list[str]:
    stored = {name: run / f"{name}.parquet" for name in _ANSWERED}
    names = [pl.scan_parquet(path).select(_ANSWERED[name]) for name, path in stored.items() if path.is_file()]
    names += [facts[grain].select(key) for grain, key in (("hosts", "host_name"), ("oses", "name")) if grain in facts]
    return sorted({str(value) for frame in names for value in frame.collect().to_series().drop_nulls().unique()})


def _answered(run: Path, name: str, key: str, ids: list[str]) -> pl.DataFrame:
    """Show the rows of an answer for these subjects: what was decided, with the reason's sentence."""
    rows = pl.read_parquet(run / f"{name}.parquet").filter(pl.col(key).is_in(ids))
    lines = []
    for row in rows.to_dicts():
        said = {c: row[c] for c in ANSWERS[name].columns if c != key and row.get(c) is not None}
        lines += [
            {
                "subject": row[key],
                "rule": f"{name}.{column}",
                "value": _told(value),
                "unit": row.get("currency") or "" if isinstance(value, Decimal) else "",
                "inputs": "",
                "given": "",
                "clause": _why(row) if column == list(said)[-1] else "",
            }
            for column, value in said.items()
        ]
    return pl.DataFrame(lines, schema=EXPLANATION)


def _told(value: object) -> str:
    """Write money with thousands separators and no digit lost, and a list as its items."""
    if isinstance(value, Decimal):
        whole, _, part = f"{value:,f}".partition(".")
        return f"{whole}.{part.rstrip('0'):0<2}"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _why(row: dict[str, Any]) -> str:
    """Return the sentence of a row's reason, which stands below its last value."""
    first, _, last = str(row["rule"]).partition(".")
    known = register.reasons()
    module = last if row["reason"] in known.get(last, {}) else first
    return register.sentence(row["reason"], module) if row["reason"] else ""


_LABELS = (("from ", "inputs"), ("given", "given"), ("as   ", "clause"))


def lines(table: pl.DataFrame) -> list[str]:
    """Write an explanation as lines of text, an empty one before each subject but the first."""
    said: list[str] = []
    before = None
    for row in table.to_dicts():
        if row["subject"] != before:
            said += ["", row["subject"]]
            before = row["subject"]
        said.append(f"  {row['rule']} = {row['value']} {row['unit']}".rstrip())
        said += [f"      {label} {row[key]}" for label, key in _LABELS if row[key]]
    return said[1:]
