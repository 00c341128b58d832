"""Server and CAL as ways to license a subject for SQL Server; the CALs are counted apart."""

import polars as pl

from lmanalytics.rules.demand import sql_server_server_cal
from lmanalytics.rules.demand.per_core_subjects import SQL_SERVER
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ENTITY

REQUIRED, UNKNOWN = "required", "vcpus_unknown"
"""Codes of `per_core_options.Reason`."""


def servers(subjects: pl.LazyFrame, licenses: pl.LazyFrame | None, settings: Settings) -> list[pl.LazyFrame]:
    """License by Server and CAL: Standard OSE by OSE, and legacy Enterprise where it is owned.

    Args:
        subjects: SUBJECT, product, oses, moved (to servers that ask for Software Assurance), top_edition,
            physical_edition, server_licenses (legacy, for the virtual machines of all hosts), version_rank.
        licenses: the `licenses` answer; None where no purchases were given.
        settings: date and policies.

    Returns:
        The options `server` and `enterprise_servers` with their fields.

    """
    owned = _owned(licenses, settings)
    mine = evaluate(
        subjects.filter(pl.col("product") == SQL_SERVER)
        .rename({"top_edition": "edition"})
        .join(owned, on=[ENTITY, "edition"], how="left")
        .with_columns(sql_oses="oses"),
        sql_server_server_cal,
        settings,
    ).filter(column_name(sql_server_server_cal, "is_offered"))
    count = column_name(sql_server_server_cal, "server_licenses")
    sold = pl.col(column_name(sql_server_server_cal, "model")) == sql_server_server_cal.Reason.SOLD.code
    legacy = (~sold) & (pl.col("licenses_owned") > 0) & (pl.col("subject_kind") != "ose")
    legacy &= pl.col("physical_edition").is_null()
    common = {"metric": pl.lit("server"), "oses_covered": pl.col("oses"), "is_lower_bound": pl.lit(value=False),
              "acquired_before": pl.lit(None, pl.Date)}  # fmt: skip
    return [
        mine.filter(sold).with_columns(
            option=pl.lit("server"),
            without_sa=pl.col(count) - pl.col("moved"),
            with_sa=pl.col("moved"),
            reason=pl.lit(REQUIRED),
            rule=pl.lit("sql_server_server_cal.server_licenses"),
            **common,
        ),
        mine.filter(legacy).with_columns(
            option=pl.lit("enterprise_servers"),
            without_sa=pl.lit(0, pl.Int64),
            with_sa=pl.col("server_licenses"),
            reason=pl.when(pl.col("server_licenses").is_null()).then(pl.lit(UNKNOWN)).otherwise(pl.lit(REQUIRED)),
            rule=pl.lit("sql_server_server_cal.enterprise_server_licenses"),
            **common,
        ),
    ]


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
