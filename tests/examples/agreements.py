"""Worked examples of enrollments and programs: true-ups, verification, alignment, points."""

import re
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.rules.benefit import verification_threshold
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.entitlement import select_plus
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.register import sentence
from lmanalytics.rules.right import true_up_new_product, true_up_platform, true_up_quantity, true_up_window
from tests.examples.outcome import Inputs, UndecidableError, count, entries, flag, words

Outcome = dict[str, Any]
TODAY = date(2026, 11, 21)


def decided(module: ModuleType, rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    """The rules of a module on some rows, by the rule's name."""
    facts = pl.LazyFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    prefix = f"{module.__name__.rpartition('.')[2]}__"
    return evaluate(facts, module, Settings(TODAY)).collect().rename(lambda name: name.removeprefix(prefix))


def final_year(inputs: Inputs) -> Outcome:
    expires = date.fromisoformat(inputs["enrollment_expiry"])
    facts = pl.LazyFrame(
        {"anniversary_date": [None], "start_date": [None], "end_date": [expires]},
        schema=dict.fromkeys(["anniversary_date", "start_date", "end_date"], pl.Date),
    )
    found = evaluate(facts, true_up_window, Settings(expires)).collect()
    return {"due_between": [found["true_up_window__final_opens"][0].isoformat(), expires.isoformat()]}


QUANTITY = {
    "is_enterprise_product": pl.Boolean,
    "count_at_order": pl.Int64,
    "highest_use": pl.Int64,
    "licenses_held": pl.Int64,
    **dict.fromkeys(["initial_order_on", "last_order_on", "prior_anniversary"], pl.Date),
}


def additional(inputs: Inputs) -> Outcome:
    row = {
        "is_enterprise_product": False,
        "count_at_order": count(inputs["count_at_order_date"]),
        "highest_use": count(inputs["daily_max_since_last_true_up"]),
        "licenses_held": count(inputs["licences_held"]),
    }
    return {"order_quantity": decided(true_up_quantity, [row], QUANTITY)["order_quantity"][0]}


def enterprise(inputs: Inputs) -> Outcome:
    row = {
        "is_enterprise_product": True,
        "count_at_order": count(inputs["qualified_devices_at_order"]),
        "licenses_held": count(inputs["licences_held"]),
    }
    return {"order_quantity": decided(true_up_quantity, [row], QUANTITY)["order_quantity"][0]}


def platform(inputs: Inputs) -> Outcome:
    names = [words(name) for name in entries(inputs["components"])]
    if not names:
        raise UndecidableError("the platform has no products")
    rows = [{"product": name, "increase": count(inputs["added_users"])} for name in names]
    keys = dict.fromkeys(["entity_id", "agreement_id", "enrollment_id"], "one")
    schema = {**dict.fromkeys([*keys, "product"], pl.String), "increase": pl.Int64}
    found = decided(true_up_platform, [row | keys for row in rows], schema)
    return {"order": dict(found.select("product", "platform_quantity").rows())}


def ordering(inputs: Inputs) -> Outcome:
    row = {"is_on_initial_order": flag(inputs["step_up_on_initial_order"])}
    schema = {"first_used_on": pl.Date, "is_online_service": pl.Boolean, "is_on_initial_order": pl.Boolean}
    code = decided(true_up_new_product, [row], schema)["step_up_process"][0]
    said = str(inputs.asked.get("process", ""))
    named = {reason.code for reason, pattern in _PROCESSES.items() if re.search(pattern, said, re.IGNORECASE)}
    if not named:
        return {"process": sentence(code, "true_up_new_product").rstrip(".")}
    as_new = true_up_new_product.Reason.NEW_PRODUCT.code
    is_same = code == (as_new if as_new in named else min(named)) and not re.search(r"\bnot\b", said)
    return {"process": said if is_same else code}


_PROCESSES = {
    true_up_new_product.Reason.NEW_PRODUCT: r"new (additional )?product|month|\bfirst\b",
    true_up_new_product.Reason.THROUGH_TRUE_UP: r"true-?\s?up",
}
"""How an example may word either process; that of a new product goes on to speak of the true-up."""


def threshold(inputs: Inputs) -> Outcome:
    row = {"required": count(inputs["required"]), "held": count(inputs["held"])}
    found = decided(verification_threshold, [row], {"required": pl.Int64, "held": pl.Int64})
    outcome = {"material": found["is_material"][0], "shortage": found["shortage"][0]}
    share, asked = found["shortage_percent"][0], inputs.asked.get("shortage_pct_of_required")
    if share is None:
        return outcome
    places = Decimal(str(asked)).as_tuple().exponent if isinstance(asked, int | Decimal) else 0
    rounded = share.quantize(Decimal((0, (1,), min(int(places), 0))), ROUND_HALF_UP)
    return outcome | {"shortage_pct_of_required": rounded}


SELECT_PLUS = dict.fromkeys(["points", "pool_minimum", "purchase_month", "initial_months", "align_to"], pl.Int64)


def points(inputs: Inputs) -> Outcome:
    row = {"points": count(inputs["year1_points"]), "pool_minimum": count(inputs["pool_minimum"])}
    found = decided(select_plus, [row], SELECT_PLUS)
    return {"rollover_to_year2": found["points_rolled_over"][0], "year2_points_needed": found["points_needed"][0]}


def alignment(inputs: Inputs) -> Outcome:
    start, bought = count(inputs["agreement_start_month"]), entries(inputs["purchase_months"])
    common = {"initial_months": count(inputs["initial_sa_months"]), "align_to": count(inputs["align_to_month"])}
    if any(count(month) < start for month in bought):
        raise UndecidableError("a purchase is older than the agreement")
    found = decided(select_plus, [common | {"purchase_month": month} for month in bought], SELECT_PLUS)
    if not found["is_offered"].all():
        raise UndecidableError("no extension of that length is sold")
    return {"extension_months": found["extension_months"].to_list()}


TOPICS: dict[str, Callable[[Inputs], Outcome]] = {
    "audit_threshold": threshold,
    "select_plus_points": points,
    "select_plus_sa_alignment": alignment,
    "step_up_ordering": ordering,
    "true_up_additional_products": additional,
    "true_up_enterprise_products": enterprise,
    "true_up_final_year": final_year,
    "true_up_platform_uniform": platform,
}
