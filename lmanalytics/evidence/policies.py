"""Every policy with the reading in force, and what each other reading would change."""

from collections.abc import Callable
from decimal import Decimal

import polars as pl

from lmanalytics.rules import register
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS

Tables = dict[str, pl.LazyFrame]
Totals = tuple[int | None, int | None, Decimal | None]
_BEFORE = ("ingest", "quality")
"""Stages that read the exports: what another reading there would change is not tried."""
_LINE = ("entity_id", "product", "edition", "version", "metric")
_TOLD = ("plan", "position", "demand", "true_up")
"""Answers whose change is told by their totals, not by the rows that differ."""


def policies(settings: Settings, answered: Tables, asked: Callable[[Settings, str], Tables] | None) -> pl.LazyFrame:
    """Name every policy with the reading in force.

    Args:
        settings: date and policies of the run.
        answered: the answers of the run.
        asked: answers the same question under other settings, which differ in the policy that is named, and
            returns the answers that differ; None where that takes too long.

    Returns:
        The `policies` answer: for each other reading what is then required and short, its cost, and how many
        rows of each other answer differ.

    """
    chosen, rows = register.in_force(settings), []
    now = totals(answered)
    for name, policy in register.policies().items():
        others = [code for code in policy.readings if code != chosen[name]]
        swings = []
        if asked is not None and register.policy_stage(name) not in _BEFORE:
            swings = [_swing(settings, answered, asked, name, code, now) for code in others]
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
    texts = dict.fromkeys(("licenses_if_otherwise", "cost_if_otherwise"), pl.String)
    return ANSWERS["policies"].conform(pl.LazyFrame(rows, schema_overrides=texts))


def totals(answered: Tables) -> Totals:
    """Return licenses required, licenses short and their cost; None where it is not computable."""
    required = answered["plan"].select(pl.col("licenses_required").sum()).collect().item()
    summed = (
        answered["position"]
        .filter(pl.col("shortage").is_not_null())
        .select(
            pl.col("shortage").sum(),
            pl.col("shortage_cost").sum(),
            known=pl.len() > 0,
            unpriced=pl.col("shortage_cost").is_null().any(),
        )
    )
    short, cost, known, unpriced = summed.collect().row(0)
    return required, short if known else None, cost if known and not unpriced else None


def _swing(
    settings: Settings,
    answered: Tables,
    asked: Callable[[Settings, str], Tables],
    name: str,
    reading: str,
    now: Totals,
) -> tuple[str, str]:
    """Answer the question under another reading: what is required, short, and its cost, against those in force."""
    again = asked(Settings(settings.as_of, settings.policies | {name: reading}), name)
    changed = _changed(answered, again)
    needed = short = cost = _signed(0)
    if "position" in again:
        then = totals(answered | again)
        needed, short = (
            _signed(None if a is None or b is None else b - a) for a, b in zip(now[:2], then, strict=False)
        )
        cost = _signed(_dearer(answered, answered | again))
    parts = [] if needed == short == "unchanged" else [f"required {needed}, short {short}"]
    parts += [f"{rows:,} {'row' if rows == 1 else 'rows'} of {answer}" for answer, rows in changed.items()]
    otherwise = "licenses unchanged" if again else "unchanged"
    return f"{reading}: {', '.join(parts) or otherwise}", f"{reading}: {cost}"


def _dearer(before: Tables, after: Tables) -> Decimal | None:
    """Say how much more the shortages cost; None where those without a price differ."""
    costs, unpriced = [], []
    for answered in (before, after):
        short = answered["position"].filter(pl.col("shortage").is_not_null())
        lacking = (
            short.filter(pl.col("shortage_cost").is_null()).select(*_LINE, "shortage").sort(*_LINE, nulls_last=True)
        )
        whole, rest = pl.collect_all([short.select(pl.col("shortage_cost").sum(), pl.len()), lacking])
        costs.append(whole.row(0))
        unpriced.append(rest)
    known = all(lines for _, lines in costs) and unpriced[0].equals(unpriced[1])
    return costs[1][0] - costs[0][0] if known else None


def _changed(answered: Tables, again: Tables) -> dict[str, int]:
    """Count for each answer the rows that the run does not have."""
    names = sorted(name for name in again.keys() & answered.keys() & ANSWERS.keys() if name not in _TOLD)
    counts = [
        again[name].join(answered[name], on=list(ANSWERS[name].schema), how="anti", nulls_equal=True).select(pl.len())
        for name in names
    ]
    found = zip(names, (int(frame.item()) for frame in pl.collect_all(counts)), strict=True)
    return {name: rows for name, rows in found if rows}


def _signed(value: int | Decimal | None) -> str:
    if value is None:
        return "not computable"
    if value == 0:
        return "unchanged"
    return f"{value:+,}" if isinstance(value, int) else f"{value:+,.2f}"
