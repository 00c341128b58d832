"""What could be stepped up: each lot along each edge, at which price against new licenses."""

import polars as pl

from lmanalytics.position.classes import in_force
from lmanalytics.rules.benefit import step_up_offer
from lmanalytics.rules.benefit._step_up_prices import step_up_prices, with_step_up_price
from lmanalytics.rules.demand.price_list import PER_LICENSE, all_products, for_entity
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.entitlement import lot_history, purchase_lines
from lmanalytics.rules.entitlement.core_grants import is_granted
from lmanalytics.rules.entitlement.licenses import Reason as LicenseReason
from lmanalytics.rules.entitlement.orders import is_of_another_kind
from lmanalytics.rules.entitlement.suite_components import is_component
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import agreeing
from lmanalytics.schemas import ANSWERS, ENTITY, MONEY

NEEDS: dict[str, tuple[str, ...]] = {"step_up_opportunities": ("licenses",)}
_HOME = [ENTITY, "agreement_id", "enrollment_id"]
_KEY = ["license_id", "valid_from", "step_up_to"]
_PREFIX = "step_up_offer__"


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Offer every lot that is in force each step-up that leads from it.

    Args:
        inputs: `licenses`; also `agreements`, `prices` and `position`, where they were given.
        settings: date and policies.

    Returns:
        `step_up_opportunities`: a row per lot and edge; without prices, nothing is known of what it saves. And
        `findings`: the shortages that step-ups would meet for less than new licenses.

    """
    rows = evaluate(_offers(inputs, settings), step_up_offer, settings)
    answer = rows.with_columns(
        quantity=pl.col(f"{_PREFIX}steppable"),
        packs=pl.col(f"{_PREFIX}packs"),
        unit_price="price",
        unit_price_of_new="price_of_new",
        saving=pl.col(f"{_PREFIX}saving"),
        reason=pl.col(f"{_PREFIX}reason"),
        rule=pl.lit("step_up_offer.steppable"),
    )
    found = {"step_up_opportunities": ANSWERS["step_up_opportunities"].conform(answer).sort(ENTITY, *_KEY)}
    return found | ({"findings": _findings(answer, inputs["position"])} if "position" in inputs else {})


def by_pack_size(inputs: Tables, settings: Settings) -> pl.LazyFrame | None:
    """Offer step-ups in every pack that the price list has, not in the cheapest alone.

    Args:
        inputs: `licenses` and `prices`; also `agreements`, where it was given.
        settings: date and policies.

    Returns:
        The rows of `step_up_opportunities`, once for each pack size; None without licenses or prices of step-ups.

    """
    if not {"licenses", "prices"} <= inputs.keys():
        return None
    is_step_up = pl.col("purchase_type") == "step_up"
    sizes = inputs["prices"].filter(is_step_up).select(pl.col("pack_size").unique().sort()).collect().to_series()
    known = {name: inputs[name] for name in ("licenses", "agreements") if name in inputs}
    offers = [
        answers(known | {"prices": inputs["prices"].filter(~is_step_up | (pl.col("pack_size") == size))}, settings)
        for size in sizes.drop_nulls()
    ]
    return pl.concat([found["step_up_opportunities"] for found in offers]) if offers else None


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain the step-ups of one license."""
    if "licenses" not in inputs:
        return pl.DataFrame(schema=EXPLANATION)
    own = inputs | {"licenses": inputs["licenses"].filter(is_asked("license_id", subject_ids))}
    return explain(_offers(own, settings).sort(ENTITY, *_KEY), step_up_offer, settings, "license_id")


def _offers(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Put lots, edges, programs, enrollments and prices side by side."""
    edges = load_rule_file(lot_history).table("step_up_edges").lazy()
    edges = edges.rename({"from_product": "product", "from_edition": "edition", "metric": "edge_metric"})
    programs = load_rule_file(purchase_lines).table("programs").lazy().select("program", "has_step_up")
    lots = in_force(inputs["licenses"], settings.as_of).with_columns(
        is_component=is_component(pl.col("license_id")) | is_granted(pl.col("license_id")),
        is_sa_unknown=pl.col("reason") == LicenseReason.SA_END_UNKNOWN.code,
    )
    joined = (
        lots.drop("pool", "rule", "reason")
        .join(edges.drop("pool", "reference"), on=["product", "edition"], nulls_equal=True)
        .with_columns(is_other_kind=is_of_another_kind(pl.col("metric"), pl.col("unit")))
        .drop("unit")
        .join(programs, on="program", how="left")
        .join(_enrollments(inputs), on=_HOME, how="left")
        .with_columns(
            step_up_from=_name("product", "edition"),
            step_up_to=_name("to_product", "to_edition"),
            product="to_product",
            edition="to_edition",
        )
        .drop("to_product", "to_edition")
    )
    prices = inputs.get("prices")
    new = for_entity(joined, all_products(prices, settings.as_of))
    known = new.with_columns(_new=pl.coalesce("price_with_sa", "price"), _currency="currency").drop(
        "price", "price_with_sa", "currency"
    )
    priced = step_up_prices(prices, load_rule_file(lot_history).table("step_up_edges"), programs, settings.as_of)
    return with_step_up_price(known, priced).with_columns(
        price_of_new=pl.when(pl.col("_currency").eq_missing(pl.col("currency")) | pl.col("currency").is_null()).then(
            "_new"
        ),
        currency=pl.coalesce("currency", "_currency"),
    )


def _enrollments(inputs: Tables) -> pl.LazyFrame:
    if "agreements" not in inputs:
        return pl.LazyFrame(schema={**dict.fromkeys(_HOME, pl.String()), "enrollment_end": pl.Date()})
    enrollment = pl.coalesce("enrollment_id", "agreement_id")
    rows = inputs["agreements"].with_columns(enrollment_id=enrollment)
    return rows.group_by(_HOME).agg(enrollment_end=pl.col("end_date").max())


def _name(product: str, edition: str) -> pl.Expr:
    return pl.concat_str(product, edition, separator=" ", ignore_nulls=True)


def _findings(offers: pl.LazyFrame, position: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of shortages that stepping up meets for less: the cheapest step-ups first, as many as are short."""
    key = [ENTITY, "product", "edition", "metric"]
    short = position.filter(pl.col("shortage") > 0).group_by(key).agg(pl.col("shortage").sum())
    each = (pl.col("price_of_new") - pl.col("price")).cast(PER_LICENSE)
    open_ones = offers.filter((pl.col("quantity") > 0) & (each > 0)).with_columns(_each=each)
    before = pl.col("quantity").cum_sum().over(key, order_by=[-pl.col("_each"), *_KEY]) - pl.col("quantity")
    used = (
        open_ones.join(short, on=key, nulls_equal=True)
        .with_columns(_used=pl.min_horizontal("quantity", pl.col("shortage") - before))
        .filter(pl.col("_used") > 0)
        .with_columns(_saved=(pl.col("_used") * pl.col("_each")).cast(MONEY))
    )
    lines = used.group_by(ENTITY, "step_up_from", "step_up_to", "metric").agg(
        pl.col("_used", "_saved").sum(), pl.col("shortage", "currency").min()
    )
    return lines.with_columns(
        finding_id=pl.format("step_ups:{}/{}/{}/{}", ENTITY, "step_up_from", "step_up_to", "metric"),
        severity=pl.lit("info"),
        area=pl.lit("step_ups"),
        subject_id=pl.col("step_up_to"),
        statement=pl.format(
            "{} {} {} of {} {} short; {} of {} can be stepped up for {} {} less than new ones cost.",
            "shortage", "metric", agreeing("shortage", "license", "licenses"), "step_up_to",
            agreeing("shortage", "is", "are"), "_used", "step_up_from", pl.col("_saved").round(2), "currency",
        ),
        action=pl.lit("Order step-ups under the enrollment of the licenses, unless those are needed as they are."),
        status=pl.lit("open"),
        money_at_stake=pl.col("_saved"),
        rule=pl.lit("step_up_offer.saving"),
        reason=pl.lit(step_up_offer.Reason.CAN_STEP_UP.code),
    )  # fmt: skip
