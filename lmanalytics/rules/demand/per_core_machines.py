"""Single OSEs with products per core: what each takes by itself, and whether that needs Software Assurance."""

import polars as pl

from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand import (
    biztalk_server,
    moving_machines,
    sql_server_outsourcing,
    sql_server_server_cal,
    sql_server_virtual_cores,
)
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings

SQL_SERVER, BIZTALK_SERVER = "SQL Server", "BizTalk Server"
KEY = [*SUBJECT, "product"]
VIRTUAL_USE = column_name(sql_server_outsourcing, "virtual_core_use")
PHYSICAL_USE = column_name(sql_server_outsourcing, "physical_core_use")
_USE = sql_server_outsourcing.Reason
_MOVES = column_name(moving_machines, "needs_sa_to_move")
_EACH = column_name(moving_machines, "licenses_of_each_host")
_SERVERS = column_name(moving_machines, "servers_of_each_host")
_STANDARD = pl.col("edition") == "Standard"


def machines(oses: pl.LazyFrame, hosts: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Add to each OSE the licenses that it takes by itself, and whether they need Software Assurance.

    Args:
        oses: KEY, ose_id and what is known of each.
        hosts: a row per host of a subject and product.
        settings: date and policies.

    Returns:
        KEY, ose_id, host_id, edition, level, version_rank, released_on, kind, vcpus, location, is_physical; licenses
        and needs_sa; is_moved (to servers that ask for Software Assurance); moves (among servers of its cluster,
        for which alone it needs it), licenses_to_stay and servers_to_stay (of all servers on which it may run).

    """
    use = hosts.group_by(KEY).agg(
        _place=(pl.col(VIRTUAL_USE) == _USE.NEEDS_SA.code).any(), _hosts=pl.col("host_id").n_unique().cast(pl.Int64)
    )
    shared = pl.col("location").is_in(["azure", "azure_dedicated_host", "provider_shared"])
    # On a provider's dedicated server of which nothing is known the stricter rule is taken to hold.
    unknown_host = (pl.col("location") == "provider_dedicated") & (pl.col("subject_kind") == "ose")
    is_sql = pl.col("product") == SQL_SERVER
    placed = oses.join(use, on=KEY, how="left").with_columns(version_released_on="released_on")
    found = evaluate(evaluate(placed, sql_server_virtual_cores, settings), biztalk_server, settings)
    by_version = is_sql & pl.col(column_name(sql_server_virtual_cores, "needs_sa"))
    floats = (pl.col("subject_kind") == "cluster") & ~pl.col("is_physical")
    known = found.with_columns(
        licenses=pl.when(is_sql)
        .then(column_name(sql_server_virtual_cores, "core_licenses"))
        .otherwise(column_name(biztalk_server, "virtual_licenses")),
        is_moved=(shared | unknown_host | pl.col("_place")).fill_null(value=False),
        hosts=pl.when(floats).then(pl.coalesce(pl.col("bound_hosts").list.len().cast(pl.Int64), "_hosts")).otherwise(1),
    ).with_columns(_anyway=by_version | pl.col("is_moved"))
    return (
        evaluate(known, moving_machines, settings)
        .with_columns(moves=pl.col(_MOVES) & ~pl.col("_anyway"))
        .select(
            *KEY, "ose_id", "host_id", "edition", "level", "version_rank", "released_on", "kind", "vcpus", "location",
            "is_physical", "licenses", "is_moved", "moves",
            needs_sa=pl.col("_anyway") | pl.col("moves"),
            licenses_to_stay=pl.when("moves").then(_EACH).otherwise("licenses"),
            servers_to_stay=pl.when(pl.col(_MOVES) & ~pl.col("is_moved")).then(_SERVERS).otherwise(1),
        )
    )  # fmt: skip


def by_subject(oses: pl.LazyFrame, hosts: pl.LazyFrame) -> pl.LazyFrame:
    """Add up the hosts of each subject, with what its OSEs ask."""
    use = pl.col(PHYSICAL_USE)
    strictest = pl.when((use == _USE.SHARED_SERVER.code).any()).then(_USE.SHARED_SERVER.lit).otherwise(use.max())
    of_hosts = hosts.group_by(KEY).agg(
        cores=known_sum("cores_to_license"),
        host_licenses=known_sum("host_licenses"),
        server_licenses=known_sum(column_name(sql_server_server_cal, "enterprise_server_licenses")),
        is_lower_bound=pl.col("is_lower_bound").fill_null(value=False).any(),
        physical_use=strictest,
        acquired_before=pl.col(column_name(sql_server_outsourcing, "acquired_before")).max(),
    )
    of_oses = oses.group_by(KEY).agg(
        virtual_oses=_count(~pl.col("is_physical")),
        oses=pl.len().cast(pl.Int64),
        physical_edition=pl.col("edition").sort_by("level").filter(pl.col("is_physical").sort_by("level")).last(),
        top_edition=pl.col("edition").sort_by("level").last(),
        version_rank=pl.col("version_rank").max(),
        released_on=pl.col("released_on").max(),
        moved=_count(pl.col("is_moved")),
        moved_or_moving=_count(pl.col("is_moved") | (pl.col("servers_to_stay") > 1)),
        servers_to_stay=pl.col("servers_to_stay").sum(),
        standard_oses=_count(_STANDARD),
        standard_moved_or_moving=_count(_STANDARD & (pl.col("is_moved") | (pl.col("servers_to_stay") > 1))),
        is_azure=(pl.col("location") == "azure_dedicated_host").fill_null(value=False).any(),
    )
    return of_oses.join(of_hosts, on=KEY, how="left")


def known_sum(column: str) -> pl.Expr:
    """Add up; one unknown makes the sum unknown."""
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum()).alias(column)


def _count(holds: pl.Expr) -> pl.Expr:
    return holds.sum().cast(pl.Int64)
