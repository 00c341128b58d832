"""Licenses held: every part of a lot, for each interval in which its rights were the same."""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule
from lmanalytics.rules.entitlement._effects import covers

FACTS = "purchases"
ANSWER = "licenses"
_LOT = ["entity_id", "lot_id"]


class Reason(ReasonBase):
    """What else a license row may say than how the lot came to be."""

    TERM_ENDED = "The subscription's term has ended, and nothing remains of it."
    SA_END_UNKNOWN = "Software Assurance was bought, but its last day is not known, so it is not counted as active."


@frame_rule(unit="license", cite="licenses", start="2001-10-01")
def licenses(history: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """List the licenses, those that ended and those that were replaced included.

    A part of a lot has one license_id through all that became of it: the purchase's, with a number where the lot
    was split. `sa_active` speaks of the position date and is false for what is not in force on it.

    Returns:
        The columns of the `licenses` answer but version_right and rule; and sources.

    """
    numbered = _numbered(history.filter(pl.col("lot_id").is_not_null()))
    now = numbered.with_columns(was=pl.lit(None, pl.String))
    before = (
        numbered.filter(pl.col("past").list.len() > 0)
        .drop("product", "edition", "version", "since", "until")
        .explode("past")
        .unnest("past")
        .rename({"reason": "was"})
        .with_columns(sa_end=pl.when(pl.col("sa_end").is_not_null()).then(pl.min_horizontal("sa_end", "until")))
        .with_columns(sa_start=pl.when(pl.coalesce("sa_start", "since") <= pl.col("sa_end")).then("sa_start"))
    )
    in_force = (pl.col("since") <= as_of).fill_null(value=True) & (pl.col("until") >= as_of).fill_null(value=True)
    active = in_force & (covers(pl.lit(as_of)) | pl.col("is_sa_stated"))
    exists = (pl.col("until") >= pl.col("since")).fill_null(value=True)
    return (
        pl.concat([now, before], how="diagonal")
        .filter(exists)
        .select(
            "entity_id",
            "license_id",
            agreement_id=pl.col("agreement_id").replace("", None),
            enrollment_id=pl.col("enrollment_id").replace("", None),
            program="program",
            product="product",
            edition="edition",
            version="version",
            metric="metric",
            pool="pool",
            quantity="units",
            valid_from="since",
            valid_to="until",
            acquired_on="acquired_on",
            sa_active=active,
            sa_start=pl.when(pl.col("sa_end").is_not_null()).then("sa_start"),
            sa_end="sa_end",
            is_perpetual="is_perpetual",
            tied_to_host_id="tied_to_host_id",
            reason=_reason(as_of),
            sources="sources",
        )
    )


def _numbered(parts: pl.LazyFrame) -> pl.LazyFrame:
    """Name each part of a lot, in an order that no earlier sorting can change."""
    steps = pl.col("steps").list.join(",")
    ordered = parts.with_columns(_steps=steps, _sources=pl.col("sources").list.join(",")).sort(
        *_LOT, "since", "_steps", "_sources", "until", "sa_end", "units"
    )
    number = pl.int_range(1, pl.len() + 1).over(_LOT)
    name = pl.when(pl.len().over(_LOT) > 1).then(pl.format("{}/{}", "lot_id", number)).otherwise("lot_id")
    return ordered.with_columns(license_id=name).drop("_steps", "_sources")


def _reason(as_of: date) -> pl.Expr:
    ended = (pl.col("until") < as_of).fill_null(value=False)
    later = (pl.col("sa_end_latest") >= as_of).fill_null(value=True)
    perhaps = pl.col("is_stated") & (pl.col("sa_end") < as_of).fill_null(value=False) & later
    return (
        pl.when(pl.col("was").is_not_null())
        .then("was")
        .when(pl.col("end_reason").is_not_null())
        .then("end_reason")
        .when(ended)
        .then(Reason.TERM_ENDED.lit)
        .when(pl.col("is_sa_unknown") | perhaps)
        .then(Reason.SA_END_UNKNOWN.lit)
        .otherwise("origin")
    )
