"""The swing of the whole position: what must be bought if all facts of a kind are at their least, or their most.

At list price the places of `unknowns` add up. What is owned does not: a license serves one place or another, and packs
are rounded once. So the position is asked again for each kind of fact, which small estates alone can afford.
"""

from collections.abc import Callable

import polars as pl

from lmanalytics.errors import UsageError
from lmanalytics.evidence.policies import totals
from lmanalytics.evidence.unknowns import ends_in_force
from lmanalytics.evidence.unknowns_ends import SINGLE, Asked, host_copies, install_copies, ose_copies
from lmanalytics.evidence.unknowns_found import SUBJECT, Estate, estate, found, places
from lmanalytics.evidence.unknowns_members import everyone
from lmanalytics.evidence.unknowns_ranges import most_vcpus
from lmanalytics.evidence.unknowns_stacked import ENDS
from lmanalytics.evidence.unknowns_varied import BY_ITSELF
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL, ENTITY, MONEY

Tables = dict[str, pl.LazyFrame]
LIMIT = 1_000
"""OSEs above which the position is not asked again."""
SCHEMA = {
    "fact": pl.String(),
    **dict.fromkeys(("short_least", "short_most"), pl.Int64()),
    **dict.fromkeys(("cost_least", "cost_most", "swing"), MONEY),
}
_ELSEWHERE = ("provider_operator",)
"""Facts about machines that stand in none of their own tables."""


def whole_swing(
    tables: Tables, answered: Tables, settings: Settings, asked: Callable[[Tables, Settings], Tables]
) -> pl.DataFrame:
    """Ask the position again for each kind of fact about machines.

    Args:
        tables: canonical tables.
        answered: the facts and answers of the position as it is.
        settings: date and policies.
        asked: computes every answer up to the position from canonical tables.

    Returns:
        fact, short_least, short_most (licenses to buy), cost_least, cost_most, swing: a row for each kind of fact that
        some machine lacks, widest first; null where the position cannot say. Other kinds are held at what a policy
        assumes, else at their most.

    Raises:
        UsageError: the estate is too large to ask again.

    """
    known = estate(tables, answered)
    if known is None:
        return pl.DataFrame(schema=SCHEMA)
    count = known.oses.filter(pl.col("state") == "current").select(pl.len()).collect().item()
    if count > LIMIT:
        message = (
            f"The estate has {count:,} OSEs; the whole position is asked again for {LIMIT:,} at most. Read the answer "
            "`unknowns`, which gives the same at list price."
        )
        raise UsageError(message)
    missing = found(known)
    facts = [fact for fact in places(missing)["fact"].unique().sort() if fact not in _ELSEWHERE]
    single = missing.filter(pl.col("fact").is_in(SINGLE)).unique().collect().sort(pl.all())
    ends = ends_in_force(settings)
    most, members = most_vcpus(known, ends), everyone(known, tables, answered)
    rows = []
    for fact in facts:
        made = _everything(known, fact)
        given = [
            Asked(known, most, single, made.with_columns(end=pl.lit(end)), members, tables, answered, ends, settings)
            for end in ENDS
        ]
        least, most_of_all = (totals(asked(_filled(one), _alone(settings))) for one in given)
        swing = None if least[2] is None or most_of_all[2] is None else most_of_all[2] - least[2]
        rows.append((fact, least[1], most_of_all[1], least[2], most_of_all[2], swing))
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return table.sort("swing", "fact", descending=[True, False], nulls_last=True)


def _alone(settings: Settings) -> Settings:
    return Settings(settings.as_of, settings.policies | BY_ITSELF)


def _everything(known: Estate, fact: str) -> pl.DataFrame:
    """List every place as a copy of itself."""
    parts = [known.hosts.lazy().select(SUBJECT), known.oses.select(SUBJECT), known.installs.lazy().select(SUBJECT)]
    every = pl.concat(parts).drop_nulls().unique().collect().sort(SUBJECT)
    return every.with_columns(fact=pl.lit(fact), copy=ENTITY)


def _filled(asked: Asked) -> Tables:
    """Set the fact in the canonical tables themselves."""
    made = {"hosts": host_copies(asked), "oses": ose_copies(asked)}
    if asked.known.installs.height:
        made["installs"] = install_copies(asked)
    return asked.tables | {name: CANONICAL[name].conform(frame.lazy()) for name, frame in made.items()}
