"""The demand stage: what runs, product by product, and the ways in which it can be licensed."""

from types import ModuleType

import polars as pl

from lmanalytics.rules import demand, topics
from lmanalytics.rules.demand import curves
from lmanalytics.rules.demand._rows import demand_rows
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, ENTITY

Tables = topics.Tables
EXTRA = {"licenses_with_sa": pl.Int64(), "full_sets": pl.Int64(), "is_lower_bound": pl.Boolean(), **curves.SCHEMA}
_KEY = [ENTITY, *ANSWERS["demand"].key, "version"]
_INSTALLS = "installs_outcomes_"


def answers(
    inputs: Tables,
    settings: Settings,
    only: topics.Choice = topics.every,
    notes: topics.Notes | None = None,
    by: topics.By = topics.plainly,
) -> Tables:
    """Ask the topics of this package.

    Args:
        inputs: canonical tables, facts (`facts_hosts`, …), what is owned and rights; an absent one was not given.
        settings: date and policies.
        only: which topics to ask.
        notes: takes the policies that each topic consulted.
        by: computes each topic.

    Returns:
        The topics' answers (`topics.gather`), with what rights require among them (`demand_of_rights`); `whole`
        puts them together.

    """
    found = topics.gather([t for t in topics.topics_of(demand) if only(t)], inputs, settings, notes, by=by)
    return found | by("demand.rights", inputs, lambda tables: _of_rights(tables, settings))


def in_part(inputs: Tables, settings: Settings) -> Tables:
    """Ask the topics that decide about each place by itself.

    Args:
        inputs: as for `answers`, with the machines and installs of one partition.
        settings: date and policies.

    Returns:
        Their answers but for what must be told of the whole estate (`over_all`).

    """
    return topics.gather(by_place(), inputs, settings, ask="in_part")


def over_all(parts: Tables, settings: Settings) -> Tables:
    """Add what is told of all partitions together to what `in_part` gave of each, put one below the other."""
    found = dict(parts)
    for topic in by_place():
        name = topic.__name__.rpartition(".")[2]
        own = {answer: parts[n] for answer in topic.IN_PART if (n := topics.called(answer, name)) in parts}
        if own:
            found |= {topics.called(answer, name): f for answer, f in topic.over_all(own, settings).items()}
    return found


def by_whole(topic: ModuleType) -> bool:
    """Choose the topics that must see the whole estate."""
    return not hasattr(topic, "in_part")


def whole(parts: Tables) -> Tables:
    """Put the parts of the demand together.

    Args:
        parts: what `answers` returned.

    Returns:
        `demand`: the answer with licenses_with_sa, full_sets and is_lower_bound, a row per subject, product,
        option and edition; `installs_outcomes`: a row per row of `installs`. Absent where no topic gave any.

    """
    found: Tables = {}
    if rows := topics.together(parts, "demand"):
        schema = dict(ANSWERS["demand"].schema) | EXTRA
        every = pl.concat(rows, how="diagonal_relaxed")
        have = set(every.collect_schema().names())
        columns = [(pl.col(n) if n in have else pl.lit(None)).cast(t).alias(n) for n, t in schema.items()]
        found["demand"] = every.select(columns).sort(_KEY, nulls_last=True)
    if rows := [parts[name] for name in sorted(parts) if name.startswith(_INSTALLS)]:
        found["installs_outcomes"] = pl.concat(rows, how="diagonal_relaxed").sort("row_id")
    return found


def by_place() -> list[ModuleType]:
    """Return the topics that decide about each place by itself."""
    return [topic for topic in topics.topics_of(demand) if not by_whole(topic)]


def products(given: set[str]) -> tuple[str, ...]:
    """Return the products whose demand is computed from the tables that were given."""
    declared = [getattr(topic, "PRODUCTS", {}) for topic in topics.topics_of(demand)]
    found = {name for one in declared for name, ways in one.items() if any(set(way) <= given for way in ways)}
    return tuple(sorted(found))


def _of_rights(tables: Tables, settings: Settings) -> Tables:
    rights = topics.together(tables, "rights_demand")
    if not rights:
        return {}
    rows = pl.concat(rights, how="diagonal_relaxed")
    return {"demand_of_rights": demand_rows(rows, tables.get("prices"), settings)}
