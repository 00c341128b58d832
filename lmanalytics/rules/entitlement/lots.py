"""License lots as they were acquired: how many, since when, until when, covered from when to when."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "purchases"
ANSWER = "lots"


class Reason(ReasonBase):
    """How a lot came to be."""

    PURCHASED = "Bought as a license."
    SUBSCRIBED = "Licensed during the term of a subscription or subscription program."
    GRANTED = "Granted without a purchase of its own."
    TRANSFERRED_IN = "Received by a license transfer."
    AS_STATED = "As the license statement says."


@frame_rule(unit="license", cite="lots", start="2001-10-01")
def lots(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Make one lot of every line that adds licenses.

    A statement's line has no day of acquisition and no agreement. A license that is not perpetual ends with its
    coverage, or with its agreement where no coverage is stated, and is covered while it lasts.

    Returns:
        entity_id, lot_id (its purchase), agreement_id, enrollment_id (empty text where unknown), program, product,
        edition, version, metric, pool, purchase_type, units, since, until, acquired_on, transferred_on, sa_start,
        sa_end, sa_end_latest (a statement says between which days coverage ends), is_stated, is_sa_stated (covered
        when stated, end unknown), is_sa_unknown, is_perpetual, tied_to_host_id, origin.

    """
    typed = pl.col("purchase_type")
    covered = (
        (pl.col("adds_active_sa") > 0)
        | ~pl.col("is_perpetual")
        | (typed.is_in(["transfer_in", "grant"]) & pl.col("coverage_end").is_not_null())
    )
    acquired = pl.when(~pl.col("is_stated")).then(pl.coalesce("acquired_on", "order_date", "coverage_start"))
    since = (
        pl.when(typed == "transfer_in")
        .then(pl.coalesce("order_date", "acquired_on", "coverage_start"))
        .when(typed == "subscription")
        .then(pl.coalesce("coverage_start", "acquired_on", "order_date"))
        .otherwise(acquired)
    )
    end = pl.coalesce("coverage_end", "agreement_end")
    return (
        lines.filter(pl.col("outcome").is_null() & (pl.col("kind") == "license") & (pl.col("units") > 0))
        .with_columns(_covered=covered, acquired_on=acquired, _since=since, _end=end)
        .select(
            "entity_id",
            "program",
            "product",
            "edition",
            "version",
            "metric",
            "pool",
            "purchase_type",
            "units",
            "acquired_on",
            "is_perpetual",
            "tied_to_host_id",
            lot_id="purchase_id",
            agreement_id=pl.col("agreement_id").fill_null(""),
            enrollment_id=pl.col("enrollment_id").fill_null(""),
            since="_since",
            until=pl.when(~pl.col("is_perpetual")).then("_end"),
            transferred_on=pl.when(typed == "transfer_in").then("_since"),
            sa_start=pl.when("_covered").then(pl.coalesce("coverage_start", "_since")),
            sa_end=pl.when("_covered").then("_end"),
            is_sa_stated=pl.col("_covered") & pl.col("is_stated") & pl.col("_end").is_null(),
            is_sa_unknown=pl.col("_covered") & ~pl.col("is_stated") & pl.col("_end").is_null(),
            sa_end_latest=pl.when(pl.col("_covered") & pl.col("is_stated")).then("coverage_end_latest"),
            is_stated="is_stated",
            origin=pl.when("is_stated")
            .then(Reason.AS_STATED.lit)
            .when(~pl.col("is_perpetual"))
            .then(Reason.SUBSCRIBED.lit)
            .when(typed == "transfer_in")
            .then(Reason.TRANSFERRED_IN.lit)
            .when(typed == "grant")
            .then(Reason.GRANTED.lit)
            .otherwise(Reason.PURCHASED.lit),
        )
    )
