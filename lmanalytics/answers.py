"""From accepted tables to answers: each stage reads the one before and leaves Parquet in the run folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics.evidence import accounts, findings
from lmanalytics.facts import estate_facts
from lmanalytics.position.balance import Balance, balance, version_ranks
from lmanalytics.position.plan import choose, top_up
from lmanalytics.position.true_up import true_up
from lmanalytics.rules import register
from lmanalytics.rules.demand import stage as demand
from lmanalytics.rules.demand.options import METRIC, PRODUCT
from lmanalytics.rules.demand.price_list import per_license
from lmanalytics.rules.entitlement import stage as entitlement
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS

if TYPE_CHECKING:
    from lmanalytics.ingest.readers import Ingested
    from lmanalytics.quality.gate import Gated

Progress = Callable[[str], None]
Tables = dict[str, pl.LazyFrame]
SWING_LIMIT = 200_000
"""OSEs above which other readings of the policies are not computed beside the one in force."""


def compute(
    tables: Tables, ingested: "Ingested", gated: "Gated", settings: Settings, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Compute and save every answer; return what the manifest tells of the run.

    Args:
        tables: the accepted canonical tables; an absent one was not given.
        ingested: sources and findings of the readers.
        gated: counts and checks of the gate.
        settings: date and policies in force.
        folder: the run folder.
        progress: told of each stage.

    Returns:
        entities, currencies, the tables that were given, and what is not computable, as sentences.

    """
    progress("what purchases entitle to")
    owned = _saved(_owned(tables, settings), folder)
    progress("what the estate requires")
    required = _saved(_required(tables, settings, folder), folder)
    progress("the position")
    solved = _solved(required, owned, tables, settings)
    answered = _saved({"plan": solved.plan, "position": solved.position}, folder)
    if solved.short is not None:
        order = true_up(solved.short, tables.get("prices"), tables.get("agreements"), settings)
        answered |= _saved({"true_up": order}, folder)
    answered |= owned | required
    progress("accounts and findings")
    _saved(_evidence(tables, answered, ingested, gated, settings, folder), folder)
    for name in ANSWERS.keys() - {p.stem for p in folder.glob("*.parquet")}:
        _saved({name: ANSWERS[name].empty()}, folder)
    return _told(tables)


def _owned(tables: Tables, settings: Settings) -> Tables:
    return entitlement.answers(tables, settings) if "purchases" in tables else {}


def _required(tables: Tables, settings: Settings, folder: Path) -> Tables:
    if not {"hosts", "oses"} & tables.keys():
        return {}
    facts = _saved(estate_facts.facts(tables, settings), folder / "facts")
    return demand.answers(facts, tables.get("prices"), settings)


def _solved(required: Tables, owned: Tables, tables: Tables, settings: Settings) -> Balance:
    plan = top_up(choose(required["demand"]), required["customer_minimums"]) if required else None
    listed = per_license(tables.get("prices"), PRODUCT, METRIC, settings.as_of)
    return balance(plan, owned.get("licenses"), listed, version_ranks(settings), (PRODUCT,), settings)


def _evidence(
    tables: Tables, answered: Tables, ingested: "Ingested", gated: "Gated", settings: Settings, folder: Path
) -> Tables:
    facts = {p.stem: pl.scan_parquet(p) for p in sorted((folder / "facts").glob("*.parquet"))}
    counted = accounts.accounts(tables, facts, answered, gated.counts, folder / "quarantine")
    return {
        "accounts": counted,
        "sources": accounts.sources(ingested.sources, folder / "quarantine"),
        "findings": findings.findings(answered, ingested.findings, gated.checks, settings),
        "policies": _policies(tables, answered, settings),
    }


def _policies(tables: Tables, answered: Tables, settings: Settings) -> pl.LazyFrame:
    """Name every policy with the reading in force, and what each other reading would change."""
    chosen = register.in_force(settings)
    small = "oses" not in tables or tables["oses"].select(pl.len()).collect().item() <= SWING_LIMIT
    now = _totals(answered["plan"], answered["position"])
    rows = []
    for name, policy in register.policies().items():
        others = [code for code in policy.readings if code != chosen[name]] if small else []
        swings = {code: _swing(tables, settings, name, code, now) for code in others}
        rows.append(
            {
                "policy": name,
                "reading": chosen[name],
                "source": register.policy_source(name, chosen[name]),
                "licenses_if_otherwise": "; ".join(f"{code}: {licenses}" for code, (licenses, _) in swings.items()),
                "cost_if_otherwise": "; ".join(f"{code}: {cost}" for code, (_, cost) in swings.items()),
                "rule": "register",
                "reason": "default" if chosen[name] == policy.default else "set_for_this_run",
            }
        )
    frame = pl.LazyFrame(
        rows, schema_overrides=dict.fromkeys(("licenses_if_otherwise", "cost_if_otherwise"), pl.String)
    )
    return ANSWERS["policies"].conform(frame)


def _swing(tables: Tables, settings: Settings, name: str, reading: str, now: tuple[Any, Any]) -> tuple[str, str]:
    """Answer the whole question under another reading: licenses short and their cost, against those in force."""
    other = Settings(settings.as_of, settings.policies | {name: reading})
    owned = entitlement.answers(tables, other) if "purchases" in tables else {}
    required: Tables = {}
    if {"hosts", "oses"} & tables.keys():
        required = demand.answers(estate_facts.facts(tables, other), tables.get("prices"), other)
    solved = _solved(required, owned, tables, other)
    then = _totals(solved.plan, solved.position)
    licenses, cost = ((b - a if a is not None and b is not None else None) for a, b in zip(now, then, strict=True))
    return _signed(licenses), _signed(cost)


def _totals(plan: pl.LazyFrame, position: pl.LazyFrame) -> tuple[Any, Any]:
    """Return licenses short and their cost; without supply the licenses required stand for the first."""
    short, cost, unpriced = (
        position.select(
            pl.col("shortage").sum(),
            pl.col("shortage_cost").sum(),
            unpriced=(pl.col("shortage_cost").is_null() & (pl.col("shortage") > 0)).any(),
        )
        .collect()
        .row(0)
    )
    known = position.select(pl.col("shortage").is_not_null().any()).collect().item()
    required = plan.select(pl.col("licenses_required").sum()).collect().item()
    return (short, None if unpriced else cost) if known else (required, None)


def _signed(value: Any) -> str:
    return "not computable" if value is None else "no change" if value == 0 else f"{value:+,}"


def _told(tables: Tables) -> dict[str, Any]:
    given = sorted(tables)
    not_computable = [
        f"{what}: table {name} was not given"
        for name, what in (
            ("purchases", "what is owned"),
            ("hosts", "licensing by physical cores"),
            ("oses", "what runs"),
            ("prices", "cost"),
            ("agreements", "order windows"),
        )
        if name not in given
    ]
    entities = sorted({e for t in tables.values() for e in t.select("entity_id").unique().collect().to_series()})
    currencies = (
        [] if "prices" not in tables else sorted(tables["prices"].select("currency").unique().collect().to_series())
    )
    return {"entities": entities, "currencies": currencies, "tables": given, "not_computable": not_computable}


def _saved(frames: Tables, folder: Path) -> Tables:
    """Stream frames to Parquet, each under its name, and scan them from there."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = {}
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        frame.sink_parquet(path, compression="zstd", row_group_size=250_000)
        saved[name] = pl.scan_parquet(path)
    return saved
