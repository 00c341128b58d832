"""Topic: what SQL Server and BizTalk Server demand per core, and what became of each of their installs.

Subjects are the hosts (or the clusters in which OSEs move) on which they run, with all their OSEs together, and
single OSEs on shared servers or of which no host is known.
"""

from types import ModuleType

import polars as pl

from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand import (
    biztalk_server,
    per_core_options,
    price_list,
    sql_server_cores,
    sql_server_enterprise_host,
    sql_server_installs,
    sql_server_outsourcing,
    sql_server_standard_host,
    sql_server_virtual_cores,
)
from lmanalytics.rules.demand.per_core_machines import KEY, SQL_SERVER
from lmanalytics.rules.demand.per_core_subjects import PRODUCTS as _PRODUCTS
from lmanalytics.rules.demand.per_core_subjects import PerCore, judged, per_core
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, rules_in_force
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS = {"installs_outcomes_sql": ("installs",)}
PRODUCTS = dict.fromkeys(_PRODUCTS, (("installs",),))
"""The products whose demand is computed, and the tables any of which suffices for it."""
EXTRA = ["licenses_with_sa", "full_sets", "is_lower_bound"]
_ON_HOSTS = (sql_server_cores, sql_server_outsourcing, sql_server_enterprise_host)


class Reason(ReasonBase):
    """What a finding of this topic tells."""

    DEVELOPMENT_IN_PRODUCTION = "A free development edition runs where no export says development or test."
    INSTALLS_NOT_COMPUTABLE = "What some installs need is not computable."


IN_PART = ("demand", "installs_outcomes_sql")


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute what the installs demand (`in_part`), and `findings` of them (`over_all`)."""
    found = in_part(inputs, settings)
    return found | over_all(found, settings)


def over_all(found: Tables, _: Settings) -> Tables:
    """Tell of development editions in production and of what is not computable: `findings`."""
    return {"findings": _findings(found["installs_outcomes_sql"])}


def in_part(inputs: Tables, settings: Settings) -> Tables:
    """Compute what the installs of places demand.

    Args:
        inputs: `installs`, `facts_oses`, `facts_hosts`, `mobility`, `mobility_deployments`, `prices`, `licenses`
            and `access_licenses` are read; absent ones are taken as not given.
        settings: date and policies.

    Returns:
        `demand`: a row per subject, product, option and edition, with licenses_with_sa, full_sets and
        is_lower_bound; `installs_outcomes_sql`: a row per row of `installs` of these products with outcome,
        reason, evidence and, where it is counted, its subject.

    """
    rows = judged(inputs, settings)
    listed = price_list.all_products(inputs.get("prices"), settings.as_of)
    found = per_core(rows, inputs.get("facts_hosts"), settings)
    demand = per_core_options.options(found, inputs.get("licenses"), listed, settings)
    demand = demand.collect(engine="streaming").lazy()
    return {"demand": conform(demand), "installs_outcomes_sql": _outcomes(rows, demand)}


def conform(demand: pl.LazyFrame) -> pl.LazyFrame:
    """Give options the columns of `demand` with those beyond it, sorted by key."""
    order = [c for c in ANSWERS["demand"].schema if c not in (*EXTRA, "rule", "reason")]
    have = demand.collect_schema().names()
    columns = [pl.col(c) if c in have else pl.lit(None).alias(c) for c in (*order, *EXTRA, "rule", "reason")]
    cast = [c.cast(ANSWERS["demand"].schema[n]) if (n := c.meta.output_name()) in ANSWERS["demand"].schema else c
            for c in columns]  # fmt: skip
    return demand.select(cast).sort(
        ENTITY, "subject_kind", "subject_id", "product", "option", "edition", nulls_last=True
    )


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Recompute the rules of one host, one cluster or one OSE.

    Args:
        inputs: as in `answers`.
        settings: date and policies.
        subject_ids: the id of a host, a cluster, an OSE or an install, or several ids.

    Returns:
        The lines of `trace.explain`: those of each host, then those of each OSE that counts. None for an id
        on which neither product runs.

    """
    rows = judged(inputs, settings)
    own = is_asked("subject_id", subject_ids) | is_asked("install_id", subject_ids)
    own |= is_asked("ose_id", subject_ids) | is_asked("host_id", subject_ids)
    kinds = rows.filter(own.fill_null(value=False)).select(*SUBJECT, "product").drop_nulls().unique().collect()
    chosen = rows.join(kinds.lazy(), on=KEY, how="semi")
    found = per_core(chosen, inputs.get("facts_hosts"), settings)
    lines = [pl.DataFrame(schema=EXPLANATION)]
    if not kinds.is_empty():
        lines += _lines(found, settings)
    return pl.concat(lines)


def _lines(found: PerCore, settings: Settings) -> list[pl.DataFrame]:
    is_sql = pl.col("product") == SQL_SERVER
    hosts, oses = found.hosts.sort(*KEY, "host_id"), found.oses.sort(*KEY, "ose_id")
    lines = [_explained(hosts.filter(is_sql), module, settings, "host_id") for module in _ON_HOSTS]
    physical = hosts.filter(is_sql & pl.col("physical_edition").is_not_null())
    lines.append(_explained(physical, sql_server_standard_host, settings, "host_id"))
    virtual = oses.filter(is_sql & ~pl.col("is_physical")).with_columns(
        version_released_on="released_on", threads_per_vcore=pl.lit(None, pl.Int64)
    )
    lines.append(_explained(virtual, sql_server_virtual_cores, settings, "ose_id"))
    lines.append(_explained(hosts.filter(~is_sql), biztalk_server, settings, "host_id"))
    lines.append(_explained(oses.filter(~is_sql & ~pl.col("is_physical")), biztalk_server, settings, "ose_id"))
    return lines


def _explained(frame: pl.LazyFrame, module: ModuleType, settings: Settings, subject: str) -> pl.DataFrame:
    """Explain the rows of a frame, but for rules that read nothing of it, such as those about licenses held."""
    own = frame.select(pl.exclude("^.+__.+$"))
    have = set(own.collect_schema().names())
    rules = [r for r in rules_in_force(module, settings.as_of) if not r.is_frame]
    silent = [
        column_name(module, r.name).replace("__", ".")
        for r in rules
        if not r.inputs or (r.optional and not r.optional & have)
    ]
    return explain(own, module, settings, subject).filter(~pl.col("rule").is_in(silent))


def _outcomes(rows: pl.LazyFrame, demand: pl.LazyFrame) -> pl.LazyFrame:
    """Settle the outcome of each install: one whose subject has no open option is not counted."""
    unknown = pl.col("reason").is_in(per_core_options.UNKNOWN)
    blocked = (
        demand.group_by(*KEY, "option")
        .agg(_open=pl.col("is_available").all(), _unknown=pl.col("reason").filter(unknown).min(),
             _any=pl.col("reason").filter(~pl.col("is_available")).min())
        .group_by(KEY)
        .agg(_open=pl.col("_open").any(), _blocked=pl.coalesce(pl.col("_unknown").min(), pl.col("_any").min()))
        .filter(~pl.col("_open"))
        .drop("_open")
    )  # fmt: skip
    counted, because = pl.col("outcome") == "counted", pl.col("_blocked")
    then = (
        pl.when(because.is_in(per_core_options.UNKNOWN))
        .then(pl.lit("not_computable"))
        .otherwise(pl.lit("not_licensable"))
    )
    placed = pl.when(counted)
    return (
        rows.join(blocked, on=KEY, how="left")
        .select(
            "row_id",
            "install_id",
            ENTITY,
            "product",
            pl.when(counted & because.is_not_null()).then(then).otherwise("outcome").alias("outcome"),
            pl.when(counted & because.is_not_null()).then(because).otherwise("reason").alias("reason"),
            "evidence",
            placed.then("subject_kind").alias("subject_kind"),
            placed.then("subject_id").alias("subject_id"),
            "environment",
        )
        .sort("row_id")
    )


def _findings(outcomes: pl.LazyFrame) -> pl.LazyFrame:
    """Tell, for each entity and product, of development editions in production and of what is not computable."""
    code = sql_server_installs.Reason.DEVELOPMENT_EDITION.code
    live = (pl.col("reason") == code) & (pl.col("environment") == "production")
    each = [ENTITY, "product"]
    development = (
        outcomes.filter(live)
        .group_by(each)
        .agg(_rows=pl.len())
        .with_columns(
            finding_id=pl.concat_str(pl.lit("development_edition:"), "product", pl.lit(":"), ENTITY),
            severity=pl.lit("warning"),
            statement=pl.format("{} of free development editions of {} {} in OSEs that no export marks as"
                                " development or test.", many("_rows", "install"), "product",
                                agreeing("_rows", "is", "are")),
            action=pl.lit("Confirm that they serve development and test alone; license those that do not."),
            reason=Reason.DEVELOPMENT_IN_PRODUCTION.lit,
        )
    )  # fmt: skip
    unknown = (
        outcomes.filter(pl.col("outcome").is_in(["not_computable", "not_licensable"]))
        .group_by(*each, "outcome", pl.col("reason").alias("_why"))
        .agg(_rows=pl.len())
        .with_columns(
            finding_id=pl.concat_str(pl.lit("installs:"), "product", pl.lit(":"), "_why", pl.lit(":"), ENTITY),
            severity=pl.lit("warning"),
            statement=pl.format("{} of {} {} left out of the position. {}", many("_rows", "install"), "product",
                                agreeing("_rows", "is", "are"), pl.col("_why").replace(_sentences())),
            action=pl.lit("Add what is missing to the exports, or take the installs off where they may not be."),
            reason=Reason.INSTALLS_NOT_COMPUTABLE.lit,
        )
    )  # fmt: skip
    rows = pl.concat([development, unknown], how="diagonal").with_columns(
        area=pl.lit("demand"), subject_id="product", status=pl.lit("open"), rule=pl.lit("sql_server")
    )
    return ANSWERS["findings"].conform(rows).sort(ENTITY, "finding_id")


def _sentences() -> dict[str, str]:
    kinds = (*sql_server_installs.Reason, *per_core_options.Reason)
    return {reason.code: str(reason.value) for reason in kinds}
