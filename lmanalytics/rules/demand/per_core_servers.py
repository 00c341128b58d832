"""Server and CAL as ways to license a subject for SQL Server; the CALs are counted apart."""

import polars as pl

from lmanalytics.rules.demand import sql_server_server_cal
from lmanalytics.rules.demand.per_core_machines import KEY, SQL_SERVER
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ENTITY

REQUIRED, UNKNOWN = "required", "vcpus_unknown"
"""Codes of `per_core_options.Reason`."""
_SERVERS = column_name(sql_server_server_cal, "server_licenses")
_COMMON = {
    "metric": pl.lit("server"),
    "oses_covered": pl.col("oses"),
    "is_lower_bound": pl.lit(value=False),
    "acquired_before": pl.lit(None, pl.Date),
}


def servers(
    subjects: pl.LazyFrame, each: pl.LazyFrame, licenses: pl.LazyFrame | None, settings: Settings
) -> list[pl.LazyFrame]:
    """License by Server and CAL: Standard OSE by OSE, and legacy Enterprise where it is owned.

    Args:
        subjects: SUBJECT, product, oses, moved (to servers that ask for Software Assurance), moved_or_moving (among
            the servers of a cluster, too), servers_to_stay (licenses on every server on which each may run),
            standard_oses, standard_moved_or_moving, top_edition, physical_edition, server_licenses (legacy, for
            the virtual machines of all hosts), version_rank.
        each: the rows of OSEs that are licensed by themselves, per core, by edition.
        licenses: the `licenses` answer; None where no purchases were given.
        settings: date and policies.

    Returns:
        The options `server`, `server_of_each_host` (whose licenses follow no machine), `server_and_virtual_cores`
        (Standard by server, other editions per core) and `enterprise_servers` with their fields.

    """
    owned = _owned(licenses, settings)
    sql = subjects.filter(pl.col("product") == SQL_SERVER)
    mine = _offered(sql.rename({"top_edition": "edition"}).with_columns(sql_oses="oses"), owned, settings)
    sold = pl.col(column_name(sql_server_server_cal, "model")) == sql_server_server_cal.Reason.SOLD.code
    legacy = (~sold) & (pl.col("licenses_owned") > 0) & (pl.col("subject_kind") != "ose")
    legacy &= pl.col("physical_edition").is_null()
    staying = mine.filter(sold & (pl.col("servers_to_stay") > pl.col("oses")))
    return [
        _sold(mine.filter(sold), "server", pl.col(_SERVERS), pl.col("moved_or_moving")),
        _sold(staying, "server_of_each_host", pl.col("servers_to_stay"), pl.col("moved")),
        *_with_cores(sql, each, owned, settings),
        mine.filter(legacy).with_columns(
            option=pl.lit("enterprise_servers"),
            without_sa=pl.lit(0, pl.Int64),
            with_sa=pl.col("server_licenses"),
            reason=pl.when(pl.col("server_licenses").is_null()).then(pl.lit(UNKNOWN)).otherwise(pl.lit(REQUIRED)),
            rule=pl.lit("sql_server_server_cal.enterprise_server_licenses"),
            **_COMMON,
        ),
    ]


def _offered(subjects: pl.LazyFrame, owned: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Keep the subjects for whose edition Server and CAL is weighed."""
    known = subjects.join(owned, on=[ENTITY, "edition"], how="left")
    found = evaluate(known, sql_server_server_cal, settings)
    return found.filter(column_name(sql_server_server_cal, "is_offered"))


def _sold(subjects: pl.LazyFrame, option: str, licenses: pl.Expr, with_sa: pl.Expr) -> pl.LazyFrame:
    return subjects.with_columns(
        option=pl.lit(option),
        without_sa=licenses - with_sa,
        with_sa=with_sa,
        reason=pl.lit(REQUIRED),
        rule=pl.lit("sql_server_server_cal.server_licenses"),
        **_COMMON,
    )


def _with_cores(
    subjects: pl.LazyFrame, each: pl.LazyFrame, owned: pl.LazyFrame, settings: Settings
) -> list[pl.LazyFrame]:
    """License Standard by server and the other editions of the same subject per core."""
    name = "server_and_virtual_cores"
    mixed = subjects.filter((pl.col("standard_oses") > 0) & (pl.col("standard_oses") < pl.col("oses")))
    counted = mixed.with_columns(edition=pl.lit("Standard"), sql_oses="standard_oses", oses="standard_oses")
    offered = _offered(counted, owned, settings)
    others = each.filter((pl.col("edition") != "Standard") & (pl.col("product") == SQL_SERVER))
    others = others.join(offered, on=KEY, how="semi").with_columns(option=pl.lit(name))
    # Where the cores of the host are licensed in full, they cover Standard, too.
    able = offered.join(others, on=KEY, how="semi")
    return [_sold(able, name, pl.col(_SERVERS), pl.col("standard_moved_or_moving")), others]


def _owned(licenses: pl.LazyFrame | None, settings: Settings) -> pl.LazyFrame:
    """Count the SQL Server licenses by server that each entity holds on the day: entity_id, edition, licenses_owned."""
    if licenses is None:
        return pl.LazyFrame(schema={ENTITY: pl.String(), "edition": pl.String(), "licenses_owned": pl.Int64()})
    day = settings.as_of
    held = (
        ((pl.col("valid_from") <= day).fill_null(value=True))
        & ((pl.col("valid_to") >= day).fill_null(value=True))
        & (pl.col("quantity") > 0)
    )
    mine = (pl.col("product") == SQL_SERVER) & (pl.col("metric") == "server")
    return licenses.filter(held & mine).group_by(ENTITY, "edition").agg(licenses_owned=pl.col("quantity").sum())
