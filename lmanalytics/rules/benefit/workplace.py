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
from lmanalytics.rules.benefit._workplace_facts import PERSON, copies, copies_on, participation, people_of
from lmanalytics.rules.benefit._workplace_orders import CLAIM, best, judged, product_of
from lmanalytics.rules.benefit._workplace_outcomes import findings, outcomes, without_employees
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.mapping import mapped
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS = {
    "workplace_discount": ("employees",),
    "app_users_outcomes": ("app_users",),
    "workplace_orders_outcomes": ("workplace_orders",),
}
_ONLINE, _SOFTWARE, _EXPIRY = workplace_discount_online, workplace_discount_software, workplace_discount_expiry
_SUBSCRIPTION = "Microsoft 365 Family or Personal"


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute what each employee may acquire, and judge what was ordered.

    Args:
        inputs: `employees`, without which no row is computable; `app_users` for the software option;
            `workplace_orders`; `agreements`, `sa_memberships`, `online_subscriptions` and `licenses` for what the
            customer has. What is absent is unknown, and so is what hangs on it.
        settings: date and policies.

    Returns:
        `workplace_discount`: a row for the online option of each employee and one for each software license of
        which the employee uses an application, or which was ordered; `employees_outcomes`, `app_users_outcomes`,
        `workplace_orders_outcomes` (each where its table was given) and `findings`.

    """
    if "employees" not in inputs:
        return without_employees(inputs)
    used = copies(inputs)
    orders = judged(inputs, used, settings).collect(engine="streaming").lazy()
    software = _software(_software_facts(inputs, used, orders, settings), settings).collect(engine="streaming")
    online = _online_facts(inputs, orders, settings)
    customers = _customers(inputs, settings)
    return {
        "workplace_discount": ANSWERS["workplace_discount"].conform(_rows(online, software, settings)),
        **outcomes(inputs, used, orders, settings),
        "findings": findings(inputs, orders, customers, software.lazy(), settings),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Recompute the rules of one employee, orders included; no lines for another subject."""
    lines = [pl.DataFrame(schema=EXPLANATION)]
    if "employees" not in inputs:
        return lines[0]
    own = is_asked("employee_id", subject_ids)
    tables = ("employees", "app_users", "workplace_orders")
    chosen = inputs | {name: inputs[name].filter(own) for name in tables if name in inputs}
    used = copies(chosen)
    orders = judged(chosen, used, settings).sort("order_id")
    named = {"_subject": pl.format("{}, {}", "employee_id", "right")}
    online = _online_facts(chosen, orders, settings).with_columns(
        has_acquired=pl.col("subscriptions_acquired") > 0, right=pl.lit(_SUBSCRIPTION)
    )
    software = _software_facts(chosen, used, orders, settings).sort("right")
    customers = _customers(chosen, settings).select(pl.exclude("^.+__.+$", "participation"))
    lines.append(explain(customers, workplace_discount_participation, settings, ENTITY))
    lines.append(explain(online.with_columns(**named), _ONLINE, settings, "_subject"))
    lines += [explain(software.with_columns(**named), m, settings, "_subject") for m in (_EXPIRY, _SOFTWARE)]
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


def _acquired(orders: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """What each person has acquired of each right, and when another version was installed under it."""
    placed = orders.filter(pl.col("right").is_not_null() & (pl.col("ordered_on") <= settings.as_of))
    return placed.group_by(*PERSON, "right").agg(
        acquired=pl.col("is_acquisition").sum().cast(pl.Int64), other_version_on=pl.col("other_version_on").min()
    )


def _online_facts(inputs: Tables, orders: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Give the facts of the online option for each employee, in order; they are sorted while they are narrow."""
    people = CANONICAL["employees"].conform(inputs["employees"])
    customers = _customers(inputs, settings).select(ENTITY, "participation")
    acquired = _acquired(orders, settings).filter(pl.col("right") == _SUBSCRIPTION)
    return (
        people.select(*PERSON, "employed_from", "employed_to")
        .sort(*PERSON)
        .join(customers, on=ENTITY, how="left", maintain_order="left")
        .join(acquired.select(*PERSON, subscriptions_acquired="acquired"), on=PERSON, how="left", maintain_order="left")
        .with_columns(pl.col("subscriptions_acquired").fill_null(0), day=pl.lit(settings.as_of))
    )


def _software_facts(inputs: Tables, used: pl.LazyFrame, orders: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Give the facts of each employee and software license: the best copy of an application, and what was acquired."""
    key = [*PERSON, "right"]
    copied = copies_on(used.filter(pl.col("right").is_not_null()).with_columns(day=pl.lit(settings.as_of)))
    hired = copied.with_columns(employed_from=pl.lit(settings.as_of), employed_to=pl.lit(None, pl.Date))
    held = best(hired, key, settings).select(*key, *CLAIM)
    acquired = _acquired(orders, settings).filter(pl.col("right") != _SUBSCRIPTION)
    claims = held.join(acquired, on=key, how="full", coalesce=True)
    return (
        claims.join(people_of(claims, inputs), on=PERSON)
        .with_columns(
            pl.col("acquired").fill_null(0), day=pl.lit(settings.as_of), are_copies_given=pl.lit("app_users" in inputs)
        )
        .with_columns(licenses_acquired="acquired", product=product_of(pl.col("product"), pl.col("right")))
    )


def _software(facts: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Decide the software option of each employee and license."""
    decided = evaluate(evaluate(facts, _EXPIRY, settings), _SOFTWARE, settings)
    reason = pl.col(column_name(_SOFTWARE, "reason"))
    last = pl.col(column_name(_EXPIRY, "expires_on"))
    is_dated = reason.is_in(_ENDING) | (last <= settings.as_of)
    return decided.select(
        *PERSON,
        "acquired",
        offer="right",
        is_eligible=column_name(_SOFTWARE, "is_eligible"),
        expires_on=pl.when(is_dated).then(last),
        trigger=pl.when(is_dated).then(pl.col(column_name(_EXPIRY, "trigger"))),
        reason=reason,
    )


def _rows(online: pl.LazyFrame, software: pl.DataFrame, settings: Settings) -> pl.LazyFrame:
    """Put both options of each employee together in the order of the offers; a decision is met by its number."""
    offers = sorted([_SUBSCRIPTION, *load_rule_file(_SOFTWARE).table("workplace_licenses")["license"]])
    numbered = software.lazy().with_row_index("_number")
    own = {f"_{n}": pl.col("_number").filter(pl.col("offer") == name).max() for n, name in enumerate(offers)}
    each = list(range(len(offers)))
    number = mapped(pl.col("_offer"), each, [pl.col(c) for c in own], pl.UInt32())
    each_offer = pl.LazyFrame(
        {"_offer": each, "offer": offers}, schema={"_offer": pl.UInt8, "offer": pl.String}
    ).with_columns(_every=pl.lit(value=True))
    is_online = pl.col("_offer") == offers.index(_SUBSCRIPTION)
    decided = ["is_eligible", "reason"]
    mine = {f"_online_{c}": pl.col(column_name(_ONLINE, c)) for c in decided}
    rows = (
        evaluate(online, _ONLINE, settings)
        .select(*PERSON, **mine)
        .join(numbered.group_by(PERSON).agg(**own), on=PERSON, how="left", maintain_order="left")
        .with_columns(_every=pl.lit(value=True))
        .join(each_offer, on="_every", how="left", maintain_order="left_right")
        .with_columns(_number=number)
        .filter(is_online | pl.col("_number").is_not_null())
        .drop(*own, "_every")
        .join(numbered.drop(*PERSON, "offer", "acquired"), on="_number", how="left", maintain_order="left")
    )
    return rows.select(
        *PERSON,
        "offer",
        "expires_on",
        "trigger",
        *(pl.when(is_online).then(f"_online_{c}").otherwise(c).alias(c) for c in decided),
        option=pl.when(is_online).then(pl.lit("online_services")).otherwise(pl.lit("software")),
        rule=pl.when(is_online)
        .then(pl.lit("workplace_discount_online.is_eligible"))
        .otherwise(pl.lit("workplace_discount_software.is_eligible")),
    )


_ENDING = (*_SOFTWARE.ENTITLED, _SOFTWARE.Reason.COVERAGE_UNKNOWN.code)
