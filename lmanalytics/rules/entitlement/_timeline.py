"""Play what happens to lots in the order of its days: removals, buy-outs, coverage, upgrades, step-ups.

Whether a license is there, and covered, depends on the day, so one day's orders are matched before the next. All
entities and products go through their first day at once, then through their second: the loop below runs over the
ranks of days, never over rows. Step-ups lead from a product to another along a graph without cycles, so products
are taken by their level in it: what arrives at a product is complete before anything leaves it.
"""

from datetime import date
from typing import Protocol

import polars as pl

from lmanalytics.rules.entitlement._allocate import allocate

NODE = ["entity_id", "product", "edition", "metric"]
HOME = ["agreement_id", "enrollment_id"]
ORDER_ON_A_DAY = {"removal": 0, "buy_out": 1, "sa": 2, "upgrade": 3, "step_up": 4}
# Where the units of an event may come from, in the order in which they are asked.
SCOPES = pl.DataFrame(
    [
        ("removal", True, 0, "lot"),
        ("removal", True, 1, "lot_left"),
        ("removal", False, 2, "type"),
        ("removal", False, 3, "own"),
        ("removal", False, 5, "left"),
        ("buy_out", True, 0, "lot"),
        ("buy_out", False, 3, "own"),
        ("sa", True, 0, "lot"),
        ("sa", False, 3, "own"),
        ("sa", False, 4, "entity"),
        ("upgrade", True, 0, "lot"),
        ("upgrade", False, 3, "own"),
        ("upgrade", False, 4, "entity"),
        ("step_up", True, 0, "lot"),
        ("step_up", False, 3, "own"),
    ],
    schema=["kind", "is_pinned_event", "phase", "scope"],
    orient="row",
)
PAST = pl.Struct(
    {
        "product": pl.String(),
        "edition": pl.String(),
        "version": pl.String(),
        "since": pl.Date(),
        "until": pl.Date(),
        "reason": pl.String(),
    }
)
STATE = {
    "sources": pl.List(pl.String()),
    "steps": pl.List(pl.String()),
    "past": pl.List(PAST),
    "left_on": pl.Date(),
    "next_product": pl.String(),
    "next_edition": pl.String(),
    "next_version": pl.String(),
    "removed_on": pl.Date(),
    "end_reason": pl.String(),
}
_SLOT = ["kind", "scope", "dated_on", "ordered_on", "coverage_start", "coverage_end", "new_version"]
_TRIM_EVERY = 8


class Rules(Protocol):
    """What the timeline asks of the rules: expressions over a lot and the columns `event_*` and `by_*`."""

    @property
    def scopes(self) -> pl.DataFrame:
        """The rows of SCOPES that are in force."""

    def eligible(self) -> pl.Expr:
        """Whether the lot may serve the event."""

    def preference(self) -> list[pl.Expr]:
        """Which lot serves first: smaller values first."""

    def effects(self) -> dict[str, pl.Expr]:
        """What the event changes in the lots that serve it."""


def fresh(lots: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Give lots the state that the timeline changes: nothing happened yet."""
    pinned = events.select("entity_id", lot_id="pin").drop_nulls().unique().with_columns(is_pinned=pl.lit(value=True))
    marked = lots.join(pinned, on=["entity_id", "lot_id"], how="left", maintain_order="left")
    return marked.with_columns(
        *(pl.lit(None, dtype).alias(name) for name, dtype in STATE.items() if name not in {"sources", "steps", "past"}),
        sources=pl.concat_list("lot_id"),
        steps=pl.lit([], pl.List(pl.String())),
        past=pl.lit([], pl.List(PAST)),
        is_pinned=pl.col("is_pinned").fill_null(value=False),
    )


def _rounds(events: pl.DataFrame, scopes: pl.DataFrame) -> list[pl.DataFrame]:
    """Cut the events (with `event`, their number) into rounds: per product at most one day, kind and scope each."""
    if events.is_empty():
        return []
    asked = events.with_columns(is_pinned_event=pl.col("pin").is_not_null()).join(
        scopes, on=["kind", "is_pinned_event"], how="inner"
    )
    ranked = asked.with_columns(_rank=pl.col("kind").replace_strict(ORDER_ON_A_DAY))
    same = [*NODE, "dated_on", "_rank", "phase", "ordered_on", "coverage_start", "coverage_end", "new_version"]
    # Number by one sort and its runs: ranking inside each product costs ten times as much.
    run = pl.struct(same).rle_id().cast(pl.Int64)
    return (
        ranked.sort(same)
        .with_columns(round=run)
        .with_columns(pl.col("round") - pl.col("round").min().over(NODE))
        .drop("_rank")
        .sort("round", "event")
        .partition_by("round", maintain_order=True)
    )


def play(pool: pl.DataFrame, events: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Play the events of the products of one level.

    Args:
        pool: lots with their state, all of the level.
        events: entity_id, product, edition, metric, agreement_id, enrollment_id, kind, purchase_id, units, dated_on,
            ordered_on, coverage_start, coverage_end, new_version, pin, purchase_type, next_product, next_edition,
            program; in the order in which those of one day are served.
        rules: who may serve an event, in which order, and what it does to them.

    Returns:
        The lots after all events, and the events with what was `missing` of each.

    """
    events = events.with_row_index("event")
    left = events["units"].clone()
    playing, done = pool, []
    last = _last_rounds(all_rounds := _rounds(events, rules.scopes))
    for number, asked in enumerate(all_rounds):
        if number % _TRIM_EVERY == 0:
            lasting = last.filter(pl.col("last") >= number).select(NODE)
            done.append(playing.join(lasting, on=NODE, how="anti", nulls_equal=True, maintain_order="left"))
            playing = playing.join(lasting, on=NODE, how="semi", nulls_equal=True, maintain_order="left")
        wanted = asked.with_columns(units=left.gather(asked["event"])).filter(pl.col("units") > 0)
        if wanted.is_empty() or playing.is_empty():
            continue
        playing, missing = _serve(playing, wanted, rules)
        left = left.scatter(wanted["event"], missing)
    return pl.concat([*done, playing]), events.with_columns(missing=left).drop("event")


def _last_rounds(all_rounds: list[pl.DataFrame]) -> pl.DataFrame:
    if not all_rounds:
        return pl.DataFrame(schema={**dict.fromkeys(NODE, pl.String), "last": pl.Int64})
    parts = [part.select(*NODE, last=pl.lit(number, pl.Int64)) for number, part in enumerate(all_rounds)]
    return pl.concat(parts).group_by(NODE).agg(pl.col("last").max())


def _serve(pool: pl.DataFrame, wanted: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, pl.Series]:
    """Serve one round: returns the lots after it, and what is missing of each event."""
    pool = pool.with_row_index("lot")
    slots = wanted.select(*NODE, *(pl.col(c).alias(f"event_{c}") for c in _SLOT)).unique(NODE, maintain_order=True)
    met = pool.join(slots, on=NODE, how="inner", nulls_equal=True, maintain_order="left").filter(rules.eligible())
    met = met.with_columns(_text=_key("event_scope", "lot_id", "purchase_type"))
    wanted = wanted.with_columns(_text=_key("scope", "pin", "purchase_type")).with_row_index("demand")
    keys = wanted.select("_text").unique().sort("_text").with_row_index("key")  # numbers sort faster than texts
    wanted = wanted.join(keys, on="_text", how="left", maintain_order="left")
    met = met.join(keys, on="_text", how="inner", maintain_order="left")
    # Parts of one lot: what stepped up last serves first, and what stays before what leaves later.
    stepped, stays = (-pl.col(day).fill_null(date.max).to_physical() for day in ("left_on", "removed_on"))
    ties: list[pl.Expr | str] = ["lot_id", stepped, "since", "sa_end", stays, "agreement_id", "sa_start"]
    met = met.sort(["key", *rules.preference(), *ties], maintain_order=True)
    met = met.with_row_index("supply")
    pieces = allocate(wanted.select("key", "demand", "units"), met.select("key", "supply", "units"))
    missing = _missing(pieces, wanted)
    used = pieces.filter(pl.col("supply").is_not_null())
    parts = met[used["supply"]].with_columns(units=used["units"], demand=used["demand"])
    taken = parts.filter(pl.col("demand").is_not_null())
    by = wanted[taken["demand"]].select(
        by_purchase="purchase_id",
        by_product="next_product",
        by_edition="next_edition",
        by_agreement="agreement_id",
        by_enrollment="enrollment_id",
        by_program="program",
    )
    changed = taken.hstack(by).with_columns(**rules.effects()) if taken.height else taken
    columns = pool.drop("lot").columns
    rest = parts.filter(pl.col("demand").is_null()).select(columns)
    untouched = pool.join(met.select("lot"), on="lot", how="anti", maintain_order="left").select(columns)
    return pl.concat([untouched, rest, changed.select(columns)]), missing


def _missing(pieces: pl.DataFrame, wanted: pl.DataFrame) -> pl.Series:
    short = pieces.filter(pl.col("supply").is_null()).group_by("demand").agg(pl.col("units").sum())
    return wanted.select("demand").join(short, on="demand", how="left", maintain_order="left")["units"].fill_null(0)


def _key(scope: str, lot: str, purchase_type: str) -> pl.Expr:
    """What a lot and an event must have in common, as text."""
    node = [pl.col(c).fill_null("") for c in NODE]
    home = [pl.col(c) for c in HOME]
    separator = "\x1f"
    return (
        pl.when(pl.col(scope).is_in(["lot", "lot_left"]))
        .then(pl.concat_str(*node, lot, separator=separator))
        .when(pl.col(scope) == "type")
        .then(pl.concat_str(*node, *home, purchase_type, separator=separator))
        .when(pl.col(scope) == "entity")
        .then(pl.concat_str(*node, separator=separator))
        .otherwise(pl.concat_str(*node, *home, separator=separator))
    )
