"""Topic: the Workplace Discount Program, employee by employee, and the orders placed under it."""

import polars as pl

from lmanalytics.rules.benefit import (
    workplace_discount_expiry,
    workplace_discount_offers,
    workplace_discount_online,
    workplace_discount_orders,
    workplace_discount_participation,
    workplace_discount_software,
)
from lmanalytics.rules.benefit._workplace_facts import PERSON, copies, copies_on, participation
from lmanalytics.rules.benefit._workplace_orders import CLAIM, best, judged, product_of
from lmanalytics.rules.benefit._workplace_outcomes import findings, outcomes
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, explain
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS = {"workplace_discount": ("employees",)}
_ONLINE, _SOFTWARE, _EXPIRY = workplace_discount_online, workplace_discount_software, workplace_discount_expiry
_SUBSCRIPTION = "Microsoft 365 Family or Personal"


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute what each employee may acquire, and judge what was ordered.

    Args:
        inputs: `employees`; `app_users` for the software option; `workplace_orders`; `agreements`,
            `sa_memberships`, `online_subscriptions` and `licenses` for what the customer has. What is absent is
            unknown, and so is what hangs on it.
        settings: date and policies.

    Returns:
        `workplace_discount`: a row for the online option of each employee and one for each software license of
        which the employee uses an application, or which was ordered; `employees_outcomes`, `app_users_outcomes`,
        `workplace_orders_outcomes` (each where its table was given) and `findings`.

    """
    if "employees" not in inputs:
        return {}
    used = copies(inputs)
    orders = judged(inputs, used, settings).collect(engine="streaming").lazy()
    rows = _decided(_facts(inputs, used, orders, settings), settings)
    persons = inputs["employees"].join(orders.select(*PERSON).unique(), on=PERSON, how="semi")
    ordered = _decided(_facts(inputs | {"employees": persons}, used, orders, settings), settings)
    return {
        "workplace_discount": ANSWERS["workplace_discount"].conform(rows),
        **outcomes(inputs, used, orders, settings),
        "findings": findings(inputs, orders, _customers(inputs, settings), ordered, settings),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_id: str) -> pl.DataFrame:
    """Recompute the rules of one employee, orders included; no lines for another subject."""
    lines = [pl.DataFrame(schema=EXPLANATION)]
    if "employees" not in inputs:
        return lines[0]
    own = pl.col("employee_id") == subject_id
    tables = ("employees", "app_users", "workplace_orders")
    chosen = inputs | {name: inputs[name].filter(own) for name in tables if name in inputs}
    used = copies(chosen)
    orders = judged(chosen, used, settings).sort("order_id")
    rows = _facts(chosen, used, orders, settings).with_columns(
        _subject=pl.format("{}, {}", "employee_id", "right"), has_acquired=pl.col("subscriptions_acquired") > 0
    )
    is_online = pl.col("right") == _SUBSCRIPTION
    customers = _customers(chosen, settings).select(pl.exclude("^.+__.+$", "participation"))
    lines.append(explain(customers, workplace_discount_participation, settings, ENTITY))
    lines.append(explain(rows.filter(is_online), _ONLINE, settings, "_subject"))
    lines += [explain(rows.filter(~is_online), module, settings, "_subject") for module in (_EXPIRY, _SOFTWARE)]
    plain = orders.select(pl.exclude("^.+__.+$"))
    lines += [
        explain(plain, module, settings, "order_id")
        for module in (workplace_discount_offers, workplace_discount_orders)
    ]
    return pl.concat(lines)


def _customers(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Say of each entity with employees whether it takes part in the online option on the position date."""
    entities = CANONICAL["employees"].conform(inputs["employees"]).select(ENTITY).unique()
    return participation(entities.with_columns(day=pl.lit(settings.as_of)), inputs, settings)


def _facts(inputs: Tables, used: pl.LazyFrame, orders: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Give the facts of each employee and right, in order: the employees are sorted once, while they are narrow."""
    people = CANONICAL["employees"].conform(inputs["employees"])
    sorted_people = people.select(*PERSON, "employed_from", "employed_to").sort(*PERSON)
    customers = _customers(inputs, settings).select(ENTITY, "participation")
    with_customers = sorted_people.join(customers, on=ENTITY, how="left", maintain_order="left")
    day = pl.lit(settings.as_of)
    if not {"app_users", "workplace_orders"} & inputs.keys():
        none = {name: pl.lit(None, kind) for name, kind in _claims(used, orders, settings).collect_schema().items()}
        rows = with_customers.with_columns(**{c: e for c, e in none.items() if c not in PERSON})
        rows = rows.with_columns(right=pl.lit(_SUBSCRIPTION))
    else:
        licenses = load_rule_file(_SOFTWARE).table("workplace_licenses")["license"].to_list()
        rights = sorted([_SUBSCRIPTION, *licenses])
        each = with_customers.with_columns(right=pl.lit(rights, pl.List(pl.String))).explode("right")
        claims = _claims(used, orders, settings).with_columns(_claimed=pl.lit(value=True))
        rows = each.join(claims, on=[*PERSON, "right"], how="left", maintain_order="left").filter(
            (pl.col("right") == _SUBSCRIPTION) | pl.col("_claimed")
        )
    acquired = pl.col("acquired").fill_null(0)
    return rows.with_columns(
        day=day,
        subscriptions_acquired=acquired,
        licenses_acquired=acquired,
        product=product_of(pl.col("product"), pl.col("right")),
    )


def _claims(used: pl.LazyFrame, orders: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """What each employee has of each right: the best copy of an application, and what was acquired."""
    key = [*PERSON, "right"]
    copied = copies_on(used.filter(pl.col("right").is_not_null()).with_columns(day=pl.lit(settings.as_of)))
    hired = copied.with_columns(employed_from=pl.lit(settings.as_of), employed_to=pl.lit(None, pl.Date))
    held = best(hired, key, settings).select(*key, *CLAIM)
    ordered = (
        orders.filter(pl.col("right").is_not_null() & (pl.col("ordered_on") <= settings.as_of))
        .group_by(key)
        .agg(acquired=pl.col("is_acquisition").sum().cast(pl.Int64), other_version_on=pl.col("other_version_on").min())
    )
    return held.join(ordered, on=key, how="full", coalesce=True)


def _decided(facts: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Decide both options of every row and keep the one that the row is of."""
    for module in (_ONLINE, _EXPIRY, _SOFTWARE):
        facts = evaluate(facts, module, settings)
    is_online = pl.col("right") == _SUBSCRIPTION
    may, why = (
        pl.when(is_online).then(pl.col(column_name(_ONLINE, c))).otherwise(pl.col(column_name(_SOFTWARE, c)))
        for c in ("is_eligible", "reason")
    )
    last = pl.col(column_name(_EXPIRY, "expires_on"))
    is_dated = ~is_online & (pl.col(column_name(_SOFTWARE, "reason")).is_in(_ENDING) | (last <= settings.as_of))
    return facts.select(
        ENTITY,
        "employee_id",
        "acquired",
        offer="right",
        option=pl.when(is_online).then(pl.lit("online_services")).otherwise(pl.lit("software")),
        is_eligible=may,
        expires_on=pl.when(is_dated).then(last),
        trigger=pl.when(is_dated).then(pl.col(column_name(_EXPIRY, "trigger"))),
        rule=pl.when(is_online)
        .then(pl.lit("workplace_discount_online.is_eligible"))
        .otherwise(pl.lit("workplace_discount_software.is_eligible")),
        reason=why,
    )


_ENDING = (*_SOFTWARE.ENTITLED, _SOFTWARE.Reason.COVERAGE_UNKNOWN.code)
