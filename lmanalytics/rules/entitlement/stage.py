"""What the purchases entitle to: licenses, their sources, step-ups, and what became of every purchase line."""

from types import ModuleType

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import compute
from lmanalytics.rules.entitlement import (
    affiliates,
    core_grants,
    licenses,
    lot_history,
    lots,
    new_version_rights,
    orders,
    purchase_lines,
    step_ups,
    suite_components,
)
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, CANONICAL

OUTCOMES = pl.Schema(
    {
        "row_id": pl.Int64(),
        "entity_id": pl.String(),
        "purchase_id": pl.String(),
        "product": pl.String(),
        "outcome": pl.String(),
        "reason": pl.String(),
    }
)


class Reason(ReasonBase):
    """What became of a purchase line that was used."""

    LICENSE = "The line adds licenses."
    MATCHED = "Every license of the line found the licenses that it acts on."
    PARTLY_MATCHED = "Some licenses of the line found none to act on."
    NETTED = "The line was returned, or returns another."


def answers(tables: dict[str, pl.LazyFrame], settings: Settings) -> dict[str, pl.LazyFrame]:
    """Compute what is owned.

    Args:
        tables: canonical tables by name; without `purchases` there is nothing to compute, without `agreements`
            only what the purchases say of their program is known.
        settings: date and policies.

    Returns:
        licenses, license_sources, step_ups, step_up_matches as in the data contract, and purchase_outcomes
        (`OUTCOMES`, one row for each row of `purchases`). Empty when there is no `purchases`.

    """
    if "purchases" not in tables:
        return {}
    agreements = tables.get("agreements", CANONICAL["agreements"].empty())
    purchases = CANONICAL["purchases"].conform(tables["purchases"])
    lines = _kept(purchase_lines, "lines", settings, purchases=purchases, agreements=agreements)
    events = _kept(orders, "events", settings, lines=lines)
    acting = events.filter(pl.col("obstacle").is_null() & (pl.col("units") > 0))
    held = _kept(lots, "lots", settings, lines=lines)
    acting = compute(core_grants, "renewals", settings, events=acting, lots=held)
    history = _kept(lot_history, "history", settings, lots=held, events=acting)
    own = compute(licenses, "licenses", settings, history=history)
    own = own.collect().lazy()  # its rows are numbered: never compute them in two orders
    by_core = pl.concat([own, compute(core_grants, "grants", settings, licenses=own)])
    granted = compute(suite_components, "components", settings, licenses=by_core)
    every = pl.concat([by_core, granted]).collect().lazy()
    rights = compute(new_version_rights, "version_rights", settings, licenses=every)
    served = compute(affiliates, "serves", settings, licenses=rights, agreements=agreements)
    matches = compute(step_ups, "step_up_matches", settings, events=events, history=history)
    summed = compute(step_ups, "step_ups", settings, events=events, matches=matches)
    found = {
        "licenses": served.with_columns(rule=pl.lit("licenses")).sort("entity_id", "license_id", "valid_from"),
        "license_sources": _sources(every, lines),
        "step_ups": summed.with_columns(rule=pl.lit("step_ups")),
        "step_up_matches": matches.with_columns(rule=pl.lit("step_ups")),
    }
    conformed = {name: ANSWERS[name].conform(frame) for name, frame in found.items()}
    return conformed | {"purchase_outcomes": _outcomes(lines, events, history)}


def _kept(module: ModuleType, name: str, settings: Settings, **frames: pl.LazyFrame) -> pl.LazyFrame:
    """Compute a table that several others read, once."""
    return compute(module, name, settings, **frames).collect().lazy()


def _sources(every: pl.LazyFrame, lines: pl.LazyFrame) -> pl.LazyFrame:
    """The purchases behind each license."""
    documents = lines.select("entity_id", "purchase_id", "document_ref").unique(
        ["entity_id", "purchase_id"], keep="first", maintain_order=True
    )
    return (
        every.select("entity_id", "license_id", "quantity", purchase_id="sources")
        .explode("purchase_id")
        .unique(["entity_id", "license_id", "purchase_id"], keep="first", maintain_order=True)
        .join(documents, on=["entity_id", "purchase_id"], how="left")
        .with_columns(rule=pl.lit("licenses"), reason=Reason.LICENSE.lit)
        .sort("entity_id", "license_id", "purchase_id")
    )


def _outcomes(lines: pl.LazyFrame, events: pl.LazyFrame, history: pl.LazyFrame) -> pl.LazyFrame:
    """One outcome for each purchase line."""
    key = ["entity_id", "purchase_id"]
    unserved = history.filter(pl.col("event").is_not_null()).select("entity_id", "missing", "why", purchase_id="event")
    unknown = [r.code for r in (*step_ups.UNDECIDABLE, orders.Reason.COVERAGE_UNKNOWN)]
    acted = events.select(*key, "obstacle", ordered="units").join(unserved, on=key, how="left")
    none_found = pl.col("missing") >= pl.col("ordered")
    outcome = (
        pl.when(pl.col("outcome").is_not_null())
        .then("outcome")
        .when(pl.col("obstacle").is_in(unknown))
        .then(pl.lit("not_computable"))
        .when(pl.col("obstacle").is_not_null() | none_found)
        .then(pl.lit("excluded"))
        .otherwise(pl.lit("used"))
    )
    reason = (
        pl.when(pl.col("reason").is_not_null())
        .then("reason")
        .when(pl.col("kind") == "license")
        .then(Reason.LICENSE.lit)
        .when(pl.col("ordered") == 0)
        .then(Reason.NETTED.lit)
        .when(pl.col("obstacle").is_not_null())
        .then("obstacle")
        .when(none_found)
        .then("why")
        .when(pl.col("missing") > 0)
        .then(Reason.PARTLY_MATCHED.lit)
        .otherwise(Reason.MATCHED.lit)
    )
    return (
        lines.join(acted, on=key, how="left")
        .select("row_id", "entity_id", "purchase_id", "product", outcome=outcome, reason=reason)
        .sort("row_id", "purchase_id")
    )
