"""Orders that act on licenses already there: returns and transfers, buy-outs, coverage, upgrades, step-ups."""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule
from lmanalytics.rules.entitlement._allocate import allocate

FACTS = "purchases"
ANSWER = "events"
_KINDS = ["removal", "buy_out", "sa", "upgrade", "step_up"]
_SAME = ["entity_id", "agreement_id", "enrollment_id", "product", "edition", "metric", "kind", "step_up_from"]


class Reason(ReasonBase):
    """Why an order cannot be matched to a license at all."""

    NO_SUCH_STEP_UP = "The terms offer no step-up between these two products in this metric."
    BASE_AMBIGUOUS = "Several products step up to this one, and the order does not say from which."
    PROGRAM_WITHOUT_STEP_UP = "The program does not offer step-ups."
    AGREEMENT_UNKNOWN = "The agreement is not known, so it cannot be that of the qualifying license."
    ORDER_DATE_UNKNOWN = "The day of the order is not known, so coverage on that day cannot be decided."
    NOTHING_TO_RETURN = "No order of the kind is there that could be returned."
    COVERAGE_UNKNOWN = "The first or last day of the coverage is not known."


@frame_rule(unit="license", cite="step_up", start="2001-10-01")
def events(lines: pl.LazyFrame, *, step_up_edges: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    """Make an event of every line that acts on other licenses.

    Returns of orders of one kind are netted against them, the latest first. A step-up acts on the product it
    leads from. An event without `obstacle` can be matched.

    Returns:
        entity_id, agreement_id, enrollment_id (empty text where unknown), program, product, edition, metric, kind,
        purchase_id, purchase_type, units, returned (units netted), is_return, dated_on, ordered_on, coverage_start,
        coverage_end, new_version, pin, next_product, next_edition, obstacle.

    """
    acting = _netted(lines.filter(pl.col("outcome").is_null() & pl.col("kind").is_in(_KINDS)))
    covers_from = pl.coalesce("coverage_start", "ordered_on")
    prepared = acting.with_columns(
        pl.col("agreement_id", "enrollment_id").fill_null(""),
        is_step_up=pl.col("kind") == "step_up",
        coverage_start=pl.when(pl.col("kind") == "sa").then(covers_from),
        coverage_end=pl.when(pl.col("kind") == "sa").then(pl.coalesce("coverage_end", "agreement_end")),
        _day=pl.when(pl.col("kind") == "sa")
        .then(covers_from)
        .when(pl.col("kind") == "step_up")
        .then("ordered_on")
        .otherwise(pl.coalesce("ordered_on", pl.lit(as_of))),
    )
    return (
        _with_edges(prepared, step_up_edges.lazy())
        .with_columns(obstacle=_obstacle())
        .select(
            "entity_id",
            "agreement_id",
            "enrollment_id",
            "program",
            "metric",
            "kind",
            "purchase_id",
            "purchase_type",
            "units",
            "returned",
            "coverage_start",
            "coverage_end",
            "obstacle",
            "is_return",
            product=pl.when("is_step_up").then("from_product").otherwise("product"),
            edition=pl.when("is_step_up").then("from_edition").otherwise("edition"),
            next_product=pl.when("is_step_up").then("product"),
            next_edition=pl.when("is_step_up").then("edition"),
            dated_on="_day",
            ordered_on=pl.when(pl.col("kind") == "sa").then("ordered_on"),
            new_version=pl.when(pl.col("kind").is_in(["upgrade", "step_up"])).then("version"),
            pin="base_purchase_id",
        )
    )


def _netted(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Take returned orders off the orders they return: the one they name, else the latest of their kind."""
    acting = lines.collect().with_row_index("line").with_columns(kin=pl.struct(_SAME).rank("dense"))
    kept = acting.filter(~pl.col("is_return")).with_columns(returned=pl.lit(0, pl.Int64))
    back = acting.filter("is_return").with_columns(returned=pl.lit(0, pl.Int64))
    if not back.is_empty():
        named = pl.concat_str("kin", pl.coalesce("base_purchase_id", pl.lit("")), separator="\x1f")
        back, kept = _taken_off(back, kept, named, pl.concat_str("kin", "purchase_id", separator="\x1f"))
        back, kept = _taken_off(back, kept, pl.col("kin").cast(pl.String), pl.col("kin").cast(pl.String))
    return pl.concat([kept, back]).drop("line", "kin").sort("entity_id", "purchase_id").lazy()


def _taken_off(
    back: pl.DataFrame, kept: pl.DataFrame, back_key: pl.Expr, kept_key: pl.Expr
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Net returns against orders with the same key; `returned` counts on both sides."""
    latest = kept.sort("ordered_on", "purchase_id", descending=True, nulls_last=True)
    first = back.sort("ordered_on", "purchase_id", nulls_last=True)
    pieces = allocate(
        first.select(back_key.alias("key"), demand="line", units="units"),
        latest.select(kept_key.alias("key"), supply="line", units="units"),
    ).drop_nulls(["demand", "supply"])
    sides = []
    for frame, side in ((back, "demand"), (kept, "supply")):
        taken = pieces.group_by(line=side).agg(_taken=pl.col("units").sum())
        less = pl.col("_taken").fill_null(0)
        joined = frame.join(taken, on="line", how="left", maintain_order="left")
        sides.append(
            joined.with_columns(units=pl.col("units") - less, returned=pl.col("returned") + less).drop("_taken")
        )
    return sides[0], sides[1]


def _with_edges(lines: pl.LazyFrame, edges: pl.LazyFrame) -> pl.LazyFrame:
    """Find the edge of each step-up: by the product it says it leads from, or the only one there is."""
    target = {"to_product": "product", "to_edition": "edition"}
    columns = ["product", "edition", "from_product", "from_edition"]
    known = edges.rename(target).select(*columns, edge_metric="metric", edge_unit="unit")
    name = pl.concat_str("from_product", "from_edition", separator=" ", ignore_nulls=True)
    named = (
        known.with_columns(
            said=pl.concat_list(
                said(name), said(name + " core"), said(name + " subscription"), said(pl.col("from_edition"))
            )
        )
        .explode("said")
        .filter(pl.col("said").is_not_null())
        .unique(["product", "edition", "said"], maintain_order=True)
    )
    only = known.filter(pl.len().over("product", "edition") == 1)
    count = known.group_by("product", "edition").agg(edges=pl.len())
    steps = lines.filter("is_step_up").with_columns(said=said(pl.col("step_up_from")))
    on = ["product", "edition"]
    by_name = steps.filter(pl.col("said").is_not_null()).join(named, on=[*on, "said"], how="left", nulls_equal=True)
    by_target = steps.filter(pl.col("said").is_null()).join(only, on=on, how="left", nulls_equal=True)
    found = pl.concat([by_name, by_target]).join(count, on=on, how="left", nulls_equal=True)
    return pl.concat([found, lines.filter(~pl.col("is_step_up"))], how="diagonal")


def is_of_another_kind(metric: pl.Expr, unit: pl.Expr) -> pl.Expr:
    """Whether licenses are access licenses where a step-up is one of servers or devices, or the reverse."""
    access = metric.is_in(["user_cal", "device_cal", "external_connector"])
    server = metric.is_in(["core", "processor", "server"])
    wrong = (access & ~unit.is_in(["access_license", "user_or_device"])) | (server & (unit == "access_license"))
    return wrong.fill_null(value=False)


def said(text: pl.Expr) -> pl.Expr:
    """A product's name as people write it, without the maker and with one spelling."""
    return (
        text.str.to_lowercase()
        .str.replace(r"^microsoft\s+", "")
        .str.replace_all("w/", "with", literal=True)
        .str.replace_all(r"on-prem\b", "on-premises")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )


def _obstacle() -> pl.Expr:
    other_metric = (pl.col("edge_metric") != pl.col("metric")).fill_null(value=False)
    no_edge = (
        pl.col("from_product").is_null() | other_metric | is_of_another_kind(pl.col("metric"), pl.col("edge_unit"))
    )
    several = pl.col("from_product").is_null() & pl.col("step_up_from").is_null() & (pl.col("edges") > 1)
    steps, covers = pl.col("kind") == "step_up", pl.col("kind") == "sa"
    return (
        pl.when(pl.col("is_return") & (pl.col("units") > 0))
        .then(Reason.NOTHING_TO_RETURN.lit)
        .when(pl.col("is_return"))
        .then(None)
        .when(steps & several)
        .then(Reason.BASE_AMBIGUOUS.lit)
        .when(steps & no_edge)
        .then(Reason.NO_SUCH_STEP_UP.lit)
        .when(steps & ~pl.col("has_step_up"))
        .then(Reason.PROGRAM_WITHOUT_STEP_UP.lit)
        .when(steps & (pl.col("agreement_id") == ""))
        .then(Reason.AGREEMENT_UNKNOWN.lit)
        .when(steps & pl.col("_day").is_null())
        .then(Reason.ORDER_DATE_UNKNOWN.lit)
        .when(covers & (pl.col("coverage_start").is_null() | pl.col("coverage_end").is_null()))
        .then(Reason.COVERAGE_UNKNOWN.lit)
    )
