"""The Effective License Position: owned against required per product, edition, version and metric."""

import polars as pl

from lmanalytics.position.groups import NODE
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.schemas import ANSWERS, MONEY

KEY = ["entity_id", "product", "edition", "version", "metric"]
ACCESS = ("user_cal", "device_cal", "external_connector")
_COUNTS = ["owned", "owned_with_sa", "required", "allocated_in", "allocated_out", "assigned"]
_SCHEMA = {
    **dict.fromkeys(KEY, pl.String()),
    **dict.fromkeys(_COUNTS, pl.Int64()),
    "shortage_cost": MONEY,
    "currency": pl.String(),
    "is_unknown": pl.Boolean(),
}


class Reason(ReasonBase):
    """What a row of the position says."""

    COVERED = "What is required is covered by what is owned."
    COVERED_AS_FAR_AS_KNOWN = "What is known to be required is covered; of some machines it is not computable."
    SHORT = "More is required than the licenses that may serve it."
    SHORT_WITHOUT_PRICE = (
        "More is required than the licenses that may serve it; no price was given, so as few as possible are bought."
    )
    COVERED_IF_NO_NEWER = "Covered if what runs is no newer than the licenses: no export states its version."
    NOT_REQUIRED = "Owned, and nothing that was found requires it."
    NOT_REQUIRED_AS_FAR_AS_KNOWN = "Owned, and nothing known requires it; of some machines it is not computable."
    DEMAND_NOT_COMPUTABLE = (
        "Of some machines it is not computable what they require, or none can be used there; see the findings."
    )
    SUPPLY_NOT_GIVEN = "No purchases and no license statement were given: what is owned is not computable."
    DEMAND_NOT_GIVEN = "No hosts and no OSEs were given: what is required is not computable."
    NO_DEMAND_RULE = "What this product requires is not computed."


def grid(
    plan: pl.LazyFrame | None,
    licenses: pl.LazyFrame | None,
    short: pl.LazyFrame | None,
    flows: pl.LazyFrame | None,
    versions: pl.DataFrame,
    products: tuple[str, ...],
    unknown: pl.LazyFrame | None = None,
    proven: tuple[pl.LazyFrame, pl.LazyFrame] | None = None,
) -> pl.LazyFrame:
    """Build the position.

    Args:
        plan: chosen options with licenses_required and currency; None: no deployment given.
        licenses: the `licenses` answer; None: no purchases given.
        short: what each subject is short of, with its cost; None: either side was not given.
        flows: entity_id, product, metric, edition, version (held), entity_run, edition_run, version_run, quantity.
        versions: product, version, version_rank, for the order of the rows.
        products: the products whose demand is computed.
        unknown: entity_id, product, metric of which some machine's demand is not computable: each gets a row
            of its own with nothing required, and no other row of it is called covered without saying so.
        proven: objective and bound of what was solved together (`proof.spending`), and KEY, shadow_price (`Proof`);
            None: either side was not given.

    Returns:
        The `position` answer. Where both sides were given, for every other row
        required = assigned + shortage and owned + allocated_in = assigned + surplus + allocated_out.

    """
    parts = [pl.LazyFrame(schema=_SCHEMA)]
    if licenses is not None:
        parts.append(_owned(licenses))
    if plan is not None:
        parts.append(plan.drop_nulls("licenses_required").group_by(KEY).agg(required=pl.col("licenses_required").sum()))
    if unknown is not None:
        parts.append(unknown.with_columns(is_unknown=pl.lit(value=True)))
    if short is not None:
        parts.append(_cost_of(short))
    if flows is not None:
        parts += _allocated(flows)
    totals = pl.concat(parts, how="diagonal_relaxed").group_by(KEY).agg(pl.all().drop_nulls().first())
    rows = _filled(totals, products, proven, has_demand=plan is not None, has_supply=licenses is not None)
    rank = versions.lazy().select("product", "version", "version_rank")
    ordered = rows.join(rank, on=["product", "version"], how="left").sort(
        ["entity_id", "product", "edition", "metric", "version_rank", "version"], nulls_last=True
    )
    return ANSWERS["position"].conform(ordered)


def _owned(licenses: pl.LazyFrame) -> pl.LazyFrame:
    key = ["entity_id", "product", "edition", "metric", pl.col("version_right").alias("version")]
    quantity = pl.col("quantity")
    return licenses.group_by(key).agg(owned=quantity.sum(), owned_with_sa=quantity.filter("sa_active").sum())


def _cost_of(short: pl.LazyFrame) -> pl.LazyFrame:
    """Add up the cost of what is short; a shortage without a price makes the sum unknown."""
    cost = pl.when(pl.col("cost").is_not_null().all()).then(pl.col("cost").sum())
    return short.group_by(KEY).agg(shortage_cost=cost, currency=pl.col("currency").drop_nulls().min())


def _allocated(flows: pl.LazyFrame) -> list[pl.LazyFrame]:
    same = (pl.col(c).eq_missing(pl.col(f"{c}_run")) for c in ("edition", "version"))
    own = pl.all_horizontal(pl.col("entity_id") == pl.col("entity_run"), *same)
    run = [
        pl.col("entity_run").alias("entity_id"),
        "product",
        "metric",
        pl.col("edition_run").alias("edition"),
        pl.col("version_run").alias("version"),
    ]
    moved = flows.with_columns(_moved=pl.when(own).then(0).otherwise(pl.col("quantity")))
    return [
        moved.group_by(KEY).agg(allocated_out=pl.col("_moved").sum()),
        moved.group_by(run).agg(allocated_in=pl.col("_moved").sum(), assigned=pl.col("quantity").sum()),
    ]


def _filled(
    totals: pl.LazyFrame,
    products: tuple[str, ...],
    proven: tuple[pl.LazyFrame, pl.LazyFrame] | None,
    *,
    has_demand: bool,
    has_supply: bool,
) -> pl.LazyFrame:
    """Turn absence into zero where its side was given, and leave it unknown where it was not."""
    # Users and devices are counted product by product: without a count, what access licenses it requires is unknown.
    is_access = pl.col("metric").is_in(ACCESS)
    is_counted = ~is_access | pl.col("required").is_not_null().any().over("entity_id", "product", is_access)
    is_computed = pl.col("product").is_in(products) | is_access  # access that is counted, whether or not servers are
    demanded = is_computed & has_demand & is_counted & pl.col("is_unknown").is_null()
    both = demanded & has_supply
    filled = totals.with_columns(
        pl.when(pl.lit(has_supply)).then(pl.col("owned", "owned_with_sa").fill_null(0)),
        pl.when(demanded).then(pl.col("required").fill_null(0)),
        pl.when(both).then(pl.col("allocated_in", "allocated_out", "assigned").fill_null(0)),
    ).with_columns(
        shortage=pl.col("required") - pl.col("assigned"),
        surplus=pl.col("owned") + pl.col("allocated_in") - pl.col("allocated_out") - pl.col("assigned"),
    )
    cost = pl.when(pl.col("shortage") == 0).then(pl.lit(0, MONEY)).when(both).then(pl.col("shortage_cost"))
    names = [*NODE, "entity_group", "product_group"]
    sums = {**dict.fromkeys(names, pl.String()), "objective": MONEY, "bound": MONEY}
    scarce = {**dict.fromkeys(KEY, pl.String()), "shadow_price": MONEY}
    spent, worth = proven or (pl.LazyFrame(schema=sums), pl.LazyFrame(schema=scarce))
    return (
        filled.with_columns(shortage_cost=cost)
        .join(spent.select(*sums), on=NODE, how="left", nulls_equal=True)
        .join(worth.select(*scarce), on=KEY, how="left", nulls_equal=True)
        .with_columns(pl.when(both).then(pl.col("objective", "bound", "entity_group", "product_group")))
        .with_columns(
            gap=pl.col("objective") - pl.col("bound"),
            rule=pl.lit("position"),
            reason=_reason(has_demand=has_demand, has_supply=has_supply),
        )
    )


def _reason(*, has_demand: bool, has_supply: bool) -> pl.Expr:
    if not has_supply:
        return Reason.SUPPLY_NOT_GIVEN.lit
    if not has_demand:
        return Reason.DEMAND_NOT_GIVEN.lit
    in_part = pl.col("is_unknown").any().over("entity_id", "product")
    return (
        pl.when("is_unknown")
        .then(Reason.DEMAND_NOT_COMPUTABLE.lit)
        .when(pl.col("required").is_null())
        .then(Reason.NO_DEMAND_RULE.lit)
        .when((pl.col("shortage") > 0) & pl.col("shortage_cost").is_null())
        .then(Reason.SHORT_WITHOUT_PRICE.lit)
        .when(pl.col("shortage") > 0)
        .then(Reason.SHORT.lit)
        .when((pl.col("required") == 0) & in_part)
        .then(Reason.NOT_REQUIRED_AS_FAR_AS_KNOWN.lit)
        .when(pl.col("required") == 0)
        .then(Reason.NOT_REQUIRED.lit)
        .when(pl.col("version").is_null())
        .then(Reason.COVERED_IF_NO_NEWER.lit)
        .when(in_part)
        .then(Reason.COVERED_AS_FAR_AS_KNOWN.lit)
        .otherwise(Reason.COVERED.lit)
    )
