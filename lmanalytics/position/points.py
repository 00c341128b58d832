"""The points of option-cost curves as choices: an option that can be had in several ways is chosen with its step.

Places whose rows are equal but for their ids are one kind. Only the first place of each kind is worked on, curves
and all, so that a million hosts of a few kinds stay small.
"""

import polars as pl

from lmanalytics.position.plan import OPTION, SUBJECT, open_options
from lmanalytics.rules.demand import curves
from lmanalytics.schemas import ENTITY

PLACE = [ENTITY, "subject_kind", "subject_id"]
_STEP = "\x1e"
_TOLD = ["rule", "reason", "demand_class", "oses_covered", "is_lower_bound"]


def with_curves(demand: pl.LazyFrame) -> pl.LazyFrame:
    """Add what is missing of the columns of curves, as nulls."""
    have = demand.collect_schema()
    wanted = {"licenses_with_sa": pl.Int64(), "full_sets": pl.Int64(), **curves.SCHEMA}
    return demand.with_columns(pl.lit(None, dtype).alias(c) for c, dtype in wanted.items() if c not in have)


def kinds(usable: pl.DataFrame, owned: pl.LazyFrame, today: pl.DataFrame | None) -> pl.DataFrame:
    """Find places with the same choices.

    Args:
        usable: rows of `demand` that are open.
        owned: the `licenses` answer; a place that some are bound to is a kind of its own.
        today: SUBJECT, option that today's assignment fits; None: not known.

    Returns:
        PLACE, first_id: the subject_id of the least place of its kind.

    """
    apart = {*PLACE, *_TOLD}
    said = [
        pl.col(c).cast(pl.List(pl.String)).list.join(",") if isinstance(dtype, pl.List) else pl.col(c).cast(pl.String)
        for c, dtype in usable.schema.items()
        if c not in apart
    ]
    rows = usable.select(*PLACE, said=pl.concat_str([s.fill_null("-") for s in said], separator="|"))
    if today is not None:
        kept = today.select(*PLACE, said=pl.concat_str(pl.lit("today"), "product", "option", separator="|"))
        rows = pl.concat([rows, kept.join(rows, on=PLACE, how="semi")])
    bound = owned.select(ENTITY, subject_id="tied_to_host_id").drop_nulls().unique().collect()
    tied = rows.select(PLACE).unique().join(bound, on=[ENTITY, "subject_id"], how="semi")
    rows = pl.concat([rows, tied.with_columns(said=pl.format("bound {}", "subject_id"))])
    places = rows.group_by(PLACE).agg(pl.col("said").sort().str.join("\n"))
    first = pl.col("subject_id").min().over(ENTITY, "subject_kind", "said")
    return places.select(*PLACE, first_id=first).sort(PLACE)


def everyone(rows: pl.LazyFrame, alike: pl.DataFrame) -> pl.LazyFrame:
    """Repeat what holds for the first place of each kind for all of them."""
    named = rows.rename({"subject_id": "first_id"})
    return named.join(alike.lazy(), on=[ENTITY, "subject_kind", "first_id"]).drop("first_id")


def choices(usable: pl.DataFrame, alike: pl.DataFrame, listed: pl.LazyFrame) -> pl.LazyFrame:
    """Offer each point of a curve as an option of its own, for the first place of each kind.

    Args:
        usable: rows of `demand` that are open, with curves.
        alike: `kinds`.
        listed: the price of one license without and with Software Assurance.

    Returns:
        The rows with the step in the option's name (`named` reads it again), and `base`, the name without.

    """
    first = alike.filter(pl.col("subject_id") == pl.col("first_id")).select(PLACE)
    points = curves.points(usable.lazy().join(first.lazy(), on=PLACE, how="semi"), listed)
    coded = pl.concat_str("option", pl.col("step").cast(pl.String), separator=_STEP, ignore_nulls=True)
    return points.with_columns(base="option", option=coded)


def named(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Part the option's name and the step: option, step (null where the option has no curve)."""
    parts = pl.col("option").str.split_exact(_STEP, 1)
    return rows.with_columns(option=parts.struct.field("field_0"), step=parts.struct.field("field_1").cast(pl.Int64))


def settled(demand: pl.LazyFrame, taken: pl.LazyFrame, listed: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Put the points that were taken in place of those that list for least.

    Args:
        demand: the `demand` answer with curves.
        taken: SUBJECT, option, step.
        listed: the price of one license without and with Software Assurance.

    Returns:
        The rows of `demand`, and the points that they no longer show: OPTION, licenses_required, cost.

    """
    of_taken = demand.join(taken, on=OPTION, how="semi")
    points = curves.points(of_taken, listed).join(taken, on=[*OPTION, "step"], how="semi", nulls_equal=True)
    points = points.collect().lazy()
    others = demand.join(taken, on=OPTION, how="anti").drop(curves.LISTS)
    before = open_options(of_taken).join(open_options(points), on=OPTION, suffix="_taken")
    same = [pl.col(c).eq_missing(pl.col(f"{c}_taken")) for c in ("licenses_required", "cost")]
    left = before.filter(~pl.all_horizontal(same)).select(*OPTION, "licenses_required", "cost")
    return pl.concat([others, points.drop("step")], how="diagonal"), left.collect().lazy()


def of_today(usable: pl.LazyFrame, today: pl.DataFrame | None) -> pl.DataFrame | None:
    """Name the choices that today's assignment fits: every point of its option."""
    if today is None:
        return None
    coded = usable.select(*SUBJECT, "base", "option").unique()
    fitting = today.lazy().select(*SUBJECT, base="option")
    return coded.join(fitting, on=[*SUBJECT, "base"], how="semi").select(*SUBJECT, "option").collect()
