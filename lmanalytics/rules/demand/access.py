"""Topic: access licenses and External Connectors, from the counts of those who reach each product.

An entity's own users and devices are one subject of each product, with two options: by the user, or by the device.
External users are a subject of their own, for each host where they are counted so: by the user, or by connectors.
"""

import polars as pl

from lmanalytics.rules.demand import client_access, client_access_subscriptions, external_connector
from lmanalytics.rules.demand._access_outcomes import (
    count_outcomes,
    external_subject,
    findings,
    inside_subject,
    license_outcomes,
)
from lmanalytics.rules.demand._access_servers import REMOTE, Servers, servers
from lmanalytics.rules.demand._rows import demand_rows
from lmanalytics.rules.demand.price_list import all_products, for_entity
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables, held
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {
    "access_counts_outcomes": ("access_counts",),
    "access_licenses_outcomes": ("access_licenses",),
}
PRODUCTS: dict[str, tuple[tuple[str, ...], ...]] = {REMOTE: (("access_counts",),)}
"""The product that access licenses are the only licenses of, and the tables any of which suffices for it."""
_LINE = client_access.LINE
_USERS = column_name(client_access, "user_licenses")
_DEVICES = column_name(client_access, "device_licenses")
_USER_CHOICE = column_name(client_access, "user_choice")
_DEVICE_CHOICE = column_name(client_access, "device_choice")
_CONNECTORS = column_name(external_connector, "connectors")
_CONNECTORS_WITH_SA = column_name(external_connector, "connectors_with_sa")
_CHEAPEST = column_name(external_connector, "cheapest")
_REQUIRED = client_access.Reason.REQUIRED
_EXTERNAL_METRICS = {"connector_price": "external_connector", "cal_price": "user_cal"}


class Reason(ReasonBase):
    """Why external users are not licensed in one of the ways."""

    SERVERS_UNKNOWN = "No export says on which servers they reach it."
    DEARER_AS_PUBLISHED = "No prices were given, and for so many external users the other way is published as cheaper."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute which access licenses and connectors are required, and what became of the rows that say so.

    Args:
        inputs: `access_counts` or `access_licenses`; `facts_oses`, `facts_hosts` and `installs` (versions, and the
            servers that are reached), `licenses`, `online_subscriptions` and `prices` where they are known.
        settings: the run's date and policies.

    Returns:
        `demand`, `findings`, and of the tables that were given `access_counts_outcomes` and
        `access_licenses_outcomes`.

    """
    outcomes: Tables = {}
    found: Tables = {}
    if "access_counts" in inputs:
        outcomes["access_counts"] = count_outcomes(_counts(inputs, settings))
        inside, outside = _counted(inputs, settings), _external(inputs, settings)
        there = servers(inputs, _products(inside, outside), settings)
        rows = pl.concat(
            [_inside(inside, there, settings), _outside(outside, there, inputs, settings)], how="diagonal_relaxed"
        )
        found["demand"] = demand_rows(rows, inputs.get("prices"), settings)
    if "access_licenses" in inputs:
        rows = inputs["access_licenses"].select(ENTITY, "row_id", "kind", "product")
        outcomes["access_licenses"] = license_outcomes(compute(client_access, "terms", settings, counts=rows))
    found |= {f"{table}_outcomes": rows for table, rows in outcomes.items()}
    return found | {"findings": findings(outcomes)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain the access of an entity (`main/access`), or the external users of an entity or a host."""
    lines = [pl.DataFrame(schema=EXPLANATION)]
    if "access_counts" not in inputs:
        return lines[0]
    outside = _external(inputs, settings)
    there = servers(inputs, _products(outside), settings)
    for rows, module in (
        (_counted(inputs, settings), client_access),
        (_connected(outside, there, inputs, settings), external_connector),
    ):
        own = rows.filter(is_asked("subject_id", subject_ids)).select(pl.exclude("^.+__.+$")).sort(_LINE).collect()
        facts = own.lazy().with_columns(subject_id=pl.format("{} of {}", "subject_id", "product"))
        lines.append(explain(facts, module, settings, "subject_id"))
    return pl.concat(lines)


def _held(inputs: Tables, settings: Settings, metric: str) -> pl.LazyFrame:
    """Name the products of which an entity owns licenses of a metric: entity_id, product, is_held."""
    licenses = inputs.get("licenses", ANSWERS["licenses"].empty())
    begun = (pl.col("valid_from") <= settings.as_of).fill_null(value=True)
    lasts = (pl.col("valid_to") >= settings.as_of).fill_null(value=True)
    held = licenses.filter(begun & lasts & (pl.col("quantity") > 0) & (pl.col("metric") == metric))
    return held.select(ENTITY, "product").unique().with_columns(is_held=pl.lit(value=True))


def _counts(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Add to the rows of `access_counts` the terms, and whether licenses by server are owned."""
    rows = compute(client_access, "terms", settings, counts=inputs["access_counts"])
    owners = _held(inputs, settings, "server").rename({"is_held": "owns_by_server"})
    known = pl.when(pl.lit("licenses" in inputs)).then(pl.col("owns_by_server").fill_null(value=False))
    return rows.join(owners, on=[ENTITY, "product"], how="left").with_columns(owns_by_server=known)


def _needed(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    is_needed = (pl.col("needed") == "always") | ((pl.col("needed") == "by_server") & pl.col("owns_by_server"))
    return _counts(inputs, settings).filter(is_needed)


def _counted(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Total the users and devices of each product and edition, with what subscriptions give."""
    counts = _needed(inputs, settings)
    totals = compute(client_access, "totals", settings, counts=counts)
    given = inputs.get("online_subscriptions", CANONICAL["online_subscriptions"].empty())
    equivalents = compute(client_access_subscriptions, "equivalents", settings, subscriptions=given)
    joined = totals.join(equivalents, on=_LINE, how="left", nulls_equal=True).with_columns(subject_id=inside_subject())
    return held(joined)


def _external(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """List the external users that need licenses."""
    return held(compute(client_access, "external", settings, counts=_needed(inputs, settings)))


def _products(*counted: pl.LazyFrame) -> pl.LazyFrame:
    return pl.concat([rows.select("product") for rows in counted])


def _inside(counted: pl.LazyFrame, there: Servers, settings: Settings) -> pl.LazyFrame:
    judged = evaluate(counted, client_access, settings)
    judged = judged.join(there.versions, on=[ENTITY, "product"], how="left")
    kinds = (
        ("user_licenses", "user_metric", _USERS, _USER_CHOICE, "users"),
        ("device_licenses", "device_metric", _DEVICES, _DEVICE_CHOICE, "devices"),
    )
    parts = [
        judged.select(
            *_LINE,
            "subject_id",
            "version",
            "is_lower_bound",
            subject_kind=pl.lit("customer"),
            metric=metric,
            option=pl.lit(option),
            licenses_required=licenses,
            reason=choice,
            rule=pl.lit(f"client_access.{option}"),
        )
        for option, metric, licenses, choice, _ in kinds
    ]
    return pl.concat(parts).with_columns(
        licenses_with_sa=pl.when(pl.col("licenses_required").is_not_null()).then(pl.lit(0, pl.Int64)),
        full_sets=pl.lit(None, pl.Int64),
        oses_covered=pl.lit(None, pl.Int64),
        is_available=pl.col("reason") == _REQUIRED.code,
    )


def _connected(users: pl.LazyFrame, there: Servers, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """List external users with the servers that they reach and both prices."""
    kind, subject = external_subject()
    rows = users.join(there.reached, on=[ENTITY, "product", "host_id"], how="left", nulls_equal=True)
    own_host = pl.col("host_id").is_not_null()
    joined = rows.with_columns(
        subject_kind=kind,
        subject_id=subject,
        physical_servers=pl.when(own_host).then(pl.lit(1, pl.Int64)).otherwise("physical_servers"),
    )
    listed = all_products(inputs.get("prices"), settings.as_of)
    for name, metric in _EXTERNAL_METRICS.items():
        priced = for_entity(joined.with_columns(metric=pl.lit(metric)), listed)
        joined = priced.rename({"price": name}).drop("price_with_sa", "currency", "metric")
    return held(joined)


def _outside(users: pl.LazyFrame, there: Servers, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    newest = there.versions.rename({"version": "_newest"})
    judged = (
        evaluate(_connected(users, there, inputs, settings), external_connector, settings)
        .join(newest, on=[ENTITY, "product"], how="left")
        .join(_held(inputs, settings, "external_connector"), on=[ENTITY, "product"], how="left")
    )
    unpriced = pl.col("connector_price").is_null() | pl.col("cal_price").is_null()
    is_choice = pl.col("external_use") == "cal_or_connector"
    best, thumb = external_connector.Reason, unpriced & is_choice & pl.col("is_held").is_null()
    common = judged.with_columns(
        full_sets=pl.lit(None, pl.Int64),
        is_lower_bound=pl.lit(value=False),
        oses_covered=pl.lit(None, pl.Int64),
        version=pl.coalesce("version", "_newest"),
    )
    by_user = common.with_columns(
        option=pl.lit("external_user_licenses"),
        metric=pl.lit("user_cal"),
        licenses_required="external_users",
        licenses_with_sa=pl.lit(0, pl.Int64),
        reason=pl.when(thumb & (pl.col(_CHEAPEST) == best.EXTERNAL_CONNECTOR.code))
        .then(Reason.DEARER_AS_PUBLISHED.lit)
        .otherwise(_REQUIRED.lit),
        rule=pl.lit("client_access.external"),
    )
    by_connector = common.filter(is_choice).with_columns(
        option=pl.lit("external_connectors"),
        metric=pl.lit("external_connector"),
        licenses_required=_CONNECTORS,
        licenses_with_sa=pl.when(pl.col(_CONNECTORS).is_not_null()).then(_CONNECTORS_WITH_SA),
        reason=pl.when(pl.col(_CONNECTORS).is_null())
        .then(Reason.SERVERS_UNKNOWN.lit)
        .when(thumb & (pl.col(_CHEAPEST) == best.USER_CALS.code))
        .then(Reason.DEARER_AS_PUBLISHED.lit)
        .otherwise(_REQUIRED.lit),
        rule=pl.lit("external_connector.connectors"),
    )
    both = pl.concat([by_user, by_connector], how="diagonal_relaxed")
    return both.with_columns(is_available=pl.col("reason") == _REQUIRED.code)
