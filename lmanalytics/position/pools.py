"""Enrollments that offer the same step-ups at the same prices, solved as one and told apart afterwards.

To a solver five hundred enrollments alike are five hundred times the columns and as many ways to say the same. Taken
together they allow no less than they do apart: what is proven of them together bounds what they cost apart.
"""

from dataclasses import dataclass

import polars as pl

from lmanalytics.position.classes import SUPPLY, class_name
from lmanalytics.position.offers import LINE
from lmanalytics.position.orders import ORDERS, cheapest_packs
from lmanalytics.position.selling import PACK, STEP_BASE, STEP_LINE
from lmanalytics.schemas import ENTITY

FEW = 20
"""Enrollments alike up to which each is solved by itself."""
_WHOSE = [ENTITY, "step_up_from", "metric", "home"]
_OFFER = ["step_up_to", "pack_size", "unit_price", "currency"]


@dataclass(frozen=True)
class Pools:
    """Step-ups and licenses with alike enrollments taken together."""

    stepping: pl.DataFrame
    """`offers.steps`; the home of those taken together is their pool's."""
    supply: pl.DataFrame
    """`supply_classes`, likewise."""
    members: pl.DataFrame
    """supply_class (of a pool), home (an enrollment's), agreement_id, enrollment_id, quantity."""


def pooled(stepping: pl.DataFrame, supply: pl.DataFrame) -> Pools:
    """Take enrollments together that offer the same step-ups.

    Args:
        stepping: `offers.steps`.
        supply: `supply_classes` of licenses with their homes.

    Returns:
        The pools of more than `FEW`. Licenses are added up only where they differ in their enrollment alone.

    """
    offer = pl.concat_str(pl.col(_OFFER).cast(pl.String).fill_null("-"), separator="|")
    alike = stepping.group_by(_WHOSE).agg(offer.unique().sort().str.join("; ").alias("offer"))
    together = [ENTITY, "step_up_from", "metric", "offer"]
    first = pl.col("home").min().over(together)
    pools = (
        alike.filter(pl.col("home").n_unique().over(together) > FEW)
        .with_columns(pool=pl.format("{} and alike", first))
        .select(*_WHOSE, "pool")
    )
    places = stepping.select("home", "agreement_id", "enrollment_id").unique("home")
    product = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    homes = supply.with_columns(step_up_from=product).join(pools, on=_WHOSE, how="left")
    merged = homes.with_columns(_home="home", home=pl.coalesce("pool", "home")).with_columns(
        supply_class=class_name(SUPPLY)
    )
    members = (
        merged.drop_nulls("pool").select("supply_class", "quantity", home="_home").join(places, on="home", how="left")
    )
    whole = merged.group_by("supply_class", *SUPPLY).agg(pl.col("version_rank").first(), pl.col("quantity").sum())
    steps = stepping.join(pools, on=_WHOSE, how="left", maintain_order="left")
    return Pools(
        steps.with_columns(home=pl.coalesce("pool", "home")).drop("pool"),
        whole.sort(SUPPLY).select(supply.columns),
        members.sort("supply_class", "home"),
    )


@dataclass(frozen=True)
class Dealt:
    """What is bought, with the step-ups of pools in the packs that their enrollments need."""

    packs: pl.Series
    """Int64 per good of the market."""
    orders: pl.DataFrame
    """`ORDERS` of the step-ups of pools, for each enrollment."""
    pooled: pl.DataFrame
    """good: the packs of pools, for which the orders stand."""


def dealt(pools: Pools, goods: pl.DataFrame, yields: pl.DataFrame, packs: pl.Series) -> Dealt:
    """Hand a pool's step-ups to its enrollments, in their order, as far as the licenses of each reach.

    Args:
        pools: what was taken together.
        goods: those of the market.
        yields: likewise.
        packs: how many of each good the solution buys.

    Returns:
        The packs by good and the orders. They cost more than the solution says where packs of several enrollments
        were filled as one.

    """
    if pools.members.is_empty():
        return Dealt(packs, ORDERS.to_frame(), pl.DataFrame(schema={"good": pl.String}))
    steps = pools.stepping.with_columns(line=STEP_LINE)
    whole = pools.members.select("supply_class").unique().join(pools.supply, on="supply_class")
    product = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    edges = whole.with_columns(step_up_from=product).join(
        steps.select(*_WHOSE, "step_up_to", "line").unique(), on=_WHOSE
    )
    bases = edges.select("supply_class", base=STEP_BASE)
    bought = goods.select("good", "size").with_columns(packs=packs)
    used = yields.join(bought.filter((pl.col("size") == 0) & (pl.col("packs") > 0)), on="good")
    stepped = (
        used.join(bases, left_on="need", right_on="base")
        .join(
            used.join(edges.select("line").unique(), left_on="need", right_on="line").select("good", line="need"),
            on="good",
        )
        .group_by("supply_class", "line")
        .agg(n=pl.col("packs").sum())
        .sort("supply_class", "line")
    )
    until, held = pl.col("n").cum_sum().over("supply_class"), pl.col("quantity").cum_sum().over("supply_class")
    each = pl.min_horizontal("until", "held") - pl.max_horizontal(
        pl.col("until") - pl.col("n"), pl.col("held") - pl.col("quantity")
    )
    asked = (
        stepped.with_columns(until=until)
        .join(pools.members.with_columns(held=held), on="supply_class")
        .with_columns(short=each)
        .filter(pl.col("short") > 0)
        .group_by("line", "home", "agreement_id", "enrollment_id")
        .agg(pl.col("short").sum())
        .sort("line", "home")
        .with_row_index("asked")
    )
    lines = edges.select("line").unique()
    sold = (
        steps.join(lines, on="line", how="semi")
        .unique(["line", "pack_size"])
        .with_columns(purchase_type=pl.lit("step_up"))
        .select("line", *LINE, "step_up_from", "pack_size", "unit_price", "currency")
    )
    orders = cheapest_packs(asked, sold.join(asked, on="line")).sort("asked", "pack_size")
    named = orders.group_by("line", "pack_size").agg(own=pl.col("packs").sum()).with_columns(good=PACK)
    is_pooled = pl.col("good").is_in(sold.select(good=PACK)["good"].implode())
    again = (
        goods.select("good")
        .with_columns(packs=packs)
        .join(named, on="good", how="left", maintain_order="left")
        .select(pl.when(is_pooled).then(pl.col("own").fill_null(0)).otherwise("packs").alias("packs"))
    )
    return Dealt(again["packs"], orders, sold.select(good=PACK))
