"""What is computed of one partition by itself: tables in, tables out, the same wherever it runs."""

import polars as pl

from lmanalytics.facts import estate_facts
from lmanalytics.rules.demand import stage
from lmanalytics.rules.parameters import Settings

Tables = dict[str, pl.LazyFrame]


def estate(tables: Tables, settings: Settings) -> Tables:
    """Make the facts of a partition (`estate_facts.facts`): facts_hosts, facts_oses, facts_host_rows."""
    return {f"facts_{name}": frame for name, frame in estate_facts.facts(tables, settings).items()}


def demand(tables: Tables, settings: Settings) -> Tables:
    """Ask a partition what its machines require (`rules.demand.stage.in_part`)."""
    return stage.in_part(tables, settings)
