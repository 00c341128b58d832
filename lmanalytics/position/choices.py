"""What each subject may choose: its options with what they need, subjects with equal ones as one shape.

A subject that runs both products of a suite chooses for both at once, so that suites can serve it.
"""

import polars as pl

from lmanalytics.position.plan import OPTION, SUBJECT, open_options
from lmanalytics.position.points import PLACE, everyone
from lmanalytics.position.problem import TAKES
from lmanalytics.schemas import ENTITY

_AND = "\x1f"
_KEEP = 1_000.0
"""Times the dearest option that leaving today's assignment counts for, among plans that cost the same."""
Rows = tuple[pl.DataFrame, pl.DataFrame]


def joints(split: pl.DataFrame, classes: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Find what single subjects need of both products of a suite, option by option.

    Args:
        split: SUBJECT, option, d (row of `classes`), quantity.
        classes: demand_class, product, edition, d.
        pairs: entity_id, first_product, second_product of suites that are for sale.

    Returns:
        `PLACE`, first_product, second_product, option, option_second, first, second (demand classes), quantity:
        a row for each pair of options that take licenses of one edition; the larger classes of each.

    """
    named = split.join(classes.select("d", "demand_class", "edition"), on="d")
    one = named.sort(*OPTION, "edition", "quantity", "d", descending=[*[False] * 6, True, False]).unique(
        [*OPTION, "edition"], keep="first", maintain_order=True
    )
    first = one.join(pairs.unique(), left_on=[ENTITY, "product"], right_on=[ENTITY, "first_product"])
    both = first.join(
        one, left_on=[*PLACE, "second_product", "edition"], right_on=[*PLACE, "product", "edition"],
        suffix="_second", nulls_equal=True,
    )  # fmt: skip
    return both.select(
        *PLACE, "second_product", "option", "option_second", first_product="product", first="demand_class",
        second="demand_class_second", quantity=pl.min_horizontal("quantity", "quantity_second"),
    ).sort(*PLACE, "option", "option_second")  # fmt: skip


def rows_of(usable: pl.LazyFrame, split: pl.DataFrame, joint: pl.DataFrame, today: pl.DataFrame | None) -> pl.DataFrame:
    """Put each subject's options side by side, those of subjects with both products of a suite in pairs.

    Args:
        usable: the options that are open.
        split: SUBJECT, option, d, quantity.
        joint: SUBJECT's place, both products and options, d (a row of its own for each pair of classes), quantity.
        today: SUBJECT, option that today's assignment fits; None: not known.

    Returns:
        SUBJECT, option, cost, d, quantity (lists: what the option needs of each class).

    """
    summed = split.group_by(*OPTION, "d").agg(pl.col("quantity").sum())  # two rows of an option may need one class
    needed = summed.group_by(OPTION).agg(pl.col("d", "quantity").sort_by("d"))
    options = open_options(usable).collect().join(needed, on=OPTION, how="left")
    kept = pl.lit(value=True) if today is None else pl.col("_today").is_not_null()
    if today is not None:
        options = options.join(today.with_columns(_today=pl.lit(value=True)), on=OPTION, how="left")
    listed = pl.col("cost").cast(pl.Float64).fill_null(pl.col("licenses_required").cast(pl.Float64))
    away = ~kept & kept.any().over(SUBJECT)
    options = (
        options.with_columns(_list=listed)
        .with_columns(cost=pl.col("_list") + pl.when(away).then(_KEEP * (1 + pl.col("_list").max())).otherwise(0))
        .select(*OPTION, "cost", "d", "quantity")
        .sort(OPTION)
    )
    return options if joint.is_empty() else _paired(options, joint)


def _paired(options: pl.DataFrame, joint: pl.DataFrame) -> pl.DataFrame:
    products = ["first_product", "second_product"]
    places = joint.select(*PLACE, *products).unique()
    first = options.join(places, left_on=[*PLACE, "product"], right_on=[*PLACE, "first_product"])
    both = first.join(
        options, left_on=[*PLACE, "second_product"], right_on=[*PLACE, "product"], suffix="_second"
    ).rename({"product": "first_product"})
    shared = joint.group_by([*PLACE, "option", "option_second"]).agg(
        _d=pl.col("d").sort_by("d"), _q=-pl.col("quantity").sort_by("d")
    )
    none = pl.lit([], pl.List(pl.Int64))
    lists = [pl.col(c).cast(pl.List(pl.Int64)).fill_null(none) for c in ("d", "d_second", "_d")]
    counts = [pl.col(c).cast(pl.List(pl.Int64)).fill_null(none) for c in ("quantity", "quantity_second", "_q")]
    pairs = both.join(shared, on=[*PLACE, "option", "option_second"], how="left").select(
        *PLACE,
        product=pl.concat_str("first_product", "second_product", separator=_AND),
        option=pl.concat_str("option", "option_second", separator=_AND),
        cost=pl.col("cost") + pl.col("cost_second"),
        d=pl.concat_list(lists),
        quantity=pl.concat_list(counts),
    )
    single = pl.concat([places.select(*PLACE, product=c) for c in products])
    alone = options.join(single, on=SUBJECT, how="anti").with_columns(pl.col("d", "quantity").cast(pl.List(pl.Int64)))
    return pl.concat([alone, pairs.select(alone.columns)]).sort(OPTION)


def shapes(rows: pl.DataFrame, alike: pl.DataFrame) -> Rows:
    """Put subjects with the same options into shapes.

    Args:
        rows: `rows_of`, for the first place of each kind.
        alike: all places with the first of their kind (`points.kinds`).

    Returns:
        The columns of `TAKES`, d, quantity, a row per shape and option; and SUBJECT, shape of all subjects.

    """
    said = pl.concat_str(
        "option",
        pl.col("cost").round(6).cast(pl.String),
        *(pl.col(c).cast(pl.List(pl.String)).list.join(",").fill_null("") for c in ("d", "quantity")),
        separator=":",
    )
    members = (
        rows.group_by(SUBJECT, maintain_order=True)
        .agg(said=said.str.join("|"))
        .with_columns(shape=pl.struct(ENTITY, "product", "said").rank("dense").cast(pl.Int64) - 1)
        .drop("said")
    )
    everybody = everyone(members.lazy(), alike).select(*SUBJECT, "shape").sort("shape", *SUBJECT).collect()
    counts = everybody.group_by("shape").agg(count=pl.len().cast(pl.Int64))
    firsts = members.group_by("shape", maintain_order=True).agg(pl.first(*SUBJECT)).join(counts, on="shape")
    takes = firsts.join(rows, on=SUBJECT).sort("shape", "option").rename({"cost": "list_cost"})
    return takes.select(*TAKES.names(), "d", "quantity"), everybody


def dealt(taken: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Deal each shape's options to its subjects by their ids.

    Args:
        taken: shape, option, n.
        members: SUBJECT, shape.

    Returns:
        SUBJECT, option, a row per subject and product.

    """
    ends = taken.sort("shape", "option").with_columns(end=pl.col("n").cum_sum().over("shape")).filter(pl.col("n") > 0)
    numbered = members.sort("shape", *SUBJECT).with_columns(
        end=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("shape")
    )
    found = numbered.sort("end").join_asof(
        ends.select("shape", "option", "end").sort("end"), on="end", by="shape", strategy="forward",
        check_sortedness=False,
    )  # fmt: skip
    return (
        found.select(*PLACE, pl.col("product").str.split(_AND), pl.col("option").str.split(_AND))
        .explode("product", "option", empty_as_null=False, keep_nulls=False)
        .select(*SUBJECT, "option")
    )
