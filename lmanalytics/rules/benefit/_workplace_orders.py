"""Orders of the Workplace Discount Program, each judged by what its employee was entitled to on its day."""

import polars as pl

from lmanalytics.rules.benefit import (
    workplace_discount_expiry,
    workplace_discount_offers,
    workplace_discount_online,
    workplace_discount_orders,
    workplace_discount_software,
)
from lmanalytics.rules.benefit._workplace_facts import PERSON, copies_on, participation, people_of
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.mapping import mapped
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import CANONICAL, ENTITY

COPY = ["product", "edition", "version", "is_work_licensed_copy", "assigned_from", "assigned_to"]
CLAIM = [*COPY, "coverage", "coverage_end", "program", "has_membership"]
_ORDER = ["row_id", ENTITY, "order_id", "employee_id", "offer", "is_renewal", "ordered_on", "device_kind"]
_INSTALLED = ["installed_version", "installed_on"]
_AGREED = ["sam_applications", "start_date", "end_date", "contradicted_on"]
_ONLINE = "online_services"


def judged(inputs: Tables, used: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Judge every row of `workplace_orders`.

    Args:
        inputs: as the topic's.
        used: `_workplace_facts.copies`.
        settings: date and policies.

    Returns:
        A row for each order, with right, option, other_version_on, is_eligible and why (of its day), is_acquisition,
        acquired_before, and the columns of `workplace_discount_orders`.

    """
    table = CANONICAL["workplace_orders"]
    rows = table.conform(inputs.get("workplace_orders", table.empty())).select(*_ORDER, *_INSTALLED)
    named = evaluate(rows, workplace_discount_offers, settings).with_columns(
        pl.col(column_name(workplace_discount_offers, c)).alias(c) for c in ("right", "option", "other_version_on")
    )
    people = people_of(rows, inputs)
    placed = named.select(*_ORDER, *_INSTALLED, "right", "option", "other_version_on", day="ordered_on").join(
        people, on=PERSON, how="left"
    )
    is_online = (pl.col("option") == _ONLINE).fill_null(value=False)
    online = _online(placed.filter(is_online), inputs, settings)
    given = placed.filter(~is_online).with_columns(are_copies_given=pl.lit("app_users" in inputs))
    software = _software(given, used, settings)
    numbered = compute(
        workplace_discount_orders, "numbered", settings, orders=pl.concat([online, software], how="diagonal")
    )
    return evaluate(numbered, workplace_discount_orders, settings)


def best(rows: pl.LazyFrame, key: list[str], settings: Settings) -> pl.LazyFrame:
    """Keep of each key the copy that gives most: one that qualifies before an open case, then the longest.

    Args:
        rows: the columns of `workplace_discount_software` and its expiry.
        key: what has one copy afterwards; none of it is null.
        settings: date and policies.

    Returns:
        The chosen rows, sorted by key, with the columns of both modules.

    """
    known = rows.with_columns(other_version_on=pl.lit(None, pl.Date), licenses_acquired=pl.lit(0, pl.Int64))
    known = evaluate(evaluate(known, workplace_discount_expiry, settings), workplace_discount_software, settings)
    may = pl.col(column_name(workplace_discount_software, "is_eligible"))
    rank = pl.when(may.is_null()).then(1).when(may).then(0).otherwise(2)
    last = pl.col(column_name(workplace_discount_expiry, "expires_on"))
    ordered = known.with_columns(_rank=rank, _last=last.fill_null(pl.date(9999, 12, 31))).sort(
        *key, "_rank", "_last", *COPY[:3], "assigned_from",
        descending=[*[False] * (len(key) + 1), True, *[False] * 4],
        nulls_last=True,
    )  # fmt: skip
    again = pl.all_horizontal(pl.col(c) == pl.col(c).shift(1) for c in key).fill_null(value=False)
    return ordered.filter(~again).drop("_rank", "_last", "other_version_on", "licenses_acquired")


def _online(rows: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    days = rows.select(ENTITY, "day").unique()
    taking_part = participation(days, inputs, settings).select(ENTITY, "day", "participation")
    decided = evaluate(rows.join(taking_part, on=[ENTITY, "day"], how="left"), workplace_discount_online, settings)
    return _with_decision(decided, workplace_discount_online.__name__)


def _software(rows: pl.LazyFrame, used: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    copies = used.filter(pl.col("right").is_not_null()).select(
        *PERSON, "right", *COPY, "coverage", "coverage_end", "program", *_AGREED
    )
    matched = copies_on(
        rows.rename({"other_version_on": "_other"}).join(copies, on=[*PERSON, "right"], how="left")
    ).drop(_AGREED)
    named = matched.with_columns(product=product_of(pl.col("product"), pl.col("right")))
    chosen = best(named, ["row_id"], settings).rename({"_other": "other_version_on"})
    return _with_decision(chosen, workplace_discount_software.__name__)


def product_of(product: pl.Expr, right: pl.Expr) -> pl.Expr:
    """The application of the copy, or of what was ordered where there is no copy."""
    offered = load_rule_file(workplace_discount_software).table("workplace_licenses")
    return pl.coalesce(product, mapped(right, offered["license"], offered["product"]))


def _with_decision(rows: pl.LazyFrame, module: str) -> pl.LazyFrame:
    prefix = module.rpartition(".")[2]
    kept = [*_ORDER, *_INSTALLED, "right", "option", "other_version_on"]
    return rows.select(*kept, is_eligible=pl.col(f"{prefix}__is_eligible"), why=pl.col(f"{prefix}__reason"))
