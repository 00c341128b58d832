"""Ask the question of a run again under another reading of one policy, and only what that reading can reach."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.facts.identities import by_id
from lmanalytics.rules import reach, register
from lmanalytics.rules.parameters import Settings

Tables = dict[str, pl.LazyFrame]
TOPICAL = ("right", "demand", "benefit")
_READ = {
    "whole": ("demand_of_", "installs_outcomes_"),
    "position": ("demand", "licenses", "customer_minimums", "ose_outcomes", "host_outcomes", "installs_outcomes"),
}
"""What stages without topics read: whole names, or their beginnings."""


def again(
    policy: str, other: Settings, tables: Tables, stages: dict[str, Tables], compute: dict[str, Callable[..., Tables]]
) -> Tables:
    """Answer under other settings.

    Args:
        policy: the policy whose reading differs from that of the run.
        other: the settings with the other reading.
        tables: the canonical tables.
        stages: what each stage of the run gave.
        compute: each stage by name, in order; those of `TOPICAL` take the choice of topics, too.

    Returns:
        The answers that differ from those of the run, in memory. Nothing for a policy that decides what rows are
        read, which is before these stages.

    """
    module, first = register.policy_module(policy), register.policy_stage(policy)
    changed: Tables = {}
    kept: Tables = dict(tables)
    if first not in compute:
        return {}

    def is_reached(topic: ModuleType) -> bool:
        return module in reach.modules(topic) or not reach.words(topic).isdisjoint(changed)

    begun = False
    for name, stage in compute.items():
        kept |= stages[name]
        begun = begun or name == first
        arguments: list[Any] = [by_id(kept), other]
        if not begun or (name not in TOPICAL and name != first and not _reads(name, changed)):
            continue
        given = stage(*arguments, is_reached) if name in TOPICAL else stage(*arguments)
        found = dict(zip(given, pl.collect_all(list(given.values())), strict=True))
        differing = {n: f.lazy() for n, f in found.items() if not _same(f, stages[name].get(n))}
        changed |= differing
        kept |= differing
    return changed


def _reads(stage: str, changed: Tables) -> bool:
    return any(name.startswith(_READ.get(stage, ())) for name in changed)


def _same(found: pl.DataFrame, before: pl.LazyFrame | None) -> bool:
    return before is not None and found.equals(before.collect())
