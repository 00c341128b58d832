"""What became of the rows that the Workplace Discount Program reads, and what a person must act on."""

import polars as pl

from lmanalytics.rules.benefit import workplace_discount_expiry, workplace_discount_orders, workplace_discount_software
from lmanalytics.rules.benefit._workplace_facts import PERSON, copies_on, people_of
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

PROGRAM = "Workplace Discount Program"
_AREA = "workplace_discount"


class Reason(ReasonBase):
    """What became of a row of `employees`, and of the table of copies."""

    EMPLOYEE_DECIDED = "What the employee may acquire is decided."
    EMPLOYMENT_OVER = "The person is no employee on the position date; what was acquired is still judged."
    EMPLOYEES_NOT_GIVEN = "No table says who is an employee."
    APP_USERS_NOT_GIVEN = "No table says which applications employees use at work."
    PARTICIPATION_UNKNOWN = "No table settles whether the customer takes part."


def outcomes(inputs: Tables, used: pl.LazyFrame, orders: pl.LazyFrame, settings: Settings) -> Tables:
    """Settle every row of the tables that were given.

    Args:
        inputs: as the topic's.
        used: `_workplace_facts.copies`.
        orders: `_workplace_orders.judged`.
        settings: date and policies.

    Returns:
        `employees_outcomes`, and `app_users_outcomes` and `workplace_orders_outcomes` where their table was given.

    """
    found = {"employees_outcomes": _employees(inputs, settings)}
    if "app_users" in inputs:
        found["app_users_outcomes"] = _app_users(inputs, used, settings)
    if "workplace_orders" in inputs:
        within = pl.col(column_name(workplace_discount_orders, "is_within_right"))
        found["workplace_orders_outcomes"] = orders.select(
            "row_id",
            ENTITY,
            product="offer",
            outcome=_outcome(within),
            reason=column_name(workplace_discount_orders, "reason"),
        ).sort("row_id")
    return found


def without_employees(inputs: Tables) -> Tables:
    """Settle the rows of copies and orders where no table of employees was given: nothing of them is computable."""
    found = {}
    for table, product in (("app_users", "product"), ("workplace_orders", "offer")):
        if table in inputs:
            found[f"{table}_outcomes"] = (
                CANONICAL[table]
                .conform(inputs[table])
                .select(
                    "row_id",
                    ENTITY,
                    product=product,
                    outcome=pl.lit("not_computable"),
                    reason=Reason.EMPLOYEES_NOT_GIVEN.lit,
                )
                .sort("row_id")
            )
    return found


def findings(
    inputs: Tables, orders: pl.LazyFrame, customers: pl.LazyFrame, acquired: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Tell of orders beyond the right or that cannot be judged, of licenses that expired, and of what is missing.

    Args:
        inputs: as the topic's.
        orders: `_workplace_orders.judged`.
        customers: entity_id and participation on the position date.
        acquired: the decisions of the software option, with acquired.
        settings: date and policies.

    """
    parts = [_orders(orders), _expired(acquired, settings), _participation(customers)]
    if "app_users" not in inputs:
        parts.append(_missing(customers))
    return pl.concat([ANSWERS["findings"].conform(part) for part in parts])


def _employees(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    over = ((pl.col("employed_to") < settings.as_of) | (pl.col("employed_from") > settings.as_of)).fill_null(
        value=False
    )
    rows = CANONICAL["employees"].conform(inputs["employees"])
    return (
        rows.select("row_id", ENTITY, _over=over)
        .sort("row_id")
        .select(
            "row_id",
            ENTITY,
            product=pl.lit(PROGRAM),
            outcome=pl.when("_over").then(pl.lit("excluded")).otherwise(pl.lit("used")),
            reason=pl.when("_over").then(Reason.EMPLOYMENT_OVER.lit).otherwise(Reason.EMPLOYEE_DECIDED.lit),
        )
    )


def _app_users(inputs: Tables, used: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    rows = copies_on(used.with_columns(day=pl.lit(settings.as_of)))
    rows = rows.join(people_of(used, inputs), on=PERSON, how="left")
    rows = rows.with_columns(other_version_on=pl.lit(None, pl.Date), licenses_acquired=pl.lit(0, pl.Int64))
    decided = evaluate(evaluate(rows, workplace_discount_expiry, settings), workplace_discount_software, settings)
    return decided.select(
        "row_id",
        ENTITY,
        "product",
        outcome=_outcome(pl.col(column_name(workplace_discount_software, "is_eligible"))),
        reason=column_name(workplace_discount_software, "reason"),
    ).sort("row_id")


def _outcome(decision: pl.Expr) -> pl.Expr:
    return (
        pl.when(decision.is_null())
        .then(pl.lit("not_computable"))
        .when(decision)
        .then(pl.lit("used"))
        .otherwise(pl.lit("excluded"))
    )


def _orders(orders: pl.LazyFrame) -> pl.LazyFrame:
    within = pl.col(column_name(workplace_discount_orders, "is_within_right"))
    reason = pl.col(column_name(workplace_discount_orders, "reason"))
    later = workplace_discount_orders.Reason.AFTER_AS_OF.code
    refused = workplace_discount_orders.Reason.NOT_ELIGIBLE.code
    why = pl.when(reason == refused).then(pl.concat_str(reason, pl.col("why"), separator=": ")).otherwise(reason)
    is_unknown = pl.col("_within").is_null()
    rows = (
        orders.with_columns(_within=within, reason=reason, _why=why)
        .filter(~within.fill_null(value=False) & (reason != later))
        .group_by(ENTITY, "offer", "reason", "_why", "_within")
        .agg(orders=pl.len(), persons=pl.col("employee_id").n_unique())
    )
    identity = pl.concat_str([ENTITY, "offer", pl.col("_why").str.replace_all(": ", "/", literal=True)], separator="/")
    told = pl.format(
        "Orders of {} that {} ({}): {}, by persons: {}.",
        "offer",
        pl.when(is_unknown).then(pl.lit("cannot be judged")).otherwise(pl.lit("go beyond the right to it")),
        pl.col("_why").str.replace_all("_", " ", literal=True),
        "orders",
        "persons",
    )
    act = pl.lit("Complete employees, copies, memberships or subscriptions, so that the right is known.")
    stop = pl.lit("Settle these licenses with the persons; Microsoft may end the participation of a customer.")
    return _finding(
        rows.with_columns(rule=pl.lit("workplace_discount_orders.is_within_right"), subject_id=pl.col("offer")),
        severity=pl.when(is_unknown).then(pl.lit("info")).otherwise(pl.lit("warning")),
        identity=identity,
        statement=told,
        action=pl.when(is_unknown).then(act).otherwise(stop),
    )


def _expired(acquired: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Tell of software licenses that were acquired and have ended."""
    over = ~pl.col("is_eligible") & (pl.col("expires_on") <= settings.as_of) & pl.col("trigger").is_not_null()
    rows = acquired.filter((pl.col("acquired") > 0) & over.fill_null(value=False))
    counted = rows.group_by(ENTITY, "offer", "trigger").agg(licenses=pl.len())
    return _finding(
        counted.with_columns(
            rule=pl.lit("workplace_discount_expiry.expires_on"), reason=pl.col("trigger"), subject_id=pl.col("offer")
        ),
        severity=pl.lit("warning"),
        identity=pl.concat_str([ENTITY, "offer", "trigger"], separator="/"),
        statement=pl.format(
            "Licenses of {} that have expired ({}): {}.",
            "offer",
            pl.col("trigger").str.replace_all("_", " ", literal=True),
            "licenses",
        ),
        action=pl.lit("Ask the persons to remove the software; workplace_discount.parquet in the run names them."),
    )


def _participation(customers: pl.LazyFrame) -> pl.LazyFrame:
    unknown = pl.col("participation") == Reason.PARTICIPATION_UNKNOWN.code
    return _finding(
        customers.filter(unknown).with_columns(
            rule=pl.lit("workplace_discount_participation.participation"), reason=pl.col("participation")
        ),
        severity=pl.lit("info"),
        identity=pl.concat_str([ENTITY, "participation"], separator="/"),
        statement=pl.lit("Whether employees may acquire discounted subscriptions is not computable."),
        action=pl.lit("Give agreements with their memberships, and online_subscriptions with names that are known."),
    )


def _missing(customers: pl.LazyFrame) -> pl.LazyFrame:
    return _finding(
        customers.with_columns(
            rule=pl.lit("workplace_discount_software.is_eligible"), reason=Reason.APP_USERS_NOT_GIVEN.lit
        ),
        severity=pl.lit("info"),
        identity=pl.concat_str([ENTITY, "reason"], separator="/"),
        statement=pl.lit("Which employees may acquire software is not computable: table app_users was not given."),
        action=pl.lit("Give app_users: who uses which copy of Visio and Project at work."),
    )


def _finding(
    rows: pl.LazyFrame, *, severity: pl.Expr, identity: pl.Expr, statement: pl.Expr, action: pl.Expr
) -> pl.LazyFrame:
    return rows.with_columns(
        finding_id=pl.concat_str([pl.lit(_AREA), identity], separator=":"),
        severity=severity,
        area=pl.lit(_AREA),
        statement=statement,
        action=action,
        status=pl.lit("open"),
    )
