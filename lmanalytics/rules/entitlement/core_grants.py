"""Core licenses granted for processor licenses, when a product came to be licensed by core.

A processor license whose Software Assurance reached the first day of core licensing counts as core licenses from
that day on; the processor license stays in the answer beside them and serves nothing that is counted in cores.
Servers that were documented to have more cores received more; no export shows that document.
"""

import sys

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule
from lmanalytics.rules.parameters import load_rule_file

FACTS = "purchases"
ANSWER = "grants"
SUFFIX = ":core_grant"
"""How the id of a granted license ends."""
_PRODUCT = ["product", "edition"]
_LOTS = ["entity_id", *_PRODUCT]


class Reason(ReasonBase):
    """How a core license came to be, or why a processor license gives none."""

    CORE_GRANT = "Granted for a processor license whose Software Assurance reached core licensing."
    NO_GRANT = "Its Software Assurance ended before core licensing began: it licenses processors and earlier versions."
    GRANT_UNKNOWN = "Until when it had Software Assurance is not known, so it is not known whether cores were granted."
    NO_GRANT_KNOWN = "No grant of core licenses is known for this product."


@frame_rule(unit="license", cite="grant", start="2012-04-01")
def grants(licenses: pl.LazyFrame, *, core_grants: pl.DataFrame) -> pl.LazyFrame:
    """List the core licenses that processor licenses became, for the same days and with the same coverage.

    Returns:
        The columns of `licenses`; license_id is the processor license's with `:core_grant`.

    """
    columns = licenses.collect_schema().names()
    judged = verdicts(licenses, core_grants).filter(pl.col("verdict") == Reason.CORE_GRANT.code)
    return judged.with_columns(
        license_id=pl.col("license_id") + SUFFIX,
        metric=pl.lit("core"),
        quantity=pl.col("quantity") * pl.col("core_licenses"),
        valid_from=pl.max_horizontal("valid_from", "licensed_by_core_from"),
        reason=pl.when(pl.col("valid_to").is_null() | pl.col("sa_active"))
        .then(Reason.CORE_GRANT.lit)
        .otherwise("reason"),
    ).select(columns)


@frame_rule(unit="license", cite="grant", start="2012-04-01")
def renewals(events: pl.LazyFrame, lots: pl.LazyFrame, *, core_grants: pl.DataFrame) -> pl.LazyFrame:
    """Let Software Assurance that is renewed by core reach the processor licenses for which cores were granted.

    Only where an entity owns processor licenses of the product and none by core; a rest that is less than the cores
    of a license finds nothing to cover.

    Args:
        events: what acts on lots (`orders.events`).
        lots: what was bought (`lots.lots`).
        core_grants: product, edition, licensed_by_core_from, core_licenses.

    """
    owned = lots.group_by(_LOTS).agg(
        _by_processor=(pl.col("metric") == "processor").any(), _by_core=(pl.col("metric") == "core").any()
    )
    former = owned.filter(pl.col("_by_processor") & ~pl.col("_by_core")).select(*_LOTS, _is_former=True)
    order = events.collect_schema().names()
    terms = core_grants.lazy().select(*_PRODUCT, "licensed_by_core_from", "core_licenses")
    moves = (
        (pl.col("kind") == "sa")
        & (pl.col("metric") == "core")
        & pl.col("_is_former")
        & (pl.col("coverage_start") >= pl.col("licensed_by_core_from"))
    ).fill_null(value=False)
    return (
        events.join(terms, on=_PRODUCT, how="left", nulls_equal=True, maintain_order="left")
        .join(former, on=_LOTS, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            metric=pl.when(moves).then(pl.lit("processor")).otherwise("metric"),
            units=pl.when(moves).then(pl.col("units") // pl.col("core_licenses")).otherwise("units"),
        )
        .filter(pl.col("units") > 0)
        .select(order)
    )


def verdicts(licenses: pl.LazyFrame, core_grants: pl.DataFrame | None = None) -> pl.LazyFrame:
    """Say of each processor license whether cores were granted: verdict, core_licenses, licensed_by_core_from."""
    table = load_rule_file(sys.modules[__name__]).table("core_grants") if core_grants is None else core_grants
    begins, end = pl.col("licensed_by_core_from"), pl.col("sa_end")
    lasted = (pl.col("valid_to") >= begins).fill_null(value=True)
    reached = lasted & ((end >= begins).fill_null(value=False) | (pl.col("sa_active") & end.is_null()))
    unknown = (pl.col("reason") == "sa_end_unknown").fill_null(value=False)
    return (
        licenses.filter(pl.col("metric") == "processor")
        .join(table.lazy().drop("reference"), on=_PRODUCT, how="left", nulls_equal=True)
        .with_columns(
            verdict=pl.when(begins.is_null())
            .then(Reason.NO_GRANT_KNOWN.lit)
            .when(reached)
            .then(Reason.CORE_GRANT.lit)
            .when(unknown)
            .then(Reason.GRANT_UNKNOWN.lit)
            .otherwise(Reason.NO_GRANT.lit)
        )
    )


def is_granted(license_id: pl.Expr) -> pl.Expr:
    """Whether a license is one that was granted for a processor license, by its id."""
    return license_id.str.ends_with(SUFFIX)
