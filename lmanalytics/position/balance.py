"""Set owned licenses against the plan: who gets which license, and who goes without."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.position.assign import assign
from lmanalytics.position.classes import NEEDS, demand_classes, in_force, needs, supply_classes
from lmanalytics.position.grid import grid
from lmanalytics.position.plan import SUBJECT
from lmanalytics.position.rights import with_rights
from lmanalytics.rules.demand._versions import releases
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_coverage
from lmanalytics.schemas import ANSWERS, MONEY

# How far from the closest fit a license is used, in the order in which owners would rather keep it:
# another entity, another edition, a lot bound to no machine where a bound one would do, active SA where none is needed,
# and last each version above the one that runs.
_OTHER_ENTITY, _OTHER_EDITION, _UNBOUND, _WASTED_SA = 200_000, 100_000, 10_000, 1_000


@dataclass(frozen=True)
class Balance:
    """The plan per subject, the position per product, edition, version and metric, and what is short."""

    plan: pl.LazyFrame
    position: pl.LazyFrame
    short: pl.LazyFrame | None
    """SUBJECT, NEEDS, quantity, assigned, short, cost; None where either side was not given."""


def balance(
    plan: pl.LazyFrame | None,
    licenses: pl.LazyFrame | None,
    listed: pl.LazyFrame,
    versions: pl.DataFrame,
    products: tuple[str, ...],
    settings: Settings,
    unknown: pl.LazyFrame | None = None,
) -> Balance:
    """Assign licenses to the chosen options and add up what is over and missing.

    Args:
        plan: chosen options (`plan.choose`); None when no deployment was given.
        licenses: the `licenses` answer; None when no purchases were given.
        listed: the price of one license without and with Software Assurance (`price_list.per_license`).
        versions: product, version, version_rank (`version_ranks`).
        products: the products whose demand is computed.
        settings: date and policies.
        unknown: entity_id, product, metric of which some machine's demand is not computable.

    Returns:
        `plan` and `position` as in the data contract.

    """
    usable = None if licenses is None else in_force(licenses, settings.as_of)
    if plan is None or usable is None:
        answer = ANSWERS["plan"].empty() if plan is None else _answer(plan)
        return Balance(answer, grid(plan, usable, None, None, versions, products, unknown), None)
    split = needs(plan, usable, listed).collect().lazy()
    supply = supply_classes(usable, versions).collect()
    classes = demand_classes(split, versions).collect()
    flows = _flows(supply, classes, settings)
    short = with_rights(_spread(split, classes, flows), flows, supply).collect().lazy()
    detail = _detail(flows, supply, classes)
    return Balance(
        _answer(_per_subject(plan, short)), grid(plan, usable, short, detail, versions, products, unknown), short
    )


def version_ranks(settings: Settings) -> pl.DataFrame:
    """Order every product's versions by the day of their release: product, version, version_rank."""
    return releases(settings).select("product", "version", "version_rank").collect()


def _flows(supply: pl.DataFrame, classes: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    pairs = compute(license_coverage, "coverage", settings, supply=supply.lazy(), needs=classes.lazy())
    other_edition = pl.col("reason") == license_coverage.Reason.EDITION_RIGHT.code
    ranked = (
        pairs.filter("is_covering")
        .join(supply.lazy().select("supply_class", "version_rank", "has_sa", "tied_to_host_id"), on="supply_class")
        .join(classes.lazy().select("demand_class", "needs_sa", needed_rank="version_rank"), on="demand_class")
        .with_columns(
            distance=pl.when("is_own").then(0).otherwise(_OTHER_ENTITY)
            + pl.when(other_edition).then(_OTHER_EDITION).otherwise(0)
            + pl.when(pl.col("tied_to_host_id").is_null()).then(_UNBOUND).otherwise(0)
            + pl.when(pl.col("has_sa") & ~pl.col("needs_sa")).then(_WASTED_SA).otherwise(0)
            + (pl.col("version_rank") - pl.col("needed_rank")).fill_null(0)
        )
    )
    return assign(
        supply.select("supply_class", "quantity"),
        classes.select("demand_class", "quantity", "unit_price"),
        ranked.collect(),
    )


def _detail(flows: pl.DataFrame, supply: pl.DataFrame, classes: pl.DataFrame) -> pl.LazyFrame:
    """Name what flows: from which entity, edition and version to which."""
    held = supply.select("supply_class", "entity_id", "product", "metric", "edition", version="version_right")
    run = classes.select("demand_class", entity_run="entity_id", edition_run="edition", version_run="version")
    return flows.join(held, on="supply_class").join(run, on="demand_class").lazy()


def _spread(split: pl.LazyFrame, classes: pl.DataFrame, flows: pl.DataFrame) -> pl.LazyFrame:
    """Hand what a class received to its subjects, in the order of their ids."""
    per_class = flows.lazy().group_by("demand_class").agg(received=pl.col("quantity").sum())
    received = (
        classes.lazy()
        .join(per_class, on="demand_class", how="left")
        .select(*NEEDS, "demand_class", pl.col("received").fill_null(0))
    )
    before = pl.col("quantity").cum_sum().over(NEEDS, order_by=["subject_kind", "subject_id"]) - pl.col("quantity")
    assigned = pl.min_horizontal("quantity", pl.max_horizontal(pl.col("received") - before, 0))
    short = pl.col("quantity") - pl.col("assigned")
    cost = pl.when(short == 0).then(pl.lit(0, MONEY)).otherwise((short * pl.col("price")).cast(MONEY))
    return (
        split.join(received, on=NEEDS, how="left", nulls_equal=True)
        .with_columns(assigned=assigned, served_until=before + assigned)
        .with_columns(short=short, cost=cost)
    )


def _per_subject(plan: pl.LazyFrame, short: pl.LazyFrame) -> pl.LazyFrame:
    part = [*SUBJECT, "edition"]
    got = short.group_by(part).agg(
        licenses_assigned=pl.col("assigned").sum(),
        licenses_short=pl.col("short").sum(),
        version_right=pl.col("version_right").sort_by(pl.col("assigned") == 0, "version_rank").first(),
    )
    known = pl.col("licenses_required").is_not_null()
    return plan.join(got, on=part, how="left", nulls_equal=True).with_columns(
        pl.when(known).then(pl.col("licenses_assigned", "licenses_short").fill_null(0))
    )


def _answer(plan: pl.LazyFrame) -> pl.LazyFrame:
    return ANSWERS["plan"].conform(plan.with_columns(rule=pl.lit("plan"))).sort(*SUBJECT, "edition", nulls_last=True)
