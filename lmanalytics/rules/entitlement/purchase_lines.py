"""What each purchase line is: a license, coverage, a step-up, something that leaves, or nothing that counts.

A line carries the program of its agreement, its units (packs times licenses per pack) and, where it does not
count, the outcome and the reason. Every line of `purchases` has exactly one row here.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule
from lmanalytics.rules.mapping import mapped

FACTS = "purchases"
ANSWER = "purchase_lines"
_HOME = ["entity_id", "agreement_id", "enrollment_id"]


class Reason(ReasonBase):
    """Why a purchase line does not count."""

    NOT_OWNED = "The program lends the license for a service provider's customers; it is not owned."
    AFTER_AS_OF = "Ordered after the position date."
    MACHINE_UNKNOWN = "An OEM license serves its machine alone, and no document says which one that is."
    NO_PROOF_OF_PURCHASE = "No document proves the purchase, and Microsoft keeps no record of this channel."
    SUPERSEDED_BY_TRANSACTIONS = "The statement's line repeats transactions that were given; it is not added to them."
    SUPERSEDED_BY_STATEMENT = "The transaction is already in the license statement that was given."
    SUPERSEDED_BY_LATER_STATEMENT = "A later license statement replaces this one."
    STEP_UP_IN_STATEMENT = "A statement names no agreement, so the base of its step-ups cannot be found."
    UNKNOWN_QUANTITY = "The quantity could not be read."
    UNKNOWN_PRODUCT = "The product is not known, so neither is what one license of it covers."
    UNKNOWN_TYPE = "It is not known what kind of purchase this is."
    ADDS_NO_LICENSE = "This kind of purchase adds no license of its own."


@rule(unit="license", cite="units", start="2001-10-01")
def licenses_added(quantity: pl.Expr, licenses_per_unit: pl.Expr, adds_licenses: pl.Expr) -> pl.Expr:
    """Licenses that the line adds: units bought times licenses per unit, none for coverage, upgrades and step-ups."""
    return quantity * licenses_per_unit * adds_licenses


@rule(unit="license", cite="statement", start="2001-10-01")
def active_sa_added(quantity: pl.Expr, licenses_per_unit: pl.Expr, adds_active_sa: pl.Expr) -> pl.Expr:
    """Licenses that the line adds to the active Software Assurance quantity of a statement."""
    return quantity * licenses_per_unit * adds_active_sa


@rule(unit="license", cite="from_sa", start="2001-10-01")
def from_sa_required(licenses_added: pl.Expr, *, from_sa_per_license: int) -> pl.Expr:
    """From SA subscriptions that the whole base needs when its users move to the online service."""
    return licenses_added * from_sa_per_license


@frame_rule(unit="license", cite="units", start="2001-10-01")
def lines(
    purchases: pl.LazyFrame,
    agreements: pl.LazyFrame,
    *,
    as_of: date,
    programs: pl.DataFrame,
    purchase_types: pl.DataFrame,
    statement_or_transactions: str,
    proof_of_purchase: str,
    oem_without_machine: str,
) -> pl.LazyFrame:
    """Classify every purchase line.

    Returns:
        The columns of `purchases`, enrollment filled in, and kind, units (positive), is_return, program,
        is_perpetual, has_step_up, adds_licenses, adds_active_sa, agreement_end, ordered_on, outcome and reason
        (null: the line counts).

    """
    enrollment = pl.coalesce("enrollment_id", "agreement_id")
    contracts = (
        agreements.with_columns(enrollment_id=enrollment)
        .unique(_HOME, keep="first", maintain_order=True)
        .select(*_HOME, program_of_agreement="program", agreement_end="end_date")
    )
    units = pl.col("quantity") * pl.col("licenses_per_unit").fill_null(1)
    leaves = (pl.col("kind") == "license") & (units < 0)
    return (
        purchases.with_columns(enrollment_id=enrollment)
        .join(contracts, on=_HOME, how="left")
        .with_columns(program=pl.coalesce("program", "program_of_agreement"))
        .join(programs.lazy().drop("reference"), on="program", how="left", suffix="_of_program")
        .join(purchase_types.lazy().drop("reference"), on="purchase_type", how="left")
        .with_columns(
            kind=pl.when(leaves).then(pl.lit("removal")).otherwise(pl.col("kind")),
            is_return=~leaves & (units < 0),
            units=units.abs(),
            is_perpetual=(pl.col("purchase_type") != "subscription") & pl.col("is_perpetual").fill_null(value=True),
            has_step_up=pl.col("has_step_up").fill_null(value=True),
            is_in_statement=pl.col("is_in_statement").fill_null(value=True),
            ordered_on=pl.coalesce("order_date", "acquired_on", "coverage_start", "statement_date"),
        )
        .with_columns(_flags())
        .with_columns(reason=_reason(as_of, statement_or_transactions, proof_of_purchase, oem_without_machine))
        .with_columns(outcome=_outcome())
        .drop("program_of_agreement", "is_owned", "needs_proof")
    )


def _flags() -> list[pl.Expr]:
    """Whether the entity's product has transactions, a statement, or a later statement.

    A product's access licenses are lines of their own in a statement, those of users apart from those of devices.
    """
    access = pl.col("metric").is_in(["user_cal", "device_cal", "external_connector"])
    scope = ["entity_id", "product", pl.when(access).then("metric")]
    stated = pl.col("basis").eq_missing(pl.lit("statement_summary"))
    counted = ~stated & pl.col("is_in_statement") & (pl.col("kind") != "none")
    return [
        stated.alias("is_stated"),
        counted.any().over(scope).alias("_has_transactions"),
        stated.any().over(scope).alias("_has_statement"),
        pl.col("statement_date").filter(stated).max().over(scope).alias("_last_statement"),
    ]


def _reason(as_of: date, statement_or_transactions: str, proof_of_purchase: str, oem_without_machine: str) -> pl.Expr:
    prefers_statement = statement_or_transactions == "statement"
    repeated = pl.col("is_stated") & pl.col("_has_transactions") & (not prefers_statement)
    in_statement = ~pl.col("is_stated") & pl.col("is_in_statement") & pl.col("_has_statement") & prefers_statement
    unproven = pl.col("needs_proof") & pl.col("document_ref").is_null() & (proof_of_purchase == "required")
    is_oem = (pl.col("program") == "oem") & (pl.col("kind") == "license")
    unplaced = is_oem & pl.col("tied_to_host_id").is_null() & (oem_without_machine == "not_counted")
    return (
        pl.when(~pl.col("is_owned"))
        .then(Reason.NOT_OWNED.lit)
        .when(pl.col("ordered_on") > as_of)
        .then(Reason.AFTER_AS_OF.lit)
        .when(pl.col("kind").is_null())
        .then(Reason.UNKNOWN_TYPE.lit)
        .when(pl.col("metric").is_null() & (pl.col("kind") != "none"))
        .then(Reason.UNKNOWN_PRODUCT.lit)
        .when(pl.col("units").is_null())
        .then(Reason.UNKNOWN_QUANTITY.lit)
        .when(unproven)
        .then(Reason.NO_PROOF_OF_PURCHASE.lit)
        .when(unplaced)
        .then(Reason.MACHINE_UNKNOWN.lit)
        .when(repeated)
        .then(Reason.SUPERSEDED_BY_TRANSACTIONS.lit)
        .when(in_statement & (pl.col("kind") != "none"))
        .then(Reason.SUPERSEDED_BY_STATEMENT.lit)
        .when(pl.col("is_stated") & (pl.col("statement_date") < pl.col("_last_statement")))
        .then(Reason.SUPERSEDED_BY_LATER_STATEMENT.lit)
        .when(pl.col("is_stated") & (pl.col("kind") == "step_up"))
        .then(Reason.STEP_UP_IN_STATEMENT.lit)
        .when(pl.col("kind") == "none")
        .then(Reason.ADDS_NO_LICENSE.lit)
    )


def _outcome() -> pl.Expr:
    codes = {
        Reason.NOT_OWNED: "excluded",
        Reason.AFTER_AS_OF: "excluded",
        Reason.NO_PROOF_OF_PURCHASE: "excluded",
        Reason.SUPERSEDED_BY_TRANSACTIONS: "superseded",
        Reason.SUPERSEDED_BY_STATEMENT: "superseded",
        Reason.SUPERSEDED_BY_LATER_STATEMENT: "superseded",
        Reason.STEP_UP_IN_STATEMENT: "not_computable",
        Reason.UNKNOWN_QUANTITY: "not_computable",
        Reason.UNKNOWN_PRODUCT: "not_computable",
        Reason.UNKNOWN_TYPE: "not_computable",
        Reason.MACHINE_UNKNOWN: "not_computable",
        Reason.ADDS_NO_LICENSE: "used",
    }
    return mapped(pl.col("reason"), [r.code for r in codes], codes.values())
