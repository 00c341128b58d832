"""Set scenarios side by side: what each requires, is short of, has over and would have to order, against the base."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from lmanalytics.schemas import ANSWERS, MONEY

ALL = "*"
KEY = ["product", "edition", "metric"]
MEASURES = ("required", "owned", "short", "surplus", "outlay")
SCHEMA = pl.Schema(
    {
        "scenario": pl.String(),
        "title": pl.String(),
        "run_id": pl.String(),
        **dict.fromkeys(KEY, pl.String()),
        **dict.fromkeys(("required", "owned", "short", "surplus", "not_computable"), pl.Int64()),
        "to_order": pl.Int64(),
        "unpriced": pl.Int64(),
        **dict.fromkeys(("cost", "spent", "outlay"), MONEY),
        "currency": pl.String(),
        **dict.fromkeys(("change_required", "change_owned", "change_short", "change_surplus"), pl.Int64()),
        "change_outlay": MONEY,
    }
)
"""A row per scenario and product, edition and metric, and one per scenario of `*` for all of them.

`not_computable` counts the lines of the position of which it is unknown what is short; the sums are of the others.
`to_order` and `cost` are those of the true-up, in the packs that are sold; `spent` is what the scenario itself buys
and steps up, by the price list; `outlay` is both. `unpriced` of these licenses have no price, so that the amounts are
those of the rest. `change_…` is against the first scenario, the base.
"""


@dataclass(frozen=True)
class Side:
    """One column of the comparison: a name, a title, its run, and the two answers that are compared."""

    name: str
    title: str
    run_id: str
    position: pl.LazyFrame
    true_up: pl.LazyFrame
    spent: tuple[dict[str, Any], ...] = ()


def side_by_side(sides: list[Side]) -> pl.DataFrame:
    """Compare scenarios with the first of them.

    Returns:
        The columns of `SCHEMA`: totals first, then by product; scenarios in the order given.

    """
    parts = [_summed(side).with_columns(_order=pl.lit(n)) for n, side in enumerate(sides)]
    found = pl.concat(parts).collect()
    keys = found.select(KEY).unique()
    names = pl.DataFrame(
        [{"scenario": s.name, "title": s.title, "run_id": s.run_id, "_order": n} for n, s in enumerate(sides)]
    )
    counts = ("required", "owned", "short", "surplus", "not_computable", "to_order", "unpriced")
    absent = pl.col("_is_there").is_null()
    grid = (
        names.join(keys, how="cross")
        .join(found.with_columns(_is_there=pl.lit(value=True)), on=["_order", *KEY], how="left", nulls_equal=True)
        .with_columns(pl.when(absent).then(pl.lit(0, pl.Int64)).otherwise(c).alias(c) for c in counts)
        .with_columns(pl.when(absent).then(pl.lit(0, MONEY)).otherwise(c).alias(c) for c in ("cost", "spent"))
        .with_columns(outlay=pl.col("cost") + pl.col("spent"))
        .with_columns(pl.coalesce("currency", pl.col("currency").drop_nulls().first().over(KEY)))
    )
    base = grid.filter(pl.col("_order") == 0).select(
        *KEY, **{f"_{m}": pl.col(m) for m in MEASURES}, _currency="currency"
    )
    same = pl.col("currency").eq_missing(pl.col("_currency"))
    changes = {f"change_{m}": pl.col(m) - pl.col(f"_{m}") for m in MEASURES}
    changes["change_outlay"] = pl.when(same).then(changes["change_outlay"])
    return (
        grid.join(base, on=KEY, how="left", nulls_equal=True)
        .with_columns(**changes)
        .sort(pl.col("product") != ALL, *KEY, "_order", nulls_last=True)
        .select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    )


def side(
    name: str,
    title: str,
    run_id: str,
    answers: Mapping[str, pl.LazyFrame],
    spent: Iterable[dict[str, Any]] = (),
) -> Side:
    """Make a side of answers by name, and of what the scenario orders itself; what is not computed has no rows."""
    position, true_up = (answers.get(a, ANSWERS[a].empty()) for a in ("position", "true_up"))
    return Side(name, title, run_id, position, true_up, tuple(spent))


def _summed(side: Side) -> pl.LazyFrame:
    """Add up the position and the order by product, edition and metric, and in total."""
    known = {"required": "required", "owned": "owned", "short": "shortage", "surplus": "surplus"}
    position = side.position.select(*KEY, **{n: pl.col(c) for n, c in known.items()}).with_columns(
        not_computable=pl.col("short").is_null().cast(pl.Int64)
    )
    lines = side.true_up.filter(pl.col("basis") != "update_statement").select(
        *KEY,
        to_order="licenses",
        unpriced=pl.when(pl.col("cost").is_null()).then("licenses").otherwise(0),
        cost="cost",
        currency="currency",
    )
    schema = dict.fromkeys(KEY, pl.String()) | {"licenses": pl.Int64(), "cost": pl.String(), "currency": pl.String()}
    bought = pl.LazyFrame(list(side.spent), schema=schema).select(
        *KEY,
        unpriced=pl.when(pl.col("cost").is_null()).then("licenses").otherwise(0),
        spent=pl.col("cost").cast(MONEY),
        spent_licenses="licenses",
        currency="currency",
    )
    every = pl.concat([position, lines, bought], how="diagonal")
    total = every.with_columns(product=pl.lit(ALL), edition=pl.lit(None, pl.String), metric=pl.lit(ALL))
    return pl.concat([total, every]).group_by(KEY).agg(*_sums(known))


def _sums(known: Mapping[str, str]) -> list[pl.Expr]:
    """Add up what is known; of amounts in several currencies there is no sum."""
    counts = [pl.when(pl.col(c).count() > 0).then(pl.col(c).sum()).alias(c) for c in known]
    ordered = [pl.col(c).fill_null(0).sum() for c in ("not_computable", "to_order", "unpriced")]
    one = pl.col("currency").n_unique() - pl.col("currency").is_null().any().cast(pl.UInt32) <= 1
    cost, spent = (
        _amount(money, licenses, one) for money, licenses in (("cost", "to_order"), ("spent", "spent_licenses"))
    )
    currency = pl.when(one).then(pl.col("currency").drop_nulls().first()).alias("currency")
    return [*counts, *ordered, cost, spent, currency]


def _amount(money: str, licenses: str, one: pl.Expr) -> pl.Expr:
    """Add up an amount: nothing for no licenses, unknown where none of them has a price."""
    nothing = pl.col(licenses).fill_null(0).sum() == 0
    known = (pl.col(money).count() > 0) & one
    return pl.when(nothing).then(pl.lit(0, MONEY)).when(known).then(pl.col(money).sum()).alias(money)
