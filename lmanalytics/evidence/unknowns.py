"""The facts that no export states, ranked by the money that depends on each, so that data is mended in order of value.

For every place (a host, a cluster, an OSE) and every fact that it lacks: what the place requires at list price if the
fact is at its least, and if it is at its most. Another fact that the same place lacks is held at what a policy
assumes of it, else at its most, so that the range of one fact is never lost in that of another.
"""

import sys

import polars as pl

from lmanalytics.evidence import unknowns_findings, unknowns_other
from lmanalytics.evidence.unknowns_ends import ALL, Asked, Ends
from lmanalytics.evidence.unknowns_found import SUBJECT, Estate, estate, found
from lmanalytics.evidence.unknowns_stacked import copies, stacked
from lmanalytics.evidence.unknowns_varied import cheapest, required
from lmanalytics.facts.estate_facts import policies_in_force
from lmanalytics.rules import register
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.schemas import ANSWERS, ENTITY, MONEY

Tables = dict[str, pl.LazyFrame]
RULE = "unknowns"
_NAMED = 3
_ROW = [*SUBJECT, "product", "fact"]
_OF_MACHINES = ("host_cores", "host_core_split", "host_system", "ose_host", "ose_vcpus", "ose_system", "ose_edition",
                "cloud_license", "provider_operator", "install_edition", "install_ose", "install_passive")  # fmt: skip
_BY_TERMS = ("host_core_split", "host_system", "ose_host", "ose_system", "ose_edition", "cloud_license",
             "provider_operator", "install_edition", "install_passive")  # fmt: skip


class Reason(ReasonBase):
    """Where the range of a fact comes from, or why it has none."""

    BY_TERMS = "The terms bound it: whatever the fact turns out to be, the cost lies between both."
    LARGEST_SEEN = "The terms set no most, so the largest of its kind that the estate shows is taken for it."
    UNBOUNDED = "Neither the terms nor the estate bound it, or another fact that is missing there."
    NO_LICENSE_THERE = "If the fact is at its most, no license may be used there, so that nothing is computable."
    NO_PRICE = "The licenses are known, and no price list states what they cost."
    OWNED_OR_NOT = "If the line counts, these licenses are owned; if not, none of them."
    OLDER_OR_NEWER = "If the version is newer than what the licenses may run, none of those assigned may serve it."
    EVERY_FACT = "All facts that are missing at once, each at its least and each at its most."


def answers(tables: Tables, answered: Tables, settings: Settings) -> Tables:
    """Rank what is unknown by what depends on it.

    Args:
        tables: the accepted canonical tables.
        answered: the facts and answers of the run; an absent one was not given.
        settings: date and policies.

    Returns:
        `unknowns`: the answer, a row per place, product and fact, then for each entity and product one row for all
        its facts together (fact `every_fact`, without a rank), which is the bound of the position's total;
        `findings_of_unknowns`: one finding for each entity and fact, with the money that depends on it.

    """
    file = load_rule_file(sys.modules[__name__])
    catalogue = {row["fact"]: row for row in file.table("unknown_facts").to_dicts()}
    chosen = register.in_force(settings)
    assumed = frozenset(
        fact
        for fact, row in catalogue.items()
        if row["assumed_by"] and chosen.get(row["assumed_by"]) != "not_computable"
    )
    by_estate = file.policies["unknown_bounds"].chosen(settings) == "estate_range"
    ends = Ends(catalogue, file.table("unknown_editions"), by_estate, assumed)
    known = estate(tables, answered)
    missing = found(known)
    rows = [
        _varied(known, missing, tables, answered, ends, settings),
        unknowns_other.rows(tables, answered, settings, by_estate=by_estate),
    ]
    table = _ranked(_completed(pl.concat(rows, how="diagonal_relaxed"), ends))
    answer = ANSWERS["unknowns"].conform(table.lazy())
    return {"unknowns": answer, "findings_of_unknowns": unknowns_findings.findings(table, catalogue)}


def _varied(
    known: Estate, missing: pl.DataFrame, tables: Tables, answered: Tables, ends: Ends, settings: Settings
) -> pl.DataFrame:
    """Compute the range of every fact about machines."""
    if missing.is_empty():
        return pl.DataFrame()
    made = copies(missing)
    policies = policies_in_force(Settings(settings.as_of, settings.policies | {"unknown_host": "by_virtual_cores"}))
    inputs, place = stacked(Asked(known, missing, made, tables, answered, ends, settings), policies)
    need = required(inputs, place, made, settings)
    rows = _between(need)
    counted = (
        cheapest(answered["demand"]).filter("is_open").collect(engine="streaming") if "demand" in answered else None
    )
    machines = missing.group_by(*SUBJECT, "fact", maintain_order=True).agg(
        machines=pl.len().cast(pl.Int64), machine_names=pl.col("machine").sort().head(_NAMED).str.join("; ")
    )
    named = rows.join(machines, on=[*SUBJECT, "fact"], how="left")
    if counted is None:
        return named
    now = counted.select(*SUBJECT, "product", licenses_counted="licenses", cost_counted="cost")
    return named.join(now, on=[*SUBJECT, "product"], how="left")


def _between(need: pl.DataFrame) -> pl.DataFrame:
    """Set both ends of each fact beside each other; a copy that requires nothing of a product requires zero."""
    every = need.select(*_ROW).unique(maintain_order=True)
    ends = {}
    for end in ("least", "most"):
        ends[end] = need.filter(pl.col("end") == end).select(
            *_ROW,
            **{
                f"licenses_{end}": "licenses",
                f"cost_{end}": "cost",
                f"currency_{end}": "currency",
                f"_barred_{end}": "is_barred",
            },
            **{f"_{end}": pl.lit(value=True)},
        )
    rows = every.join(ends["least"], on=_ROW, how="left").join(ends["most"], on=_ROW, how="left")
    zero = [
        pl.when(pl.col(f"_{end}").is_null()).then(pl.lit(0, dtype)).otherwise(f"{what}_{end}").alias(f"{what}_{end}")
        for end in ("least", "most")
        for what, dtype in (("licenses", pl.Int64), ("cost", MONEY))
    ]
    return (
        rows.with_columns(zero)
        .with_columns(
            currency=pl.coalesce("currency_most", "currency_least"),
            is_barred=pl.any_horizontal(pl.col("_barred_least", "_barred_most").fill_null(value=False)),
        )
        .drop("_least", "_most", "currency_least", "currency_most", "_barred_least", "_barred_most")
    )


def _completed(rows: pl.DataFrame, ends: Ends) -> pl.DataFrame:
    """Order both ends, name reason and action, and keep what something depends on; add each entity's total."""
    full = pl.concat([pl.DataFrame(schema=unknowns_other.FIELDS), rows], how="diagonal_relaxed")
    costs = pl.col("cost_least") > pl.col("cost_most")
    turned = costs.fill_null(pl.col("licenses_least") > pl.col("licenses_most")).fill_null(value=False)
    swapped = full.with_columns(
        pl.when(turned).then(f"{what}_{there}").otherwise(f"{what}_{here}").alias(f"{what}_{here}")
        for what in ("licenses", "cost")
        for here, there in (("least", "most"), ("most", "least"))
    )
    kept = swapped.filter(_matters())
    whole = _totals(kept)
    actions = {fact: row["action"] for fact, row in ends.catalogue.items()}
    return pl.concat([kept.filter(pl.col("fact") != ALL), whole], how="diagonal_relaxed").with_columns(
        swing=pl.col("cost_most") - pl.col("cost_least"),
        rule=pl.lit(RULE),
        reason=_reason(),
        action=pl.col("fact").replace_strict(actions, default="Mend the facts of this product in the order of rank."),
    )


def _matters() -> pl.Expr:
    """Tell whether an answer depends on a fact: its ends differ, one of them is open, or nothing is counted now."""
    differ = pl.col("licenses_least").ne_missing(pl.col("licenses_most")) | pl.col("cost_least").ne_missing(
        pl.col("cost_most")
    )
    is_open = pl.any_horizontal(pl.col("licenses_least", "licenses_most").is_null())
    uncounted = pl.col("licenses_counted").is_null() & (pl.col("licenses_most") > 0)
    return differ | is_open | uncounted.fill_null(value=False) | (pl.col("fact") == "price")


def _totals(rows: pl.DataFrame) -> pl.DataFrame:
    """Add up for each entity and product the places where machines lack facts, each once."""
    of_machines = rows.filter(pl.col("fact").is_in(_OF_MACHINES))
    several = rows.filter(pl.col("fact") == ALL)
    alone = of_machines.join(several, on=[*SUBJECT, "product"], how="anti")
    places = pl.concat([several, alone])
    sums = [
        pl.when(pl.col(f"{what}_{end}").is_not_null().all()).then(pl.col(f"{what}_{end}").sum()).alias(f"{what}_{end}")
        for what in ("licenses", "cost")
        for end in ("least", "most")
    ]
    counted = [pl.col(f"{what}_counted").fill_null(0).sum().alias(f"{what}_counted") for what in ("licenses", "cost")]
    return places.group_by(ENTITY, "product").agg(
        *sums, *counted, currency=pl.col("currency").max(), machines=pl.len().cast(pl.Int64)
    ).with_columns(
        subject_kind=pl.lit("customer"), subject_id=ENTITY, fact=pl.lit(ALL), machine_names=pl.lit(None, pl.String)
    )  # fmt: skip


def _reason() -> pl.Expr:
    fact = pl.col("fact")
    return (
        pl.when(fact == ALL)
        .then(Reason.EVERY_FACT.lit)
        .when(pl.col("is_barred").fill_null(value=False))
        .then(Reason.NO_LICENSE_THERE.lit)
        .when(pl.any_horizontal(pl.col("licenses_least", "licenses_most").is_null()))
        .then(Reason.UNBOUNDED.lit)
        .when(pl.any_horizontal(pl.col("cost_least", "cost_most").is_null()))
        .then(Reason.NO_PRICE.lit)
        .when(fact == "purchase_line")
        .then(Reason.OWNED_OR_NOT.lit)
        .when(fact == "version")
        .then(Reason.OLDER_OR_NEWER.lit)
        .when(fact.is_in(_BY_TERMS))
        .then(Reason.BY_TERMS.lit)
        .otherwise(Reason.LARGEST_SEEN.lit)
    )


def _ranked(table: pl.DataFrame) -> pl.DataFrame:
    """Rank by swing, then by licenses, then by key; totals come last and have no rank."""
    licenses = (pl.col("licenses_most") - pl.col("licenses_least")).abs()
    is_total = pl.col("fact") == ALL
    ordered = table.with_columns(_total=is_total, _licenses=licenses).sort(
        ["_total", "swing", "_licenses", "cost_most", *_ROW],
        descending=[False, True, True, True, *[False] * len(_ROW)],
        nulls_last=True,
    )
    rank = pl.when(~pl.col("_total")).then(pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    return ordered.with_columns(rank=rank).drop("_total", "_licenses")
