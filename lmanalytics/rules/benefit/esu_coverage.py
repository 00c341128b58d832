"""Recorded coverage: which server each row covers, and whether it counts."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "esu_coverage"
ANSWER = "judged"
_YEAR = ["product", "version", "esu_year"]


class Reason(ReasonBase):
    """Why a row of coverage counts or does not."""

    COUNTED = "It covers a year of an offering."
    NO_SERVER = "It names no host, no OSE and no device."
    NOT_OFFERED = "There is no such year of Extended Security Updates for this product and version."
    EDITION_NOT_OFFERED = "No Extended Security Updates are offered for this edition."
    CHANNEL_NOT_OFFERED = "The offering is not sold through this channel."
    OTHER_DAYS = "Its days lie outside the year that it names."
    NOT_RUNNING = "The server is not known, or no longer runs the version."
    TOO_LITTLE_SA = "Software Assurance ended less than a month after this coverage began."


@frame_rule(unit="code", cite="terms", start="2018-07-12")
def judged(coverage: pl.LazyFrame, offered: pl.LazyFrame, physical: pl.LazyFrame, needed: pl.LazyFrame) -> pl.LazyFrame:
    """Settle what each row of coverage is.

    Args:
        coverage: the canonical table.
        offered: what `esu_offerings.offerings` returns.
        physical: entity_id, ose_id, host_id of physical OSEs; their host is what is covered.
        needed: row_id, has_month_left (null where the end of Software Assurance is not stated).

    Returns:
        The rows with subject_kind, subject_id, offer, outcome (used or excluded) and reason.

    """
    any_edition = pl.col("editions").is_null()
    years = offered.select(
        *_YEAR, "offer", "needs_sa", "period_start", "period_end", _any_edition=any_edition, _is_offered=True
    )
    listed = offered.filter(~any_edition).select(*_YEAR, edition="editions", _has_edition=True)
    editions = listed.explode("edition", empty_as_null=False, keep_nulls=False)
    sold = offered.select(*_YEAR, channel="channels", _has_channel=True)
    channels = sold.explode("channel", empty_as_null=False, keep_nulls=False)
    own_host = physical.select("entity_id", "ose_id", _host="host_id").unique(["entity_id", "ose_id"])
    host = (
        pl.when((pl.col("product") == "Windows Server") & pl.col("device_id").is_null())
        .then(pl.coalesce("_host", "host_id"))
        .otherwise(pl.when(pl.col("ose_id").is_null()).then("host_id"))
    )
    on_host = host.is_not_null() & (pl.col("ose_id").is_null() | pl.col("_host").is_not_null())
    joined = (
        coverage.join(years, on=_YEAR, how="left")
        .join(editions, on=[*_YEAR, "edition"], how="left")
        .join(channels, on=[*_YEAR, "channel"], how="left")
        .join(own_host, on=["entity_id", "ose_id"], how="left")
        .join(needed, on="row_id", how="left")
        .with_columns(
            subject_kind=pl.when(pl.col("device_id").is_not_null())
            .then(pl.lit("device"))
            .when(on_host)
            .then(pl.lit("host"))
            .when(pl.col("ose_id").is_not_null())
            .then(pl.lit("ose")),
            subject_id=pl.coalesce("device_id", pl.when(on_host).then(host), "ose_id"),
        )
    )
    outside = (pl.col("coverage_start") > pl.col("period_end")) | (pl.col("coverage_end") < pl.col("period_start"))
    reason = (
        pl.when(pl.col("subject_id").is_null())
        .then(Reason.NO_SERVER.lit)
        .when(pl.col("_is_offered").is_null())
        .then(Reason.NOT_OFFERED.lit)
        .when(pl.col("_has_edition").is_null() & ~pl.col("_any_edition"))
        .then(Reason.EDITION_NOT_OFFERED.lit)
        .when(pl.col("_has_channel").is_null())
        .then(Reason.CHANNEL_NOT_OFFERED.lit)
        .when(outside)
        .then(Reason.OTHER_DAYS.lit)
        .when(pl.col("needs_sa") & ~pl.col("has_month_left") & (pl.col("channel") != "license_included"))
        .then(Reason.TOO_LITTLE_SA.lit)
        .otherwise(Reason.COUNTED.lit)
    )
    counts = pl.col("reason") == Reason.COUNTED.code
    return (
        joined.with_columns(reason=reason)
        .with_columns(outcome=pl.when(counts).then(pl.lit("used")).otherwise(pl.lit("excluded")))
        .drop(
            "needs_sa", "period_start", "period_end", "has_month_left", "_any_edition", "_is_offered", "_has_edition",
            "_has_channel", "_host",
        )
    )  # fmt: skip
