"""From accepted tables to answers: each stage reads the ones before and leaves Parquet in the run folder."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics import stored
from lmanalytics.engines.means import Means
from lmanalytics.evidence import accounts, findings, unknowns, unseen
from lmanalytics.evidence.again import again, computed
from lmanalytics.evidence.policies import policies
from lmanalytics.evidence.told import told
from lmanalytics.facts import estate_facts, software
from lmanalytics.facts.identities import REFERENCES, by_id, identified
from lmanalytics.kept import Kept
from lmanalytics.kept.run import scanned, step
from lmanalytics.partition import stages as partition
from lmanalytics.partition.split import count
from lmanalytics.position import stage as position_stage
from lmanalytics.rules import topics
from lmanalytics.rules.benefit import stage as benefit
from lmanalytics.rules.benefit import step_up_opportunities
from lmanalytics.rules.demand import stage as demand
from lmanalytics.rules.entitlement import stage as entitlement
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import stage as right
from lmanalytics.schemas import ANSWERS, CANONICAL

if TYPE_CHECKING:
    from lmanalytics.ingest.readers import Ingested
    from lmanalytics.quality.gate import Gated

Progress = Callable[[str], None]
Tables = dict[str, pl.LazyFrame]
Stage = Callable[[Tables, Settings], Tables]
SWING_LIMIT = 5_000
"""OSEs above which other readings of the policies are not computed beside the one in force."""


def compute(
    tables: Tables,
    ingested: "Ingested",
    gated: "Gated",
    settings: Settings,
    kept: Kept,
    progress: Progress,
    means: Means,
) -> dict[str, Any]:
    """Compute and save every answer; return what the manifest tells of the run.

    An estate of more rows than fit one partition is computed in parts, which changes no answer.

    Args:
        tables: the accepted canonical tables, scanned by `kept`; an absent one was not given.
        ingested: sources and findings of the readers.
        gated: counts and checks of the gate.
        settings: date and policies in force.
        kept: what earlier runs left; its folder is that of the run. A folder beside it holds the parts until the
            run is complete.
        progress: told of each stage.
        means: where parts are computed.

    Returns:
        entities, currencies, the tables that were given, and what is not computable, as sentences.

    """
    stages: dict[str, Tables] = {}
    notes: topics.Notes = {}
    folder, number = kept.into, count(tables)
    work = folder.with_suffix(".parts")
    parted = partition.Parted(settings, kept.below(work), number, means, progress) if number > 1 else None
    by = partial(step, kept, settings)
    for name, (words, stage) in STAGES.items():
        if words:
            progress(words)
        known = _known(tables, stages, name)
        own = topics.every if parted is None else demand.by_whole
        stages[name] = {}
        if parted is not None and name == "facts":
            files = parted.estate(known, _to_compute_with, {n: [p] for n, p in gated.accepted.items()})
            aside = by("facts.set_aside", known, lambda tables: _sorted_out(tables, settings)[1])
            stages[name] = scanned(kept, stored.kept(files, folder)) | aside
            continue
        if parted is not None and name == "demand":
            files = parted.demand(stored.files(folder, known, gated.accepted))
            found = scanned(kept, stored.kept(files, folder))
            stages[name] = found | by("demand.over_all", found, lambda parts: _over_all(parts, settings))
        stages[name] |= computed(name, stage, known, settings, own, notes, by)
    answered = _known({}, stages)
    progress("accounts and findings")
    facts = {name.removeprefix("facts_"): frame for name, frame in (stages["facts"] | stages["identities"]).items()}
    both = {"tables": tables, "answered": answered}
    answered |= step(kept, settings, "evidence.unknowns", both, lambda t, a: unknowns.answers(t, a, settings))
    if unseen.TABLE in tables:
        answered |= step(kept, settings, "evidence.unseen", tables, lambda known: unseen.answers(known, settings))
    evidence = {
        "accounts": accounts.accounts(
            tables, facts, answered, gated.counts, folder / "quarantine", folder / "corrected"
        ),
        "corrections": ingested.corrections.lazy(),
        "sources": accounts.sources(ingested.sources, folder / "quarantine"),
        "findings": findings.findings(answered, ingested.findings, gated.checks, ingested.estate.owners),
    }
    stored.saved(evidence, folder)
    given = {stage: sorted(policies) for stage, policies in sorted(notes.items())}
    step(
        kept, settings, "evidence.policies", {"": tables, **stages},
        lambda own, *found: {"policies": _policies(own, dict(zip(stages, found, strict=True)), settings, notes)}, given,
    )  # fmt: skip
    for name in ANSWERS.keys() - {p.stem for p in folder.glob("*.parquet")}:
        stored.saved({name: ANSWERS[name].empty()}, folder)
    if parted is not None:
        parted.swept()
    return told(tables)


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
    aside = _sorted_out(known, settings)[1]
    if not {"hosts", "oses"} & known.keys():
        return aside
    return {f"facts_{name}": frame for name, frame in estate_facts.facts(known, settings).items()} | aside


def _sorted_out(known: Tables, settings: Settings) -> tuple[Tables, Tables]:
    """Return the installs to compute with, and how many of which product are not."""
    if "installs" not in known:
        return {}, {}
    kept, aside = software.sorted_out(known["installs"], settings)
    return {"installs": kept}, {f"facts_{software.SET_ASIDE}": aside}


def _identities(known: Tables, settings: Settings) -> Tables:
    hosts = known.get("facts_hosts", CANONICAL["hosts"].empty())
    oses = known.get("facts_oses", CANONICAL["oses"].empty())
    tables = _to_compute_with(known, settings)
    if "facts_installs" in known:
        tables = {name: known[name] for name in REFERENCES if name in known and name != "installs"}
    return {f"facts_{name}": frame for name, frame in identified(tables, hosts, oses).items()}


def _over_all(parts: Tables, settings: Settings) -> Tables:
    """Return what parts do not tell by themselves."""
    found = demand.over_all(parts, settings)
    return {name: frame for name, frame in found.items() if frame is not parts.get(name)}


def _to_compute_with(known: Tables, settings: Settings) -> Tables:
    return known | _sorted_out(known, settings)[0]


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
