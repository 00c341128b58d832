"""Windows Server: every option of each host, cluster and single OSE, and what became of each row."""

from types import ModuleType

import polars as pl

from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand import (
    outcomes,
    price_list,
    windows_server_cores,
    windows_server_customer_minimum,
    windows_server_datacenter,
    windows_server_mixed,
    windows_server_outsourcing,
    windows_server_standard,
    windows_server_virtual_cores,
)
from lmanalytics.rules.demand._recovery import without_recovery
from lmanalytics.rules.demand.curves import LISTS
from lmanalytics.rules.demand.mixes import ways
from lmanalytics.rules.demand.options import METRIC, PRODUCT, options
from lmanalytics.rules.demand.subjects import Estate, estate, subjects
from lmanalytics.rules.engine import column_name, evaluate, rules_in_force
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import held
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, ENTITY

Tables = dict[str, pl.LazyFrame]
NEEDS = {"host_outcomes": ("hosts",), "ose_outcomes": ("oses",)}
PRODUCTS = {PRODUCT: (("hosts",), ("oses",))}
"""The product whose demand is computed, and the tables any of which suffices for it."""
EXTRA = ["licenses_with_sa", "full_sets", "is_lower_bound", *LISTS]
_HOST_MODULES = (
    windows_server_cores,
    windows_server_outsourcing,
    windows_server_standard,
    windows_server_datacenter,
)


IN_PART = ("demand", "exclusions", "ose_outcomes", "host_outcomes", "customer_minimums")


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute what the estate demands of Windows Server (`in_part`)."""
    return in_part(inputs, settings)


def over_all(found: Tables, _: Settings) -> Tables:
    """Name each entity once in `customer_minimums`, and sort what is left out."""
    return {
        "customer_minimums": found["customer_minimums"].unique().sort(ENTITY),
        "exclusions": found["exclusions"].sort(ENTITY, "subject_id"),
    }


def in_part(inputs: Tables, settings: Settings) -> Tables:
    """Compute what hosts, clusters and OSEs demand of Windows Server.

    Args:
        inputs: the facts (`facts_hosts`, `facts_oses`, `facts_host_rows`); `prices`, without which no option
            has a cost; what disaster recovery leaves out (`_recovery.without_recovery`).
        settings: the run's date and policies.

    Returns:
        `demand`: the answer, with licenses_with_sa, full_sets, is_lower_bound and the lists of `curves`;
        `exclusions`: the answer; `ose_outcomes`: row_id, ose_id, entity_id, product, outcome, reason, evidence,
        a row per row of `oses`; `host_outcomes`: row_id, host_id, entity_id, product, outcome, reason, a row per row of
        `hosts`; `customer_minimums`: entity_id, product, metric, min_licenses, rule, the fewest licenses of
        an entity that licenses any OSE by virtual machine. All sorted by key.

    Raises:
        RuleError: the day of the position is before core licensing began.

    """
    facts = _facts(inputs, settings)
    found = estate(facts, settings)
    listed = price_list.per_license(inputs.get("prices"), PRODUCT, METRIC, settings.as_of)
    demand = options(found, listed, settings).collect(engine="streaming").lazy()
    demand = demand.with_columns(sa_from_version=pl.lit(None, pl.String))  # Windows Server knows no such version
    key = [ENTITY, *ANSWERS["demand"].key]
    order = list(ANSWERS["demand"].schema)
    return {
        "demand": demand.select(*order[:-2], *EXTRA, *order[-2:]).sort(key),
        "exclusions": outcomes.exclusions(facts["oses"]),
        "ose_outcomes": outcomes.ose_outcomes(facts["oses"], found.hosts, demand),
        "host_outcomes": outcomes.host_outcomes(facts, demand),
        "customer_minimums": _customer_minimums(facts["oses"], found, settings),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Recompute the rules of one host, one cluster or one OSE.

    Args:
        inputs: the facts of the run, as for `answers`.
        settings: the run's date and policies.
        subject_ids: the id of a host, a cluster or an OSE, or several ids.

    Returns:
        The lines of `trace.explain`: first those of each host, then those of each OSE that counted, then
        those of the mix of sets and single licenses. No lines for an id that nothing is known of.

    """
    facts = _facts(inputs, settings)
    own = is_asked("subject_id", subject_ids) | is_asked("host_id", subject_ids)
    places = facts["hosts"].filter(own).select(*SUBJECT, "host_id").collect()
    lone = is_asked("ose_id", subject_ids) & ~is_asked("ose_id", set(places["host_id"]))
    counted = facts["oses"].filter("is_load", lone).group_by("ose_id")
    theirs = counted.agg(pl.col(SUBJECT).sort_by("observed_on").last()).select(SUBJECT).collect()
    kinds = pl.concat([places.select(SUBJECT), theirs]).unique()
    chosen = {name: facts[name].join(kinds.lazy(), on=SUBJECT, how="semi") for name in ("hosts", "oses")}
    found = estate(chosen, settings)
    lines = [pl.DataFrame(schema=EXPLANATION)]
    hosts = found.hosts.sort(ENTITY, "host_id")
    lines += [_lines(hosts, module, settings, "host_id") for module in _HOST_MODULES]
    if found.has_virtual_cores:
        last = found.running.filter(pl.col("moment") == pl.col("moment").max().over(SUBJECT))
        guests = last.sort(ENTITY, "ose_id")
        lines.append(_lines(guests, windows_server_virtual_cores, settings, "ose_id"))
        known = held(subjects(found, settings)).with_row_index("subject_number")
        points = ways(known, found.running, settings).join(known, on="subject_number")
        lines.append(_lines(points.sort(*SUBJECT, "sets"), windows_server_mixed, settings, "subject_id"))
    return pl.concat(lines)


def _facts(inputs: Tables, settings: Settings) -> Tables:
    facts = {name: inputs[f"facts_{name}"] for name in ("hosts", "oses", "host_rows")}
    return without_recovery(facts, inputs, settings)


def _lines(frame: pl.LazyFrame, module: ModuleType, settings: Settings, subject: str) -> pl.DataFrame:
    """Explain the rows of a frame, but for rules that read nothing of it, such as those about sets held."""
    own = frame.select(pl.exclude("^.+__.+$"))
    have = own.collect_schema().names()
    silent = [
        column_name(module, r.name).replace("__", ".")
        for r in rules_in_force(module, settings.as_of)
        if not r.inputs or (r.optional and not r.optional & set(have))
    ]
    return explain(own, module, settings, subject).filter(~pl.col("rule").is_in(silent))


def _customer_minimums(oses: pl.LazyFrame, found: Estate, settings: Settings) -> pl.LazyFrame:
    entities = oses.filter("is_load").select(ENTITY).unique().sort(ENTITY)
    if not found.has_virtual_cores:
        entities = entities.clear()
        least = pl.lit(0, pl.Int64)
    else:
        entities = evaluate(
            entities.with_columns(virtual_core_licenses=pl.lit(0, pl.Int64)), windows_server_customer_minimum, settings
        )
        least = pl.col(column_name(windows_server_customer_minimum, "min_licenses"))
    return entities.select(
        ENTITY,
        product=pl.lit(PRODUCT),
        metric=pl.lit(METRIC),
        min_licenses=least,
        rule=pl.lit("windows_server_customer_minimum.min_licenses"),
    )
