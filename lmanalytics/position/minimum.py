"""A minimum of licenses for a customer as a whole, as a choice of its own in the model.

As soon as one subject is licensed by virtual machine, such licenses have to reach the minimum; what lacks is
bought beside. A shape of one customer chooses between "without" and "minimum" (see `problem`).
"""

from dataclasses import replace

import polars as pl

from lmanalytics.position.market import Market
from lmanalytics.position.plan import MINIMUM_OPTION, Reason
from lmanalytics.position.selling import text
from lmanalytics.schemas import ENTITY

_KEY = [ENTITY, "product", "metric"]


def with_minimums(
    trade: Market, takes: pl.DataFrame, uses: pl.DataFrame, classes: pl.DataFrame, minimums: pl.LazyFrame
) -> tuple[Market, pl.DataFrame, pl.DataFrame]:
    """Add each customer's minimum to the choices.

    Args:
        trade: the market.
        takes: the choices of all shapes.
        uses: take, need, quantity.
        classes: classes of demand; those that need Software Assurance count towards the minimum.
        minimums: entity_id, product, metric, min_licenses.

    Returns:
        The market with what lacks as goods, the choices with a shape for each customer, and uses.

    """
    counted = (
        classes.filter("needs_sa")
        .join(minimums.select(*_KEY, "min_licenses").collect(), on=_KEY)
        .filter(pl.col("min_licenses") > 0)
        .with_columns(count=text("counted", _KEY), some=text("some", _KEY))
    )
    if counted.is_empty():
        return trade, takes, uses
    counting = uses.join(counted.select("count", "some", need="demand_class"), on="need")
    subjects = takes.with_row_index("take").select("take", "count")
    most = (
        counting.select("take", "some")
        .unique()
        .join(subjects, on="take")
        .group_by("some")
        .agg(most=pl.col("count").sum())
    )
    ahead = int(takes["shape"].max()) + 1  # type: ignore[arg-type]
    customers = counted.select("count", "some", "min_licenses").unique().sort("count").join(most, on="some", how="left")
    customers = customers.sort("count").with_row_index("k").with_columns(without=takes.height + 2 * pl.col("k") + 1)
    shape = ahead + pl.col("k").cast(pl.Int64)
    options = [
        customers.select(shape=shape, option=pl.lit(name), count=pl.lit(1, pl.Int64), list_cost=pl.lit(cost))
        for name, cost in (("minimum", 0.0), ("without", 0.0))
    ]
    added = pl.concat(options).sort("shape", "option")
    minimum = pl.col("without") - 1
    more = [
        counting.select("take", need="count", quantity=-pl.col("quantity")),
        counting.select("take", need="some", quantity=pl.lit(1, pl.Int64)).unique(),
        customers.select(take=minimum, need="count", quantity="min_licenses"),
        customers.select(take=minimum, need="some", quantity=-pl.col("most").fill_null(0)),
    ]
    lacks = counted.select(ENTITY, "count", "demand_class", good=text("lack", ["demand_class"]))
    goods = lacks.select("good", ENTITY, pack_size=pl.lit(0, pl.Int64), is_priced=pl.lit(value=True), price=pl.lit(0.0),
                         size=pl.lit(0, pl.Int64))  # fmt: skip
    one = pl.lit(1, pl.Int64)
    yields = [
        lacks.select("good", need="count", quantity=one),
        lacks.select("good", need="demand_class", quantity=-one),
    ]
    named = pl.concat([customers.select(need="count"), customers.select(need="some")]).with_columns(
        demand_class=pl.lit(None, pl.String)
    )
    wider = replace(
        trade,
        needs=pl.concat([trade.needs, named]).sort("need"),
        goods=pl.concat([trade.goods, goods], how="diagonal").sort("good"),
        yields=pl.concat([trade.yields, *yields]).sort("good", "need"),
    )
    columns = ["take", "need", "quantity"]
    types = {"take": pl.UInt32, "quantity": pl.Int64}
    all_uses = pl.concat([uses.select(columns).cast(types), *(frame.select(columns).cast(types) for frame in more)])  # type: ignore[arg-type]
    return wider, pl.concat([takes.select(added.columns), added]), all_uses


def made_up(trade: Market, packs: pl.Series, classes: pl.DataFrame) -> pl.DataFrame:
    """Make plan rows of what lacks to a customer's minimum.

    Args:
        trade: the market that was solved.
        packs: `Solution.packs`.
        classes: classes of demand.

    Returns:
        Rows of `plan.choose` of kind customer.

    """
    lacking = trade.goods.select("good").with_columns(n=packs).filter(pl.col("n") > 0)
    rows = classes.with_columns(good=text("lack", ["demand_class"])).join(lacking, on="good")
    return (
        rows.group_by(*_KEY, "edition", "version")
        .agg(pl.col("n").sum())
        .select(
            ENTITY,
            "product",
            "metric",
            "edition",
            "version",
            subject_kind=pl.lit("customer"),
            subject_id=pl.col(ENTITY),
            option=pl.lit(MINIMUM_OPTION),
            licenses_required="n",
            licenses_with_sa="n",
            reason=Reason.CUSTOMER_MINIMUM.lit,
        )
    )
