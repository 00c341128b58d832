"""From accepted tables to answers: each stage reads the ones before and leaves Parquet in the run folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics.evidence import accounts, findings, unknowns
from lmanalytics.evidence.again import again, computed
from lmanalytics.evidence.policies import policies
from lmanalytics.facts import estate_facts
from lmanalytics.facts.identities import by_id, identified
from lmanalytics.position import stage as position_stage
from lmanalytics.rules import register, topics
from lmanalytics.rules.benefit import stage as benefit
from lmanalytics.rules.benefit import step_up_opportunities
from lmanalytics.rules.demand import stage as demand
from lmanalytics.rules.entitlement import stage as entitlement
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import stage as right
from lmanalytics.schemas import ANSWERS

if TYPE_CHECKING:
    from lmanalytics.ingest.readers import Ingested
    from lmanalytics.quality.gate import Gated

Progress = Callable[[str], None]
Tables = dict[str, pl.LazyFrame]
Stage = Callable[[Tables, Settings], Tables]
PARTS = ("demand_of_", "rights_demand_of_", "findings_of_", "installs_outcomes_")
"""Beginnings of the names of what single topics give to answers of several."""
SWING_LIMIT = 5_000
"""OSEs above which other readings of the policies are not computed beside the one in force."""


def compute(
    tables: Tables, ingested: "Ingested", gated: "Gated", settings: Settings, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Compute and save every answer; return what the manifest tells of the run.

    Args:
        tables: the accepted canonical tables; an absent one was not given.
        ingested: sources and findings of the readers.
        gated: counts and checks of the gate.
        settings: date and policies in force.
        folder: the run folder.
        progress: told of each stage.

    Returns:
        entities, currencies, the tables that were given, and what is not computable, as sentences.

    """
    stages: dict[str, Tables] = {}
    notes: topics.Notes = {}
    for name, (words, stage) in STAGES.items():
        if words:
            progress(words)
        stages[name] = _saved(computed(name, stage, _known(tables, stages, name), settings, notes=notes), folder)
    answered = _known({}, stages)
    progress("accounts and findings")
    facts = {name.removeprefix("facts_"): frame for name, frame in (stages["facts"] | stages["identities"]).items()}
    answered |= _saved(unknowns.answers(tables, answered, settings), folder)
    evidence = {
        "accounts": accounts.accounts(tables, facts, answered, gated.counts, folder / "quarantine"),
        "sources": accounts.sources(ingested.sources, folder / "quarantine"),
        "findings": findings.findings(answered, ingested.findings, gated.checks),
        "policies": _policies(tables, stages, settings, notes),
    }
    _saved(evidence, folder)
    for name in ANSWERS.keys() - {p.stem for p in folder.glob("*.parquet")}:
        _saved({name: ANSWERS[name].empty()}, folder)
    return _told(tables)


def position(tables: Tables, settings: Settings) -> Tables:
    """Compute every answer up to the position in memory, without a run folder.

    Args:
        tables: canonical tables, such as those that the gate accepted; an absent one was not given.
        settings: date and policies in force.

    Returns:
        The facts (`facts_*`), the answers of the stages up to `position`, and the parts they were made of.

    """
    stages: dict[str, Tables] = {}
    for name, (_, stage) in STAGES.items():
        given = computed(name, stage, _known(tables, stages, name), settings)
        stages[name] = {n: frame.collect().lazy() for n, frame in given.items()}  # all at once takes four times as long
        if name == "position":
            break
    return {n: frame for found in stages.values() for n, frame in found.items()}


def _facts(known: Tables, settings: Settings) -> Tables:
    if not {"hosts", "oses"} & known.keys():
        return {}
    return {f"facts_{name}": frame for name, frame in estate_facts.facts(known, settings).items()}


def _identities(known: Tables, _: Settings) -> Tables:
    if "facts_oses" not in known:
        return {}
    named = identified(known, known["facts_hosts"], known["facts_oses"])
    return {f"facts_{name}": frame for name, frame in named.items()}


def _position(known: Tables, settings: Settings) -> Tables:
    return position_stage.answers(
        known, settings, minimums=_minimums(known), unknown=_unknown(known), products=demand.products(set(known)),
        opportunities=step_up_opportunities.by_pack_size(known, settings),
    )  # fmt: skip


STAGES: dict[str, tuple[str, Stage]] = {
    "entitlement": ("what purchases entitle to", entitlement.answers),
    "facts": ("the estate", _facts),
    "identities": ("", _identities),
    "right": ("what rights change", right.answers),
    "demand": ("what the estate requires", demand.answers),
    "whole": ("", lambda known, _: demand.whole(known)),
    "position": ("the position", _position),
    "benefit": ("what follows from the position", benefit.answers),
}
"""Each stage by its folder, in order: the words for a person who waits, and what it computes.

`identities` names machines by the ids of the estate; `whole` puts together what the topics of the demand gave.
"""


def _known(tables: Tables, stages: dict[str, Tables], before: str = "") -> Tables:
    """Put together the canonical tables, with their machines by id, and the answers of the stages before one."""
    known = dict(tables)
    for name in STAGES:
        if name == before:
            break
        known |= stages.get(name, {})
    return by_id(known)


def _minimums(known: Tables) -> pl.LazyFrame:
    none = {**dict.fromkeys(("entity_id", "product", "metric", "rule"), pl.String()), "min_licenses": pl.Int64()}
    return known.get("customer_minimums", pl.LazyFrame(schema=none))


def _unknown(known: Tables) -> pl.LazyFrame | None:
    """Name the products of each entity of which some machine's demand is not computable, or cannot be met."""
    if "demand" not in known:
        return None
    names = ("ose_outcomes", "host_outcomes", "installs_outcomes", "access_counts_outcomes")
    rows = [
        known[name].filter(pl.col("outcome").is_in(["not_computable", "not_licensable"])).select("entity_id", "product")
        for name in names
        if name in known
    ]
    subjects = known["demand"].group_by("entity_id", "subject_kind", "subject_id", "product")
    closed = subjects.agg(pl.col("is_available").any()).filter(~pl.col("is_available"))
    rows.append(closed.select("entity_id", "product"))
    metrics = known["demand"].group_by("product").agg(pl.col("metric").min())
    return (
        pl.concat(rows)
        .drop_nulls()
        .unique()
        .join(metrics, on="product", how="left")
        .with_columns(pl.col("metric").fill_null("license"))
    )


def _policies(tables: Tables, stages: dict[str, Tables], settings: Settings, notes: topics.Notes) -> pl.LazyFrame:
    """Name every policy, with what another reading changes unless the estate is too large to ask again."""
    small = "oses" not in tables or tables["oses"].select(pl.len()).collect().item() <= SWING_LIMIT

    def asked(other: Settings, policy: str) -> Tables:
        return again(policy, other, tables, stages, {name: stage for name, (_, stage) in STAGES.items()}, notes)

    return policies(settings, _known({}, stages), asked if small else None)


def _told(tables: Tables) -> dict[str, Any]:
    given = sorted(tables)
    not_computable = [
        f"{what}: table {name} was not given"
        for name, what in (
            ("purchases", "what is owned"),
            ("hosts", "licensing by physical cores"),
            ("oses", "what runs"),
            ("prices", "cost"),
            ("agreements", "order windows"),
        )
        if name not in given
    ]
    facts = ("facts_hosts", "facts_oses", "facts_host_rows") if {"hosts", "oses"} & tables.keys() else ()
    for answer, absent in topics.lacking(register.every_topic(), {*given, *ANSWERS, *facts}).items():
        if answer in ANSWERS.keys() - set(topics.SHARED):
            names = ", ".join(sorted({name.removeprefix("facts_") for name in absent}))
            not_computable.append(f"{answer.replace('_', ' ')}: table {names} was not given")
    entities = sorted({e for t in tables.values() for e in t.select("entity_id").unique().collect().to_series()})
    currencies = (
        [] if "prices" not in tables else sorted(tables["prices"].select("currency").unique().collect().to_series())
    )
    return {
        "entities": entities,
        "currencies": currencies,
        "tables": given,
        "not_computable": not_computable,
        "reasons": register.reasons(),
    }


def _saved(frames: Tables, folder: Path) -> Tables:
    """Stream frames to Parquet, each under its name, and scan them from there; facts and parts have own folders."""
    saved = {}
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        if name.startswith("facts_"):
            path = folder / "facts" / f"{name.removeprefix('facts_')}.parquet"
        elif name.startswith(PARTS):
            path = folder / "parts" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.sink_parquet(path, compression="zstd", row_group_size=250_000)
        saved[name] = pl.scan_parquet(path)
    return saved
