"""From accepted tables to answers: each stage reads the one before and leaves Parquet in the run folder."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics.evidence import accounts, findings
from lmanalytics.facts import estate_facts
from lmanalytics.position.balance import Balance, balance, version_ranks
from lmanalytics.position.optimum import plan
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
Totals = tuple[int | None, int | None, Decimal | None]
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
        unknown = _unknown(required)
        order = true_up(solved.short, tables.get("prices"), tables.get("agreements"), settings, unknown)
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
    listed = per_license(tables.get("prices"), PRODUCT, METRIC, settings.as_of)
    ranks, licenses, chosen = version_ranks(settings), owned.get("licenses"), None
    if "demand" in required:
        chosen = plan(required["demand"], required["customer_minimums"], licenses, listed, ranks, settings)
    return balance(chosen, licenses, listed, ranks, (PRODUCT,), settings, _unknown(required))


def _unknown(required: Tables) -> pl.LazyFrame | None:
    """Name the products of each entity of which some machine's demand is not computable, or cannot be met."""
    outcomes = [required[name] for name in ("ose_outcomes", "host_outcomes") if name in required]
    rows = [
        frame.filter(pl.col("outcome").is_in(["not_computable", "not_licensable"])).select("entity_id", "product")
        for frame in outcomes
    ]
    return pl.concat(rows).unique().with_columns(metric=pl.lit(METRIC)) if rows else None


def _evidence(
    tables: Tables, answered: Tables, ingested: "Ingested", gated: "Gated", settings: Settings, folder: Path
) -> Tables:
    facts = {p.stem: pl.scan_parquet(p) for p in sorted((folder / "facts").glob("*.parquet"))}
    counted = accounts.accounts(tables, facts, answered, gated.counts, folder / "quarantine")
    return {
        "accounts": counted,
        "sources": accounts.sources(ingested.sources, folder / "quarantine"),
        "findings": findings.findings(answered, ingested.findings, gated.checks),
        "policies": _policies(tables, answered, settings),
    }


def _policies(tables: Tables, answered: Tables, settings: Settings) -> pl.LazyFrame:
    """Name every policy with the reading in force, and what each other reading would change."""
    chosen = register.in_force(settings)
    small = "oses" not in tables or tables["oses"].select(pl.len()).collect().item() <= SWING_LIMIT
    now = _totals(answered["plan"], answered["position"])
    rows = []
    for name, policy in register.policies().items():
        others = [code for code in policy.readings if code != chosen[name]]
        swings = [_swing(tables, answered, settings, (name, code), now) for code in others] if small else []
        rows.append(
            {
                "policy": name,
                "reading": chosen[name],
                "source": register.policy_source(name, chosen[name]),
                "licenses_if_otherwise": "; ".join(licenses for licenses, _ in swings),
                "cost_if_otherwise": "; ".join(cost for _, cost in swings),
                "rule": "register",
                "reason": "default" if chosen[name] == policy.default else "set_for_this_run",
            }
        )
    frame = pl.LazyFrame(
        rows, schema_overrides=dict.fromkeys(("licenses_if_otherwise", "cost_if_otherwise"), pl.String)
    )
    return ANSWERS["policies"].conform(frame)


def _swing(
    tables: Tables, answered: Tables, settings: Settings, other: tuple[str, str], now: Totals
) -> tuple[str, str]:
    """Answer the question under another reading: what is required, short, and its cost, against those in force.

    Only the half that the policy belongs to is computed again.
    """
    name, reading = other
    stage = register.policy_stage(name)
    asked = Settings(settings.as_of, settings.policies | {name: reading})
    owned = required = answered
    if stage == "entitlement" and "purchases" in tables:
        owned = _held(entitlement.answers(tables, asked))
    elif stage in {"facts", "demand"} and {"hosts", "oses"} & tables.keys():
        required = _held(demand.answers(_held(estate_facts.facts(tables, asked)), tables.get("prices"), asked))
    else:
        return f"{reading}: unchanged", f"{reading}: unchanged"
    solved = _solved(required, owned, tables, asked)
    needed, short, cost = (
        _signed(None if a is None or b is None else b - a)
        for a, b in zip(now, _totals(solved.plan, solved.position), strict=True)
    )
    licenses = needed if needed == short == "unchanged" else f"required {needed}, short {short}"
    return f"{reading}: {licenses}", f"{reading}: {cost}"


def _totals(plan: pl.LazyFrame, position: pl.LazyFrame) -> Totals:
    """Return licenses required, licenses short and their cost; None where it is not computable."""
    required = plan.select(pl.col("licenses_required").sum()).collect().item()
    summed = position.filter(pl.col("shortage").is_not_null()).select(
        pl.col("shortage").sum(),
        pl.col("shortage_cost").sum(),
        known=pl.len() > 0,
        unpriced=pl.col("shortage_cost").is_null().any(),
    )
    short, cost, known, unpriced = summed.collect().row(0)
    return required, short if known else None, cost if known and not unpriced else None


def _held(frames: Tables) -> Tables:
    """Compute frames once and keep them in memory."""
    return dict(zip(frames, (frame.lazy() for frame in pl.collect_all(list(frames.values()))), strict=True))


def _signed(value: int | Decimal | None) -> str:
    if value is None:
        return "not computable"
    if value == 0:
        return "unchanged"
    return f"{value:+,}" if isinstance(value, int) else f"{value:+,.2f}"


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
    return {
        "entities": entities,
        "currencies": currencies,
        "tables": given,
        "not_computable": not_computable,
        "reasons": register.reasons(),
    }


def _saved(frames: Tables, folder: Path) -> Tables:
    """Stream frames to Parquet, each under its name, and scan them from there."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = {}
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        frame.sink_parquet(path, compression="zstd", row_group_size=250_000)
        saved[name] = pl.scan_parquet(path)
    return saved
