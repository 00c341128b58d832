"""What to mend first: one finding for each entity and unknown fact, with the money that depends on it."""

from typing import Any

import polars as pl

from lmanalytics.evidence.unknowns_ends import ALL
from lmanalytics.schemas import ANSWERS, ENTITY

_KEY = [ENTITY, "fact"]


def findings(table: pl.DataFrame, catalogue: dict[str, dict[str, Any]]) -> pl.LazyFrame:
    """Add up the rows of `unknowns`.

    Args:
        table: the answer with machines (how many lack the fact).
        catalogue: the rows of `unknown_facts` by fact.

    Returns:
        The `findings` answer: for each entity and fact how many places lack it and the money between least and most;
        for each entity what all facts together may add to the position's total.

    """
    if table.is_empty():
        return ANSWERS["findings"].empty()
    single = _facts(table.filter(pl.col("fact") != ALL), catalogue)
    whole = _whole(table.filter(pl.col("fact") == ALL))
    rows = pl.concat([single, whole], how="diagonal_relaxed").with_columns(
        severity=pl.lit("warning"), area=pl.lit("unknowns"), status=pl.lit("open"), rule=pl.lit("unknowns")
    )
    return ANSWERS["findings"].conform(rows.lazy()).sort("finding_id")


def _facts(table: pl.DataFrame, catalogue: dict[str, dict[str, Any]]) -> pl.DataFrame:
    places = table.group_by(_KEY).agg(
        places=pl.struct("subject_kind", "subject_id").n_unique(),
        swing=pl.col("swing").sum(),
        currency=pl.when(pl.col("currency").drop_nulls().n_unique() <= 1).then(pl.col("currency").max()),
        known=pl.col("swing").is_not_null().any(),
        unbounded=pl.struct("subject_kind", "subject_id").filter(pl.col("swing").is_null()).n_unique(),
    )
    actions, says = ({fact: row[c] for fact, row in catalogue.items()} for c in ("action", "says"))
    open_ended = pl.when(pl.col("unbounded") > 0).then(
        pl.format(" Of {} it is not computable.", pl.col("unbounded"))
    ).otherwise(pl.lit(""))  # fmt: skip
    money = (
        pl.when(~pl.col("known"))
        .then(pl.lit(" What depends on it is not computable."))
        .otherwise(
            pl.concat_str(pl.lit(" Between the least and the most lie "), _money("swing"), pl.lit("."), open_ended)
        )
    )
    return places.with_columns(
        finding_id=pl.format("unknowns:{}/{}", ENTITY, "fact"),
        subject_id="fact",
        statement=pl.concat_str(
            pl.lit("No export states "), pl.col("fact").replace_strict(says), pl.lit(" in "),
            _count("places"), pl.lit("."), money,
        ),
        action=pl.col("fact").replace_strict(actions),
        money_at_stake=pl.when("known").then("swing"),
        reason=pl.lit("by_terms"),
    )  # fmt: skip


def _whole(table: pl.DataFrame) -> pl.DataFrame:
    """Say what may come on top of the position's total, at list price, if all facts are at their least or most."""
    names = ("cost_least", "cost_most", "cost_counted")
    totals = table.group_by(ENTITY, "currency").agg(
        *(pl.when(pl.col(c).is_not_null().all()).then(pl.col(c).sum()).alias(c) for c in names)
    )
    least, most = (
        pl.when(pl.col(c).is_null()).then(pl.lit("an amount that is not computable")).otherwise(_money(c))
        for c in names[:2]
    )
    return totals.filter(pl.col("cost_least").is_not_null() | pl.col("cost_most").is_not_null()).with_columns(
        finding_id=pl.format("unknowns:{}/{}/{}", ENTITY, pl.lit(ALL), pl.col("currency").fill_null("-")),
        subject_id=ENTITY,
        statement=pl.concat_str(
            pl.lit("Where facts are missing, the licenses cost at list price from "), least, pl.lit(" to "), most,
            pl.lit("; the position counts "), _money("cost_counted"), pl.lit(" of it."),
        ),
        action=pl.lit("Mend the facts in the order of the table of unknowns, the one with most money first."),
        money_at_stake=pl.col("cost_most") - pl.col("cost_least"),
        reason=pl.lit(ALL),
    )  # fmt: skip


def _money(column: str) -> pl.Expr:
    rounded = pl.col(column).cast(pl.Decimal(38, 2)).cast(pl.String)
    return pl.concat_str(rounded, pl.col("currency"), separator=" ", ignore_nulls=True)


def _count(column: str) -> pl.Expr:
    return pl.when(pl.col(column) == 1).then(pl.lit("1 place")).otherwise(pl.format("{} places", column))
