"""What became of every lot: covered, stepped up, upgraded, bought out, returned, each on its day.

One matching decides all of it, because a step-up needs coverage on its order day, coverage needs a license that
is still there, and a license that leaves takes its step-up along.
"""

from datetime import date
from graphlib import TopologicalSorter

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, in_force
from lmanalytics.rules.entitlement import sa_attachment
from lmanalytics.rules.entitlement._effects import Effects, past
from lmanalytics.rules.entitlement._timeline import fresh, play
from lmanalytics.rules.entitlement._unserved import explained
from lmanalytics.rules.parameters import load_rule_file

FACTS = "purchases"
ANSWER = "history"
_PRODUCT = ["product", "edition"]
_ATTACHMENT_DAYS = ("oem_attach_days", "transfer_attach_days", "open_license_renewal_days")


class Reason(ReasonBase):
    """Why a license is no longer what it was."""

    SUPERSEDED_BY_STEP_UP = "The step-up replaced this license with one of the higher edition."
    SUPERSEDED_BY_UPGRADE = "The upgrade replaced this license with one of the newer version."
    STEPPED_UP = "A step-up replaced the license of the lower edition with this one."
    UPGRADED = "An upgrade replaced the license of the older version with this one."
    BOUGHT_OUT = "Bought out of a subscription, so it is perpetual."
    RETURNED = "Returned, or transferred to somebody else."
    BASE_NOT_RETAINED = "The qualifying license left, and with it the step-up on it."


@frame_rule(unit="license", cite="step_up", start="2001-10-01")
def history(
    lots: pl.LazyFrame,
    events: pl.LazyFrame,
    *,
    step_up_edges: pl.DataFrame,
    step_up_base_order: str,
    return_order: str,
    sa_base: str,
    sa_gap: str,
    as_of: date,
) -> pl.LazyFrame:
    """Play all events on all lots, product by product in the order of the step-up graph, day by day.

    Returns:
        Each part of a lot as it stands in the end: the columns of `lots` with sources (every purchase that made
        it), steps (its step-ups), past (what it was before), removed_on and end_reason. And a row without lot_id
        for each event not served in full: `event` (its purchase), `missing` (units) and `why`.

    """
    terms = load_rule_file(sa_attachment)
    days = {name: int(str(in_force(terms, name, as_of).value)) for name in _ATTACHMENT_DAYS}
    rules = Effects(step_up_base_order, return_order, sa_base, sa_gap, days)
    levels = graph_levels(step_up_edges)
    asked = _with_level(_in_order(events.collect(), levels), levels)
    waiting = _with_level(fresh(lots.collect(), asked), levels)
    ended, unserved = [], []
    for level in range(max(levels["level"]) + 1):
        here = waiting.filter(pl.col("level") == level).drop("level")
        pool, served = play(here, asked.filter(pl.col("level") == level).drop("level"), rules)
        unserved.append(explained(served, pool))
        moves = pl.col("left_on").is_not_null()
        ended.append(pool.filter(~moves))
        waiting = pl.concat([waiting.filter(pl.col("level") > level), _with_level(_moved(pool.filter(moves)), levels)])
    missing = pl.concat(unserved).select("entity_id", "missing", "why", event="purchase_id")
    return pl.concat([*ended, missing], how="diagonal_relaxed").lazy()


def graph_levels(step_up_edges: pl.DataFrame) -> pl.DataFrame:
    """Number the products and editions of the step-up graph by the longest way that leads to them, from 0."""
    sources: dict[tuple[str, str | None], set[tuple[str, str | None]]] = {}
    for to, edition, of, base in step_up_edges.select(
        "to_product", "to_edition", "from_product", "from_edition"
    ).rows():
        sources.setdefault((to, edition), set()).add((of, base))
    level: dict[tuple[str, str | None], int] = {}
    for node in TopologicalSorter(sources).static_order():
        level[node] = max((level[base] + 1 for base in sources.get(node, ())), default=0)
    rows = [(product, edition, number) for (product, edition), number in sorted(level.items(), key=str)]
    return pl.DataFrame(rows, schema={"product": pl.String, "edition": pl.String, "level": pl.Int64}, orient="row")


def _in_order(events: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """Order the events of one day: step-ups to the nearer product first, then by purchase."""
    near = levels.rename({"product": "next_product", "edition": "next_edition"})
    ordered = events.join(near, on=["next_product", "next_edition"], how="left", nulls_equal=True)
    return ordered.sort(pl.col("level").fill_null(0), "purchase_id").drop("level")


def _with_level(frame: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """Add the level of each row's product; what is not in the graph is on the first."""
    joined = frame.join(levels, on=_PRODUCT, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.col("level").fill_null(0))


def _moved(lots: pl.DataFrame) -> pl.DataFrame:
    """Turn lots that stepped up into lots of the higher product, remembering what they were."""
    here = pl.col("product"), pl.col("edition"), pl.col("version"), pl.col("since")
    before = past(*here, pl.col("left_on"), Reason.SUPERSEDED_BY_STEP_UP.code)
    was_before = (pl.col("since") < pl.col("left_on")).fill_null(value=True)
    return lots.with_columns(
        past=pl.when(was_before).then(pl.concat_list("past", before)).otherwise("past"),
        product="next_product",
        edition="next_edition",
        version=pl.coalesce("next_version", "version"),
        since="left_on",
        origin=Reason.STEPPED_UP.lit,
        left_on=pl.lit(None, pl.Date),
        next_product=pl.lit(None, pl.String),
        next_edition=pl.lit(None, pl.String),
        next_version=pl.lit(None, pl.String),
    )
