"""The demand stage: what runs, product by product, and the ways in which it can be licensed."""

import polars as pl

from lmanalytics.rules import demand, topics
from lmanalytics.rules.demand._rows import demand_rows
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, ENTITY

Tables = topics.Tables
EXTRA = {"licenses_with_sa": pl.Int64(), "full_sets": pl.Int64(), "is_lower_bound": pl.Boolean()}
_KEY = [ENTITY, *ANSWERS["demand"].key, "version"]
_PARTS = "installs_outcomes_"


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Ask every topic of this package, and add what rights require (`right_demand`).

    Args:
        inputs: canonical tables, facts (`facts_hosts`, …), what is owned and rights; an absent one was not given.
        settings: date and policies.

    Returns:
        `demand`: the answer with licenses_with_sa, full_sets and is_lower_bound, a row per subject, product,
        option and edition; `installs_outcomes`: a row per row of `installs`; the topics' other answers.

    """
    found = topics.gather(topics.topics_of(demand), inputs, settings, "demand")
    rows = []
    if "right_demand" in inputs:
        rows.append(demand_rows(inputs["right_demand"], inputs.get("prices"), settings))
    if "demand_demand" in found:
        rows.append(found.pop("demand_demand"))
    if rows:
        schema = dict(ANSWERS["demand"].schema) | EXTRA
        every = pl.concat(rows, how="diagonal_relaxed")
        have = set(every.collect_schema().names())
        columns = [(pl.col(n) if n in have else pl.lit(None)).cast(t).alias(n) for n, t in schema.items()]
        found["demand"] = every.select(columns).sort(_KEY, nulls_last=True)
    if parts := [found.pop(name) for name in sorted(found) if name.startswith(_PARTS)]:
        found["installs_outcomes"] = pl.concat(parts, how="diagonal_relaxed").sort("row_id")
    return found


def products(given: set[str]) -> tuple[str, ...]:
    """Return the products whose demand is computed from the tables that were given."""
    declared = [getattr(topic, "PRODUCTS", {}) for topic in topics.topics_of(demand)]
    found = {name for one in declared for name, ways in one.items() if any(set(way) <= given for way in ways)}
    return tuple(sorted(found))
