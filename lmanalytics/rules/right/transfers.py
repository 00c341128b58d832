"""Topic: what can be said of each license transfer, and until when Software Assurance may still be ordered."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.entitlement import purchase_lines, sa_attachment
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import license_transfer
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"license_transfers": ("purchases",)}
_KEY = [ENTITY, "purchase_id"]
_HOME = [ENTITY, "agreement_id", "enrollment_id"]


class Reason(ReasonBase):
    """What a finding of this topic tells beside what is said of a transfer."""

    COVERAGE_CAN_BE_ORDERED = "Coverage may be ordered for some days after a license was bought or received."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Judge every transfer on or before the day of the position.

    Args:
        inputs: `purchases`; `agreements` and `facts_hosts`, where they were given; and `licenses`.
        settings: date and policies.

    Returns:
        `license_transfers`: a row per transfer; for what was received with unbroken coverage also the last day on
        which coverage may be ordered. And `findings`: transfers that are not permitted, or that the agreement has
        to permit, and the days until which coverage may be ordered for OEM, retail and received licenses.

    """
    rows = evaluate(_facts(inputs, settings), license_transfer, settings)
    judged = rows.with_columns(
        is_permitted=pl.col(column_name(license_transfer, "is_permitted")),
        reason=pl.col(column_name(license_transfer, "reason")),
        rule=pl.lit("license_transfer.is_permitted"),
    )
    found = {"license_transfers": ANSWERS["license_transfers"].conform(judged).sort(_KEY)}
    parts = [_barred(judged)]
    if "licenses" in inputs:
        parts.append(_to_order(inputs["licenses"], settings))
    return found | {"findings": pl.concat(parts, how="diagonal_relaxed")}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one transfer."""
    if "purchases" not in inputs:
        return pl.DataFrame(schema=EXPLANATION)
    own = inputs | {"purchases": inputs["purchases"].filter(is_asked("purchase_id", subject_ids))}
    return explain(_facts(own, settings).sort(_KEY), license_transfer, settings, "purchase_id")


def _facts(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Transfers with their program, and whether the machine that they are bound to is in the estate."""
    enrollment = pl.coalesce("enrollment_id", "agreement_id")
    agreements = inputs.get("agreements", CANONICAL["agreements"].empty()).with_columns(enrollment_id=enrollment)
    contracts = agreements.unique(_HOME, keep="first", maintain_order=True).select(*_HOME, _program="program")
    programs = load_rule_file(purchase_lines).table("programs").lazy().select("program", "is_perpetual")
    here: pl.LazyFrame = pl.LazyFrame(schema=dict.fromkeys([ENTITY, "tied_to_host_id"], pl.String()))
    if "facts_hosts" in inputs:
        here = inputs["facts_hosts"].select(ENTITY, tied_to_host_id="host_id").unique()
    day = pl.coalesce("order_date", "acquired_on", "coverage_start")
    is_known = pl.lit("facts_hosts" in inputs) & pl.col("tied_to_host_id").is_not_null()
    return (
        inputs["purchases"]
        .filter(pl.col("purchase_type").is_in(["transfer_in", "transfer_out"]))
        .with_columns(enrollment_id=enrollment, transferred_on=day)
        .filter((pl.col("transferred_on") <= settings.as_of).fill_null(value=True))
        .join(contracts, on=_HOME, how="left")
        .with_columns(program=pl.coalesce("program", "_program"))
        .join(programs, on="program", how="left")
        .join(here.with_columns(_is_here=pl.lit(value=True)), on=[ENTITY, "tied_to_host_id"], how="left")
        .with_columns(
            is_machine_here=pl.when(is_known).then(pl.col("_is_here").fill_null(value=False)),
            licenses=pl.col("quantity") * pl.col("licenses_per_unit").fill_null(1),
            sa_order_by=pl.when(pl.col("purchase_type") == "transfer_in").then(_attach_by("coverage_end", settings)),
        )
    )


def _attach_by(sa_end: str, settings: Settings) -> pl.Expr:
    """Last day on which the first coverage of the present owner may be ordered."""
    given = {name: _days(name, settings) for name in ("oem_attach_days", "transfer_attach_days")}
    last: pl.Expr = sa_attachment.attach_by(
        pl.col("program"), pl.col("acquired_on"), pl.col("transferred_on"), pl.col(sa_end), **given
    )
    return last


def _days(name: str, settings: Settings) -> int:
    value = load_rule_file(sa_attachment).parameters[name].on(settings.as_of)
    return int(str(value.value)) if value else 0


def _barred(judged: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of transfers that are not permitted or that nothing but the agreement can permit."""
    rows = (
        judged.filter(~pl.col("is_permitted").fill_null(value=False))
        .group_by(ENTITY, "product", "reason")
        .agg(_lines=pl.len(), _licenses=pl.col("licenses").abs().sum(), is_permitted=pl.col("is_permitted").first())
    )
    return rows.with_columns(
        finding_id=pl.format("transfers:{}/{}/{}", ENTITY, "product", "reason"),
        severity=pl.when(pl.col("is_permitted").is_null()).then(pl.lit("warning")).otherwise(pl.lit("error")),
        area=pl.lit("transfers"),
        subject_id=pl.col("product"),
        statement=pl.format(
            "{} of {} of {} {} {} ({}).",
            many("_lines", "transfer"),
            many("_licenses", "license"),
            "product",
            agreeing("_lines", "is", "are"),
            pl.when(pl.col("is_permitted").is_null()).then(pl.lit("to be checked")).otherwise(pl.lit("not permitted")),
            pl.col("reason").str.replace_all("_", " "),
        ),
        action=pl.lit("Check the transfer against the agreement, and keep the form with which it was notified."),
        status=pl.lit("open"),
        rule=pl.lit("license_transfer.is_permitted"),
    ).drop("_lines", "_licenses", "is_permitted")


def _to_order(licenses: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Tell until when coverage may be ordered for licenses that have none: OEM, retail, and those received."""
    received = pl.col("reason") == "transferred_in"
    rows = (
        licenses.filter(
            (received | pl.col("program").is_in(["oem", "fpp"]))
            & ~pl.col("sa_active")
            & (pl.col("quantity") > 0)
            & (pl.col("valid_to") >= settings.as_of).fill_null(value=True)
        )
        .with_columns(transferred_on=pl.when(received).then("valid_from"))
        .with_columns(due_on=_attach_by("sa_end", settings))
        .filter(pl.col("due_on") >= settings.as_of)
        .group_by(ENTITY, "product", "due_on")
        .agg(_licenses=pl.col("quantity").sum())
    )
    return rows.with_columns(
        finding_id=pl.format("sa_attachment:{}/{}/{}", ENTITY, "product", pl.col("due_on").cast(pl.String)),
        severity=pl.lit("info"),
        area=pl.lit("sa_attachment"),
        subject_id=pl.col("product"),
        statement=pl.format(
            "Software Assurance may be ordered for {} of {} until {}.",
            many("_licenses", "license"),
            "product",
            pl.col("due_on").cast(pl.String),
        ),
        action=pl.lit("Order it by that day if it is wanted; later it needs a new license."),
        status=pl.lit("open"),
        rule=pl.lit("sa_attachment.attach_by"),
        reason=Reason.COVERAGE_CAN_BE_ORDERED.lit,
    ).drop("_licenses")
