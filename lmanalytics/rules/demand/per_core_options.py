"""The ways in which each subject can be licensed per core (or per server), with their licenses and cost.

An option that takes licenses of several editions has a row for each edition; it is open when all of them are.
"""

import polars as pl

from lmanalytics.rules.demand import (
    sql_server_outsourcing,
    sql_server_standard_host,
)
from lmanalytics.rules.demand.curves import cost, demand_class
from lmanalytics.rules.demand.per_core_machines import KEY, SQL_SERVER, by_subject, known_sum
from lmanalytics.rules.demand.per_core_servers import servers
from lmanalytics.rules.demand.per_core_subjects import PerCore, first_with_sa, versions
from lmanalytics.rules.demand.price_list import for_entity
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import MONEY

ENTERPRISE = "Enterprise"
_USE = sql_server_outsourcing.Reason
_PART = [*KEY, "edition"]
_FIELDS = {
    **dict.fromkeys((*_PART, "option", "metric", "reason", "rule"), pl.String()),
    **dict.fromkeys(("without_sa", "with_sa", "oses_covered", "version_rank"), pl.Int64()),
    "is_lower_bound": pl.Boolean(),
    "acquired_before": pl.Date(),
    "sa_from_version": pl.String(),
}


class Reason(ReasonBase):
    """Why an option is open, or why it is not."""

    REQUIRED = "These licenses are required if this option is chosen."
    HOST_CORES_UNKNOWN = "The processors or cores of a host are unknown."
    VCPUS_UNKNOWN = "The virtual cores of an OSE are unknown."
    SHARED_SERVER = "A server shared with other customers cannot be licensed by physical core."
    TOO_NEW = "A Listed Provider's server takes no version that was released on or after 1 October 2019."
    NOT_BY_PHYSICAL_CORE = "By the reading in force Standard is not licensed by physical core."
    NEEDS_SA = "On a dedicated host in Azure the licenses need Software Assurance."


UNKNOWN = tuple(r.code for r in (Reason.HOST_CORES_UNKNOWN, Reason.VCPUS_UNKNOWN))
"""Reasons for which more data would help."""


def options(found: PerCore, licenses: pl.LazyFrame | None, prices: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """List every option of every subject.

    Args:
        found: OSEs and hosts (`per_core_subjects.per_core`).
        licenses: the `licenses` answer; None where no purchases were given.
        prices: a row per entity, product, metric and edition (`price_list.all_products`).
        settings: date and policies.

    Returns:
        The columns of `demand` with licenses_with_sa, full_sets (null) and is_lower_bound, a row per subject,
        product, option and edition.

    """
    hosts = by_subject(found.oses, found.hosts)
    each = _each(found, hosts, settings)
    parts = [each, _staying(found, hosts, settings), *_whole(hosts), *servers(hosts, each, licenses, settings)]
    return priced(pl.concat([_conform(part) for part in parts]), prices)


def _staying(found: PerCore, subjects: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """License each OSE by itself on every host where it may run, so that no license has to follow it."""
    moving = found.oses.filter("moves").select(KEY).unique()
    oses, hosts = (frame.join(moving, on=KEY, how="semi") for frame in (found.oses, found.hosts))
    oses = oses.with_columns(licenses="licenses_to_stay", needs_sa=pl.col("needs_sa") & ~pl.col("moves"))
    rows = _each(PerCore(oses, hosts), subjects, settings)
    return rows.with_columns(option=pl.col("option") + "_of_each_host")


def _each(found: PerCore, subjects: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """License each virtual OSE by itself, and the physical OSEs by the cores of their hosts."""
    virtual = found.oses.filter(~pl.col("is_physical"))
    by_vm = virtual.group_by(_PART).agg(
        _virtual=pl.len().cast(pl.Int64),
        without_sa=_sum_where("licenses", ~pl.col("needs_sa")),
        with_sa=_sum_where("licenses", pl.col("needs_sa")),
        version_rank=pl.col("version_rank").max(),
        _unknown=pl.when(pl.col("licenses").is_null().any()).then(Reason.VCPUS_UNKNOWN.lit),
    )
    standard = evaluate(
        found.hosts.filter(pl.col("physical_edition").is_not_null()), sql_server_standard_host, settings
    )
    not_so = pl.col(column_name(sql_server_standard_host, "use")) == Reason.NOT_BY_PHYSICAL_CORE.code
    closed = (pl.col("product") == SQL_SERVER) & (pl.col("physical_edition") == "Standard") & not_so
    ranks = (
        found.oses.filter("is_physical").select(*KEY, "host_id", physical_rank="version_rank").unique([*KEY, "host_id"])
    )
    by_host = (
        standard.join(ranks, on=[*KEY, "host_id"], how="left")
        .group_by(*KEY, pl.col("physical_edition").alias("edition"))
        .agg(
            _physical=pl.len().cast(pl.Int64),
            without_sa=known_sum("cores_to_license"),
            with_sa=pl.lit(0, pl.Int64),
            version_rank=pl.col("physical_rank").max(),
            _unknown=pl.when(closed.any())
            .then(Reason.NOT_BY_PHYSICAL_CORE.lit)
            .when(pl.col("cores_to_license").is_null().any())
            .then(Reason.HOST_CORES_UNKNOWN.lit),
        )
    )
    together = (
        pl.concat([by_vm, by_host], how="diagonal")
        .group_by(_PART)
        .agg(
            without_sa=known_sum("without_sa"),
            with_sa=known_sum("with_sa"),
            version_rank=pl.col("version_rank").max(),
            oses_covered=pl.col("_virtual").fill_null(0).sum() + pl.col("_physical").fill_null(0).sum(),
            _unknown=pl.col("_unknown").drop_nulls().min(),
        )
    )
    physical, some = pl.col("physical_edition").is_not_null(), pl.col("virtual_oses") > 0
    whole_host_suffices = (pl.col("subject_kind") == "host") & (pl.col("physical_edition") == ENTERPRISE)
    return (
        together.join(subjects.drop("version_rank"), on=KEY)
        .filter(~whole_host_suffices.fill_null(value=False))
        .with_columns(
            option=pl.when(~physical)
            .then(pl.lit("virtual_cores"))
            .when(some)
            .then(pl.lit("physical_and_virtual_cores"))
            .otherwise(pl.lit("physical_cores")),
            is_lower_bound=physical & pl.col("is_lower_bound"),
            acquired_before=pl.when(physical).then("acquired_before"),
            sa_from_version=pl.when(~physical & (pl.col("product") == SQL_SERVER)).then(first_with_sa(settings)),
            reason=pl.coalesce("_unknown", pl.when(physical).then(_place()), Reason.REQUIRED.lit),
            rule=pl.when(physical & ~some)
            .then(pl.lit("sql_server_cores.cores_to_license"))
            .otherwise(pl.lit("sql_server_virtual_cores.core_licenses")),
        )
    )


def _whole(subjects: pl.LazyFrame) -> list[pl.LazyFrame]:
    """License all physical cores with Enterprise, with Software Assurance and without."""
    enterprise = pl.col("physical_edition") == ENTERPRISE
    some = pl.col("virtual_oses") > 0
    able = subjects.filter((pl.col("subject_kind") != "ose") & (some | enterprise.fill_null(value=False)))
    common = able.with_columns(
        edition=pl.lit(ENTERPRISE),
        oses_covered="oses",
        rule=pl.lit("sql_server_enterprise_host.licenses_without_sa"),
    )
    cores = pl.when(pl.col("cores").is_null()).then(Reason.HOST_CORES_UNKNOWN.lit)
    azure = pl.when("is_azure").then(Reason.NEEDS_SA.lit)
    zero = pl.lit(0, pl.Int64)
    return [
        common.with_columns(
            option=pl.lit("enterprise_physical_cores"),
            without_sa="host_licenses",
            with_sa=zero,
            reason=pl.coalesce(cores, azure, _place(), Reason.REQUIRED.lit),
        ),
        common.filter(some).with_columns(
            option=pl.lit("enterprise_physical_cores_with_sa"),
            without_sa=zero,
            with_sa="cores",
            reason=pl.coalesce(cores, _place(), Reason.REQUIRED.lit),
            rule=pl.lit("sql_server_enterprise_host.licenses_with_sa"),
        ),
    ]


def _place() -> pl.Expr:
    """Give the reason against licenses by physical core on the servers of a subject; null where they are open."""
    old = pl.col("acquired_before").is_not_null()
    return (
        pl.when("is_azure")
        .then(None)
        .when(pl.col("physical_use") == _USE.SHARED_SERVER.code)
        .then(Reason.SHARED_SERVER.lit)
        .when(old & (pl.col("released_on") >= pl.col("acquired_before")))
        .then(Reason.TOO_NEW.lit)
    )


def _conform(part: pl.LazyFrame) -> pl.LazyFrame:
    have = part.collect_schema().names()
    filled = {"metric": pl.lit("core"), "is_lower_bound": pl.lit(value=False)}
    columns = [
        (pl.col(name) if name in have else filled.get(name, pl.lit(None))).cast(dtype).alias(name)
        for name, dtype in _FIELDS.items()
    ]
    return part.select(columns)


def priced(listed: pl.LazyFrame, prices: pl.LazyFrame) -> pl.LazyFrame:
    """Name version, cost and class of each row of an option."""
    without, with_sa = pl.col("without_sa"), pl.col("with_sa")
    names = versions().select("product", "version_rank", "version")
    return (
        for_entity(listed.join(names, on=["product", "version_rank"], how="left"), prices)
        .with_columns(licenses_required=without + with_sa, licenses_with_sa=with_sa, cost=cost(without, with_sa))
        .with_columns(
            full_sets=pl.lit(None, pl.Int64),
            is_available=pl.col("reason") == Reason.REQUIRED.code,
            unit_price=pl.when(pl.col("licenses_required") > 0).then(
                (pl.col("cost") / pl.col("licenses_required")).cast(MONEY)
            ),
            currency=pl.when(pl.col("cost").is_not_null()).then("currency"),
            demand_class=demand_class(without, with_sa),
        )
        .drop("price", "price_with_sa", "without_sa", "with_sa", "version_rank")
    )


def _sum_where(column: str, holds: pl.Expr) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).filter(holds).sum())
