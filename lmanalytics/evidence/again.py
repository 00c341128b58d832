"""Ask the question of a run again under another reading of one policy, and only what that reading can reach."""

from collections.abc import Callable
from types import ModuleType

import polars as pl

from lmanalytics.facts.identities import by_id
from lmanalytics.rules import reach, topics
from lmanalytics.rules.parameters import Settings, consulting

Tables = dict[str, pl.LazyFrame]
TOPICAL = ("right", "demand", "benefit")
_READ = {
    "identities": ("facts_hosts", "facts_oses"),
    "whole": ("demand_of_", "installs_outcomes_"),
    "position": ("demand", "licenses", "customer_minimums", "ose_outcomes", "host_outcomes", "installs_outcomes"),
}
"""What stages without topics read: whole names, or their beginnings."""


def again(
    policy: str,
    other: Settings,
    tables: Tables,
    stages: dict[str, Tables],
    compute: dict[str, Callable[..., Tables]],
    notes: topics.Notes,
) -> Tables:
    """Answer under other settings, as far as the position; of the benefits only what consulted the policy itself.

    Args:
        policy: the policy whose reading differs from that of the run.
        other: the settings with the other reading.
        tables: the canonical tables.
        stages: what each stage of the run gave.
        compute: each stage by name, in order; those of `TOPICAL` take the choice of topics, too.
        notes: the policies that each stage and topic of the run consulted.

    Returns:
        The answers that differ from those of the run, in memory. Nothing for a policy that nothing consulted.

    """
    changed: Tables = {}
    kept: Tables = dict(tables)

    def consulted(topic: ModuleType) -> bool:
        return policy in notes.get(topic.__name__, ())

    def is_reached(topic: ModuleType) -> bool:
        return consulted(topic) or not reach.words(topic).isdisjoint(changed)

    if not any(policy in names for names in notes.values()):
        return {}
    for name, stage in compute.items():
        kept |= stages[name]
        if name not in TOPICAL and policy not in notes.get(name, ()) and not _reads(name, changed):
            continue
        chosen = consulted if name == "benefit" else is_reached
        given = computed(name, stage, by_id(kept), other, chosen)
        found = dict(zip(given, pl.collect_all(list(given.values())), strict=True))
        differing = {n: f.lazy() for n, f in found.items() if not _same(f, stages[name].get(n))}
        changed |= differing
        kept |= differing
    return changed


def computed(
    name: str,
    stage: Callable[..., Tables],
    known: Tables,
    settings: Settings,
    only: topics.Choice = topics.every,
    notes: topics.Notes | None = None,
    by: topics.By = topics.plainly,
) -> Tables:
    """Compute a stage, of those of `TOPICAL` the chosen topics, and note the policies that are consulted."""
    if name in TOPICAL:
        return stage(known, settings, only, notes, by)
    with consulting(notes.setdefault(name, set()) if notes is not None else set()):
        return by(name, known, lambda tables: stage(tables, settings))


def _reads(stage: str, changed: Tables) -> bool:
    return any(name.startswith(_READ.get(stage, ())) for name in changed)


def _same(found: pl.DataFrame, before: pl.LazyFrame | None) -> bool:
    return before is not None and found.equals(before.collect())
