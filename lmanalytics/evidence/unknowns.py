"""The facts that no export states, ranked by the money that depends on each, so that data is mended in order of value.

For every place (a host, a cluster, an OSE) and every fact that it lacks: what the place requires at list price if the
fact is at its least, and if it is at its most. Another fact that the same place lacks is held at what a policy
assumes of it, else at its most, so that the range of one fact is never lost in that of another.
"""

import sys

import polars as pl

from lmanalytics.evidence import unknowns_findings, unknowns_other
from lmanalytics.evidence.unknowns_ends import ALL, Ends
from lmanalytics.evidence.unknowns_found import SUBJECT
from lmanalytics.evidence.unknowns_ranges import ranges
from lmanalytics.facts.estate_facts import policies_in_force
from lmanalytics.rules.demand import sql_server_installs
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.schemas import ANSWERS, ENTITY

Tables = dict[str, pl.LazyFrame]
RULE = "unknowns"
_EDITION_ENDS = {"standard_suffices": "least", "datacenter_required": "most"}
_ROW = [*SUBJECT, "product", "fact"]
_OF_MACHINES = ("host_cores", "host_core_split", "host_system", "ose_host", "ose_vcpus", "ose_system", "ose_edition",
                "cloud_license", "provider_operator", "install_edition", "install_ose", "install_passive")  # fmt: skip
_LISTED = ("access_count", "system_center")
_BY_TERMS = ("host_core_split", "host_system", "ose_host", "ose_system", "ose_edition", "cloud_license",
             "provider_operator", "install_edition", "install_passive")  # fmt: skip


class Reason(ReasonBase):
    """Where the range of a fact comes from, or why it has none."""

    BY_TERMS = "The terms bound it: whatever the fact turns out to be, the cost lies between both."
    LARGEST_SEEN = "The terms set no most, so the largest of its kind that the estate shows is taken for it."
    OTHER_WAYS = (
        "Neither the terms nor the estate set a most; a way of licensing that needs not know it bounds the cost."
    )
    UNBOUNDED = "Neither the terms nor the estate bound it, or another fact that is missing there."
    NO_LICENSE_THERE = "If the fact is at its most, no license may be used there, so that nothing is computable."
    NO_PRICE = "The licenses are known, and no price list states what they cost."
    OWNED_OR_NOT = "If the line counts, these licenses are owned; if not, none of them."
    OLDER_OR_NEWER = "If the version is newer than what the licenses may run, none of those assigned may serve it."
    EVERY_FACT = "All facts that are missing at once, each at its least and each at its most."


def facts() -> dict[str, dict[str, str]]:
    """Return the catalogue: fact -> its words (says), both ends, what assumes it, what to do (action), its source."""
    table = load_rule_file(sys.modules[__name__]).table("unknown_facts")
    return {row["fact"]: row for row in table.to_dicts()}


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
    ends = ends_in_force(settings)
    rows = [
        ranges(tables, answered, ends, settings),
        unknowns_other.rows(tables, answered, settings, by_estate=ends.by_estate),
    ]
    table = _ranked(_completed(pl.concat(rows, how="diagonal_relaxed"), ends))
    answer = ANSWERS["unknowns"].conform(table.lazy())
    return {"unknowns": answer, "findings_of_unknowns": unknowns_findings.findings(table, ends.catalogue)}


def ends_in_force(settings: Settings) -> Ends:
    """Read from the catalogue and the policies what each fact may be, and which facts are assumed at which end."""
    file, catalogue = load_rule_file(sys.modules[__name__]), facts()
    by_estate = file.policies["unknown_bounds"].chosen(settings) == "estate_range"
    readings = policies_in_force(settings)
    per_core = load_rule_file(sql_server_installs).policies["unknown_per_core_edition"]
    readings["unknown_per_core_edition"] = per_core.chosen(settings)
    by = {fact: row["assumed_by"] for fact, row in catalogue.items() if row["assumed_by"]}
    assumed = frozenset(fact for fact, policy in by.items() if readings.get(policy) != "not_computable")
    settled = {"host_core_split": "least"}
    if end := _EDITION_ENDS.get(readings["unknown_edition"]):
        settled["ose_edition"] = end
    return Ends(catalogue, file.table("unknown_editions"), by_estate, assumed, settled)


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
    """Tell whether an answer depends on a fact: its ends differ, one of them is open, or nothing is counted now.

    Where no license may be used at either end, the fact changes nothing.
    """
    differ = pl.col("licenses_least").ne_missing(pl.col("licenses_most")) | pl.col("cost_least").ne_missing(
        pl.col("cost_most")
    )
    barred = pl.col("is_barred").fill_null(value=False) & pl.col("licenses_least").is_null()
    is_open = pl.any_horizontal(pl.col("licenses_least", "licenses_most").is_null()) & ~barred
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
        .when(pl.col("is_seen").fill_null(value=False) | fact.is_in(_LISTED))
        .then(Reason.LARGEST_SEEN.lit)
        .otherwise(Reason.OTHER_WAYS.lit)
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
