"""Goods and what they bring: packs to their line, and passages from lines and owned licenses to who needs them.

A passage is a good of price 0 and size 0 (see `problem`): it takes one license from each of some needs and gives one
to a class of demand.
"""

import polars as pl

from lmanalytics.position.offers import LINE
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_coverage
from lmanalytics.schemas import ENTITY

Goods = tuple[pl.DataFrame, pl.DataFrame]
"""good with what is known of it; and good, need, quantity."""


def text(kind: str, columns: list[str]) -> pl.Expr:
    """Name a need or a good after what it is of."""
    named = [pl.col(c).cast(pl.String).fill_null("-") for c in columns]
    return pl.concat_str(pl.lit(kind), *named, separator="|")


STEP_LINE = text("step_up", [ENTITY, "step_up_from", "step_up_to", "home", "metric"])
"""The line of a step-up of one enrollment."""
STEP_BASE = text("base", ["supply_class", "step_up_to"])
"""The owned licenses that may step up."""
PACK = text("buy", ["line", "pack_size"])
"""A pack of a line."""


def covered(
    sold: pl.DataFrame, classes: pl.DataFrame, versions: pl.DataFrame | None, settings: Settings
) -> pl.DataFrame:
    """Say which classes of demand licenses to buy can serve: supply_class, demand_class."""
    asked = sold
    if versions is not None:
        newest = versions.group_by("product").agg(pl.col("version_rank").max())
        asked = sold.join(newest, on="product", how="left").with_columns(
            has_sa=pl.col("purchase_type") == "license_and_sa", tied_to_host_id=pl.lit(None, pl.String)
        )
    rows = asked.with_columns(is_early=pl.lit(value=False))
    found = compute(license_coverage, "coverage", settings, supply=rows.lazy(), needs=classes.lazy())
    return found.filter("is_covering").select("supply_class", "demand_class").collect()


def passages(pairs: pl.DataFrame, takes_from: list[str]) -> Goods:
    """Make a good of price 0 of each pair, that takes one of each of some needs and gives one to a class."""
    named = pairs.with_columns(good=text("use", [*takes_from, "demand_class"]))
    one = pl.lit(1, pl.Int64)
    yields = [named.select("good", need=c, quantity=-one) for c in takes_from]
    yields.append(named.select("good", need="demand_class", quantity=one))
    return named.select("good", ENTITY, pack_size=pl.lit(0)), pl.concat(yields)


def packs(sold: pl.DataFrame) -> Goods:
    """Let each pack yield to its line."""
    named = sold.with_columns(good=PACK)
    return named.drop("line"), named.select("good", need="line", quantity="pack_size")


def bought(sold: pl.DataFrame, classes: pl.DataFrame, versions: pl.DataFrame, settings: Settings) -> Goods:
    """Sell licenses in packs: they fill the line, and the line serves every class that its licenses cover."""
    each = sold.select("line", *LINE, supply_class="line").unique("line")
    pairs = covered(each, classes, versions, settings).rename({"supply_class": "line"})
    use = passages(pairs.join(each.select("line", ENTITY), on="line"), ["line"])
    goods, yields = packs(sold)
    return pl.concat([goods, use[0]], how="diagonal_relaxed"), pl.concat([yields, use[1]])


def suited(
    sold: pl.DataFrame, classes: pl.DataFrame, joints: pl.DataFrame, versions: pl.DataFrame, settings: Settings
) -> Goods:
    """Sell suites: each of their licenses serves both classes of a pair that some subjects need together."""
    named = sold.with_columns(line=text("line", LINE))
    each = named.unique("line")
    pairs = []
    for end in ("first", "second"):
        half = each.select(
            ENTITY, "metric", "purchase_type", product=f"{end}_product", edition=f"{end}_edition", supply_class="line"
        )
        pairs.append(covered(half, classes, versions, settings).rename({"supply_class": "line", "demand_class": end}))
    both = (
        joints.unique()
        .join(pairs[0], on="first")
        .join(pairs[1], on=["line", "second"])
        .with_columns(joint=text("joint", ["first", "second"]))
        .join(each.select("line", ENTITY), on="line")
    )
    goods, first = passages(both.rename({"first": "demand_class"}), ["line", "joint"])
    second = both.rename({"first": "demand_class"}).select(
        good=text("use", ["line", "joint", "demand_class"]), need="second", quantity=pl.lit(1, pl.Int64)
    )
    whole, yields = packs(named.drop("first_product", "first_edition", "second_product", "second_edition"))
    return pl.concat([whole, goods], how="diagonal_relaxed"), pl.concat([yields, first, second])


def stepped(
    stepping: pl.DataFrame, supply: pl.DataFrame, classes: pl.DataFrame, settings: Settings
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Let owned licenses step up: arcs to their base, goods and yields."""
    sold = stepping.with_columns(purchase_type=pl.lit("step_up"), line=STEP_LINE).unique(["line", "pack_size"])
    higher = sold.unique("line").select(
        ENTITY, "home", "step_up_to", "line", "metric", "agreement_id", to_product="product", to_edition="edition",
        from_product=pl.col("step_up_from"),
    )  # fmt: skip
    owned = supply.with_columns(
        from_product=pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    ).drop_nulls("home")
    raised = (
        owned.join(higher, on=[ENTITY, "home", "metric", "from_product"])
        .with_columns(base=STEP_BASE)
        .with_columns(_held="supply_class", supply_class="base", product="to_product", edition="to_edition")
    )
    pairs = covered(raised, classes, None, settings).join(
        raised.select("base", "line", ENTITY, supply_class="base"), on="supply_class"
    )
    goods, yields = packs(sold.drop("home", "license_id", "valid_from", "quantity", "step_up_to", strict=False))
    use = passages(pairs, ["base", "line"])
    arcs = raised.select(supply_class="_held", need="base", distance=pl.lit(0, pl.Int64))
    return arcs, pl.concat([goods, use[0]], how="diagonal_relaxed"), pl.concat([yields, use[1]])
