"""What the position saves against what is usually done instead."""

import polars as pl

from lmanalytics.position import heuristics
from lmanalytics.position.groups import Groups
from lmanalytics.position.market import Market
from lmanalytics.position.problem import Problem
from lmanalytics.position.solve import cut
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.schemas import ANSWERS, ENTITY, MONEY

MOST = 3_000
"""Kinds of subjects times options of one group up to which rules of thumb are tried."""
_TRIED = pl.Schema({"group": pl.Int64(), "heuristic": pl.String(), "cost": MONEY, "currency": pl.String()})
_WHY = {"_applies": pl.Boolean(), "_fits": pl.Boolean()}
_TOGETHER = ["entity_group", "product_group"]


class Reason(ReasonBase):
    """What a rule of thumb comes to beside the position."""

    DEARER = "With this rule of thumb more would have to be bought."
    NO_DEARER = "This rule of thumb would cost no more than the position."
    NOT_APPLICABLE = "No subject has an option that this rule of thumb would take."
    NO_PRICE = "No price was given for something that must be bought, by the rule of thumb or by the position."
    TOO_LARGE = "There are too many kinds of subjects to try rules of thumb."


def savings(position: pl.LazyFrame, trade: Market, problem: Problem, groups: Groups) -> pl.LazyFrame:
    """Set the position beside the rules of thumb, wherever something can be chosen.

    Args:
        position: the `position` answer.
        trade: the market in which options were chosen.
        problem: the problem that was solved.
        groups: what was solved together.

    Returns:
        The `savings` answer. A rule of thumb only chooses options: what it lacks is bought, and its licenses are
        assigned, at least cost, so that it comes off as well as it can. Rules are tried when the answer is read.

    """
    names = groups.nodes.group_by("group").agg(pl.col(ENTITY).min(), pl.first(*_TOGETHER)).lazy()
    spent = position.drop_nulls("entity_group").group_by(_TOGETHER).agg(pl.col("objective").first())
    schema = pl.Schema({**_TRIED, **_WHY})
    tried = pl.defer(lambda: _tried(trade, problem, groups), schema=schema)
    rows = tried.join(names, on="group").join(spent, on=_TOGETHER)
    known = pl.col("cost").is_not_null() & pl.col("objective").is_not_null()
    reason = (
        pl.when(~pl.col("_fits"))
        .then(Reason.TOO_LARGE.lit)
        .when(~pl.col("_applies"))
        .then(Reason.NOT_APPLICABLE.lit)
        .when(~known)
        .then(Reason.NO_PRICE.lit)
        .when(pl.col("cost") > pl.col("objective"))
        .then(Reason.DEARER.lit)
        .otherwise(Reason.NO_DEARER.lit)
    )
    answer = rows.with_columns(saving=pl.col("cost") - pl.col("objective"), reason=reason, rule=pl.lit("savings"))
    return ANSWERS["savings"].conform(answer).sort(ENTITY, "product_group", "heuristic")


def _tried(trade: Market, problem: Problem, groups: Groups) -> pl.DataFrame:
    part = {
        "needs": groups.of_need.to_numpy(),
        "takes": groups.of_take.to_numpy(),
        "supply": groups.of_supply.to_numpy(),
        "goods": groups.of_good.to_numpy(),
    }
    choices = problem.takes.select("shape", group=groups.of_take)
    open_shapes = choices.group_by("shape", "group").len().filter(pl.col("len") > 1)
    rows = []
    for group in open_shapes["group"].unique().sort().to_list():
        own, kept = cut(problem, part, group)
        fits = own.takes.height <= MOST
        applies = {name: fits and heuristics.is_applicable(own, name) for name in heuristics.NAMES}
        found = heuristics.solutions(own) if fits else {}
        goods = trade.goods[kept["goods"]]
        for name in heuristics.NAMES:
            cost = _cost(goods.with_columns(packs=found[name].packs)) if applies[name] else (None, None)
            rows.append((group, name, *cost, applies[name], fits))
    return pl.DataFrame(rows, schema=pl.Schema({**_TRIED, **_WHY}), orient="row")


def _cost(goods: pl.DataFrame) -> tuple[object, object]:
    """Add up exactly what is bought: cost, currency; null where a price is missing or currencies differ."""
    bought = goods.filter((pl.col("packs") > 0) & (pl.col("size") > 0))
    currencies = goods["currency"].drop_nulls().unique().sort().to_list()
    if not bought["is_priced"].all() or len(currencies) > 1:
        return None, None
    cost = bought.select((pl.col("packs") * pl.col("unit_price")).cast(MONEY).sum()).item()
    return cost, next(iter(currencies), None)
