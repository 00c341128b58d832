"""The order that makes the position whole: lines in the packs that are sold, or an update statement."""

import polars as pl

from lmanalytics.position.enrollments import HOME, at_home, place, running
from lmanalytics.position.offers import LINE
from lmanalytics.position.orders import packed
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import true_up_new_product
from lmanalytics.schemas import ANSWERS, MONEY

_IS_STEP_UP = pl.col("purchase_type") == "step_up"


class Reason(ReasonBase):
    """What an order line rests on."""

    SHORTAGE = "The position is short by these licenses."
    STEP_UP = "Stepping up licenses that are owned costs less than the new ones that the position is short by."
    NOTHING_DUE = "Nothing is short: an update statement takes the place of an order."
    NOTHING_KNOWN_DUE = "Nothing known is short, but of some machines it is not computable what they require."
    NOTHING_TO_ORDER = (
        "What is short no license that is for sale may serve: an update statement takes an order's place."
    )
    NO_PRICE = "The position is short by these licenses; no price was given for them."
    NEW_PRODUCT = "New to the enrollment: it is ordered in the month of its first use, not in the yearly window."


def true_up(
    short: pl.LazyFrame,
    prices: pl.LazyFrame | None,
    agreements: pl.LazyFrame | None,
    settings: Settings,
    unknown: pl.LazyFrame | None = None,
    *,
    products: pl.LazyFrame | None = None,
    licenses: pl.LazyFrame | None = None,
    orders: pl.DataFrame | None = None,
) -> pl.LazyFrame:
    """Order what the plan is short of.

    What only licenses acquired before some day may serve is not ordered: nothing that is for sale serves it.
    Needs of one product and edition are added up before they are rounded to packs, for packs may be split
    between servers. Individually licensed virtual machines need Software Assurance with the license.
    Each running enrollment sends an order, or an update statement where nothing of it is due.

    Args:
        short: what each subject is short of (`balance`): entity_id, product, edition, metric, needs_sa, short.
        prices: the canonical table, or None.
        agreements: the canonical table, or None: the lines then name no enrollment and no window.
        settings: date and policies.
        unknown: entity_id of which some machine's demand is not computable.
        products: the table `agreement_products`, or None.
        licenses: the `licenses` answer, or None: then no product is known to be new to an enrollment.
        orders: the packs to buy (`balance`); None: what is short is packed line by line.

    Returns:
        The `true_up` answer: one row per pack size of a line, and an update statement per enrollment without one.

    """
    kind = pl.when("needs_sa").then(pl.lit("license_and_sa")).otherwise(pl.lit("license"))
    for_sale, barred = _for_sale(short)
    missing = for_sale.filter(pl.col("short") > 0).with_columns(purchase_type=kind)
    bought = packed(missing, prices, settings) if orders is None else orders
    enrollments = running(agreements, settings).collect().lazy()
    new, stepped = _priced(bought.lazy().filter(~_IS_STEP_UP)), _priced(bought.lazy().filter(_IS_STEP_UP))
    placed = place(new.drop(HOME), enrollments, products, licenses, settings)
    raised = at_home(stepped, enrollments, products, settings)
    rows = pl.concat([placed, raised], how="diagonal_relaxed").with_columns(_timing(settings))
    ordered = rows.collect().lazy()
    rows = pl.concat([ordered, _statements(for_sale, ordered, enrollments, unknown, barred)], how="diagonal_relaxed")
    answer = ANSWERS["true_up"].conform(rows.with_columns(rule=pl.lit("true_up")))
    return answer.sort([*LINE, "pack_size", "agreement_id", "enrollment_id", "step_up_from"])


def _priced(bought: pl.LazyFrame) -> pl.LazyFrame:
    reason = pl.when(_IS_STEP_UP).then(Reason.STEP_UP.lit).otherwise(Reason.SHORTAGE.lit)
    return bought.with_columns(
        licenses=pl.col("packs") * pl.col("pack_size"),
        cost=(pl.col("packs") * pl.col("unit_price")).cast(MONEY),
        reason=pl.when(pl.col("unit_price").is_null()).then(Reason.NO_PRICE.lit).otherwise(reason),
    )


def _timing(settings: Settings) -> list[pl.Expr]:
    """A product that is new to the enrollment is ordered in the month of its first use, and use was found today."""
    new = pl.col("is_new")
    by = true_up_new_product.order_by(pl.lit(settings.as_of), pl.lit(value=False))
    return [
        pl.when(new).then(pl.lit(settings.as_of)).otherwise("window_opens").alias("window_opens"),
        pl.when(new).then(by).otherwise("window_closes").alias("window_closes"),
        pl.when(new & pl.col("unit_price").is_not_null())
        .then(Reason.NEW_PRODUCT.lit)
        .otherwise("reason")
        .alias("reason"),
    ]


def _for_sale(short: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Set what no license that is for sale may serve to nothing, and name the entities that are short of it."""
    if "acquired_before" not in short.collect_schema():
        return short, pl.LazyFrame(schema={"entity_id": pl.String, "_is_barred": pl.Boolean})
    is_barred = pl.col("acquired_before").is_not_null()
    barred = short.filter(is_barred & (pl.col("short") > 0)).select("entity_id", _is_barred=True).unique()
    return short.with_columns(short=pl.when(is_barred).then(0).otherwise("short")), barred


def _statements(
    short: pl.LazyFrame,
    ordered: pl.LazyFrame,
    enrollments: pl.LazyFrame,
    unknown: pl.LazyFrame | None,
    barred: pl.LazyFrame,
) -> pl.LazyFrame:
    """The enrollments without an order line; an entity that has none running has one statement if nothing is due."""
    totals = short.group_by("entity_id").agg(pl.col("short").sum())
    own = totals.join(enrollments, on="entity_id").join(ordered, on=["entity_id", *HOME], how="anti")
    alone = totals.filter(pl.col("short") == 0).join(enrollments, on="entity_id", how="anti")
    statements = (
        pl.concat([own, alone], how="diagonal")
        .with_columns(
            product=pl.lit("*"),
            metric=pl.lit("*"),
            purchase_type=pl.lit("update_statement"),
            pack_size=pl.lit(1, pl.Int64),
            packs=pl.lit(0, pl.Int64),
            licenses=pl.lit(0, pl.Int64),
            basis=pl.lit("update_statement"),
        )
        .join(barred, on="entity_id", how="left")
    )
    none = pl.when(pl.col("_is_barred") & (pl.col("short") == 0)).then(Reason.NOTHING_TO_ORDER.lit)
    statements = statements.with_columns(reason=none.otherwise(Reason.NOTHING_DUE.lit))
    if unknown is None:
        return statements
    in_part = unknown.select("entity_id", _is_unknown=True).unique()
    nothing = pl.col("reason") == Reason.NOTHING_DUE.code
    reason = pl.when(pl.col("_is_unknown") & nothing).then(Reason.NOTHING_KNOWN_DUE.lit).otherwise("reason")
    return statements.join(in_part, on="entity_id", how="left").with_columns(reason=reason)
