"""What each cause changes of the position: the differences of neighboring states, which add up to the whole."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.position.grid import ACCESS
from lmanalytics.rules.demand.stage import products
from lmanalytics.schemas import ENTITY, MONEY
from lmanalytics.whatif.causes import KNOWN_NOW, UNKNOWN_NOW, WORDS, Tables
from lmanalytics.whatif.diff_replay import Replay

KEY = [ENTITY, "product", "edition", "metric"]
COUNTS = ["required", "owned", "owned_with_sa", "shortage", "surplus"]
COST = "shortage_cost"
MEASURES = [*COUNTS, COST]
STEP = ["step", "cause", "detail"]
_THEN, _NOW = "_before", "_after"


@dataclass(frozen=True)
class Shares:
    """The difference of two sides, as frames that add up to one another."""

    balances: pl.DataFrame
    """KEY, and each of MEASURES before, after and changed, currency: a row per balance of either side. Empty where it
    is not computable: `changed` is known only where both sides are."""
    causes: pl.DataFrame
    """STEP, KEY, MEASURES, currency: how much each cause changed each balance. Their sum is `changed`."""
    waterfall: pl.DataFrame
    """STEP, sentence, rows, metric, currency, MEASURES: how much each cause changed all balances of a metric, from
    the first row, `before`, to the last, `after`. What became computable, or no longer is, has rows of its own."""


def shares(replay: Replay, first: Tables, second: Tables) -> Shares:
    """Add up the states of a replay.

    Args:
        replay: the states.
        first: the tables of the first side; which were given says what an absent balance means.
        second: those of the second side, where there is no state.

    """
    given = [first, *(state.tables for state in replay.states)] if replay.states else [first, second]
    found = [replay.first, *(state.position for state in replay.states)] if replay.states else [replay.first] * 2
    every = _every_balance(found)
    levels = [_level(every, one, set(tables), n) for n, (one, tables) in enumerate(zip(found, given, strict=True))]
    rows = pl.concat(levels).sort("_balance", "_state")
    ends = _ends(rows, len(found) - 1)
    known = [pl.col(m).first().is_not_null() & pl.col(m).last().is_not_null() for m in COUNTS]
    one_currency = pl.col("currency").drop_nulls().n_unique() <= 1
    known.append(pl.col(COST).first().is_not_null() & pl.col(COST).last().is_not_null() & one_currency)
    # Between two known ends a state may be unknown: what it leaves open goes to the cause that makes it known again.
    filled = [
        pl.when(is_known.over("_balance")).then(pl.col(m).forward_fill().over("_balance")).alias(m)
        for m, is_known in zip(MEASURES, known, strict=True)
    ]
    steps = (
        rows.with_columns(*filled, currency=pl.col("currency").drop_nulls().last().over("_balance"))
        .with_columns((pl.col(m) - pl.col(m).shift(1).over("_balance")).alias(m) for m in MEASURES)
        .filter(pl.col("_state") > 0)
    )
    names = pl.DataFrame(
        {
            "_state": range(1, len(found)),
            "cause": [state.cause.code for state in replay.states] or [""] * (len(found) - 1),
            "detail": [state.detail for state in replay.states] or [""] * (len(found) - 1),
            "rows": [state.rows for state in replay.states] or [0] * (len(found) - 1),
        },
        schema={"_state": pl.Int64, "cause": pl.String, "detail": pl.String, "rows": pl.Int64},
    ).filter(pl.col("cause") != "")
    told = steps.join(names, on="_state").rename({"_state": "step"})
    moved = pl.any_horizontal(pl.col(m).fill_null(0) != 0 for m in MEASURES)
    causes = told.filter(moved).select(*STEP, *KEY, *MEASURES, "currency").sort("step", *KEY, nulls_last=True)
    return Shares(ends.sort(KEY, nulls_last=True), causes, _waterfall(ends, causes, names))


def _every_balance(found: list[pl.DataFrame]) -> pl.DataFrame:
    keys = pl.concat([one.select(KEY) for one in found]).unique().sort(KEY, nulls_last=True)
    return keys.with_row_index("_balance")


def _level(every: pl.DataFrame, position: pl.DataFrame, given: set[str], state: int) -> pl.DataFrame:
    """Add up a position's versions; what has no row is zero where its side was given and computed, else unknown."""
    whole = [pl.when(pl.col(m).is_not_null().all()).then(pl.col(m).sum()).alias(m) for m in MEASURES]
    summed = position.group_by(KEY).agg(*whole, pl.col("currency").drop_nulls().min(), _is_there=pl.lit(value=True))
    is_access = pl.col("metric").is_in(ACCESS)
    counted = position.filter(is_access & pl.col("required").is_not_null()).select(ENTITY, "product").unique()
    owns = pl.lit("purchases" in given)
    joined = every.join(summed, on=KEY, how="left", nulls_equal=True).join(
        counted.with_columns(_is_counted=pl.lit(value=True)), on=[ENTITY, "product"], how="left"
    )
    absent = pl.col("_is_there").is_null()
    demanded = pl.col("product").is_in(products(given)) & (~is_access | pl.col("_is_counted").is_not_null())
    fills = {"required": demanded, "owned": owns, "owned_with_sa": owns} | dict.fromkeys(
        ("shortage", "surplus", COST), demanded & owns
    )
    return joined.select(
        "_balance",
        *KEY,
        *(pl.when(absent & fill).then(pl.lit(0)).otherwise(m).cast(_type(m)).alias(m) for m, fill in fills.items()),
        "currency",
        _state=pl.lit(state, pl.Int64),
    )


def _type(measure: str) -> pl.DataType:
    return MONEY if measure == COST else pl.Int64()


def _ends(rows: pl.DataFrame, last: int) -> pl.DataFrame:
    """Set the first state beside the last."""
    then, now = (rows.filter(pl.col("_state") == n) for n in (0, last))
    both = then.join(now.select("_balance", pl.col(*MEASURES, "currency").name.suffix(_NOW)), on="_balance")
    both = both.rename({m: m + _THEN for m in MEASURES})
    same = pl.col("currency").is_null() | pl.col(f"currency{_NOW}").is_null()
    same |= pl.col("currency") == pl.col(f"currency{_NOW}")
    change = {m: pl.col(m + _NOW) - pl.col(m + _THEN) for m in MEASURES}
    change[COST] = pl.when(same).then(change[COST])
    columns = [c for m in MEASURES for c in (m + _THEN, m + _NOW, f"{m}_changed")]
    return both.with_columns(
        *(e.cast(_type(m)).alias(f"{m}_changed") for m, e in change.items()),
        currency=pl.coalesce(f"currency{_NOW}", "currency"),
        currency_before=pl.coalesce("currency", f"currency{_NOW}"),
    ).select(*KEY, *columns, "currency", "currency_before")


def _waterfall(ends: pl.DataFrame, causes: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    group = ["metric", "currency"]
    then = ends.with_columns(currency="currency_before")
    sides = {
        "before": then.select(*group, *(pl.col(m + _THEN).alias(m) for m in MEASURES)),
        "after": ends.select(*group, *(pl.col(m + _NOW).alias(m) for m in MEASURES)),
    }
    started = [pl.col(f"{m}_changed").is_null() for m in MEASURES]
    gained = ends.select(
        *group, *(pl.when(e).then(pl.col(m + _NOW)).alias(m) for m, e in zip(MEASURES, started, strict=True))
    )
    lost = then.select(
        *group, *(-pl.when(e).then(pl.col(m + _THEN)).alias(m) for m, e in zip(MEASURES, started, strict=True))
    )
    last = names.height
    parts = [
        _part(sides["before"], 0, "before"),
        causes.select(*STEP, *group, *MEASURES),
        _part(lost, last + 1, UNKNOWN_NOW),
        _part(gained, last + 2, KNOWN_NOW),
        _part(sides["after"], last + 3, "after"),
    ]
    # A balance without a price so far has no currency: it is told with the others of its metric where they have one.
    rows = pl.concat(parts, how="vertical_relaxed").with_columns(
        currency=pl.when(pl.col("currency").drop_nulls().n_unique().over("metric") <= 1)
        .then(pl.col("currency").drop_nulls().first().over("metric"))
        .otherwise("currency")
    )
    summed = rows.group_by(*STEP, *group, maintain_order=True).agg(
        pl.when(pl.col(m).is_not_null().any()).then(pl.col(m).sum()).alias(m) for m in MEASURES
    )
    is_end = pl.col("cause").is_in(["before", "after"])
    moved = pl.any_horizontal(pl.col(m).fill_null(0) != 0 for m in MEASURES)
    return (
        summed.filter(is_end | moved)
        .join(names.select(step="_state", rows="rows"), on="step", how="left")
        .with_columns(sentence=pl.col("cause").replace_strict(WORDS, default=None, return_dtype=pl.String))
        .select(*STEP, "sentence", "rows", *group, *MEASURES)
        .sort("step", *group, nulls_last=True)
    )


def _part(frame: pl.DataFrame, step: int, cause: str) -> pl.DataFrame:
    named = frame.with_columns(step=pl.lit(step, pl.Int64), cause=pl.lit(cause), detail=pl.lit(""))
    return named.select(*STEP, "metric", "currency", *MEASURES)
