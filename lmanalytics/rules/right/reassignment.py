"""Whether licenses may be assigned where they are: ninety days, failed hardware, and freedom inside a Server Farm.

Licenses by physical core stay with their server. Licenses with License Mobility, and those for single virtual
machines, follow the workload inside one Server Farm; from one farm to another, and away from a provider, only
after the days of the terms.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right.license_mobility_products import Reason as Product

FACTS = "license_assignments"
ANSWER = "decision"


class Reason(ReasonBase):
    """Why an assignment is allowed, is not, or cannot be judged."""

    FIRST_ASSIGNMENT = "The licenses come from stock, and were not assigned before."
    SAME_PLACE = "The licenses stay where they are."
    HARDWARE_FAILURE = "The server failed for good, and the licenses need not wait."
    WITHIN_FARM = "With License Mobility the licenses move inside a Server Farm as often as needed."
    WITHIN_FARM_BY_MACHINE = "Licenses for single virtual machines move with them inside a Server Farm at any time."
    TO_PROVIDER = "The terms set no period for a move to a provider's shared servers."
    HYBRID_BENEFIT_STARTS = "The terms of the Azure Hybrid Benefit set no period for its start."
    MIGRATION_ALLOWANCE = "Datacenter licenses may be used in Azure and at home at the same time."
    HYBRID_RECOVERY = "Around disaster recovery, production may resume at home whatever the period."
    AFTER_PERIOD = "The period since the last assignment is over."
    ON_LAST_DAY = "It is the ninetieth day, which is taken as no longer within the period."
    BOUND_TO_SERVER = "Licenses without License Mobility may not leave their server within the period."
    OTHER_FARM = "Within the period licenses may not move to another Server Farm."
    OTHER_ZONE = "Within the period this provider does not let licenses move to another of its zones."
    BACK_FROM_PROVIDER = "Within the period licenses may not come back from a provider's servers."
    OTHER_PROVIDER = "Within the period licenses may not move on to another provider."
    TO_PROVIDER_TOO_SOON = "Within the period licenses may not move to a provider's servers."
    HYBRID_LOCK = "Standard licenses stay in Azure for the period after the hybrid benefit was claimed for them."
    NO_SOFTWARE_ASSURANCE = "Without active Software Assurance licenses may not move inside a farm within the period."
    LAST_ASSIGNMENT_UNKNOWN = "When the licenses came to the place that they leave is not recorded."
    FARM_UNKNOWN = "Whether both places are in one Server Farm is unknown."
    SOFTWARE_ASSURANCE_UNKNOWN = "No purchases were given, so Software Assurance is unknown."


_ALLOWED = (
    Reason.FIRST_ASSIGNMENT, Reason.SAME_PLACE, Reason.HARDWARE_FAILURE, Reason.WITHIN_FARM,
    Reason.WITHIN_FARM_BY_MACHINE, Reason.TO_PROVIDER, Reason.HYBRID_BENEFIT_STARTS, Reason.MIGRATION_ALLOWANCE,
    Reason.HYBRID_RECOVERY, Reason.AFTER_PERIOD, Reason.ON_LAST_DAY,
)  # fmt: skip
_OPEN = (Reason.LAST_ASSIGNMENT_UNKNOWN, Reason.FARM_UNKNOWN, Reason.SOFTWARE_ASSURANCE_UNKNOWN)
ALLOWED, UNKNOWN = tuple(r.code for r in _ALLOWED), tuple(r.code for r in _OPEN)
ANY_TIME = tuple(r for r in ALLOWED if r not in {Reason.AFTER_PERIOD.code, Reason.ON_LAST_DAY.code})
"""Reasons for which no period counts."""


@rule(
    unit="flag", cite="by_machine", start="2011-07-01", dated_by="assigned_on", end="2022-09-30", name="follows_machine"
)
def follows_machine_before_october_2022(basis: pl.Expr, product: pl.Expr) -> pl.Expr:
    """Whether Windows Server licenses follow a single virtual machine: not yet."""
    return basis.is_null() & product.is_null()


@rule(unit="flag", cite="by_machine", start="2022-10-01", dated_by="assigned_on")
def follows_machine(basis: pl.Expr, product: pl.Expr) -> pl.Expr:
    """Whether Windows Server licenses follow a single virtual machine."""
    return (basis == "virtual_core") & (product == "Windows Server")


@rule(unit="flag", cite="across_farms", start="2011-07-01")
def has_mobility(across_farms: pl.Expr) -> pl.Expr:
    """Whether the licenses are of a product that moves across Server Farms."""
    return across_farms == Product.LISTED.code


@rule(unit="code", cite="hybrid", start="2011-07-01", decides_null=True, optional=("last_reason", "is_recovery"))
def hybrid_benefit(
    assignment_reason: pl.Expr,
    last_reason: pl.Expr,
    edition: pl.Expr,
    from_provider: pl.Expr,
    to_provider: pl.Expr,
    is_recovery: pl.Expr,
    *,
    hybrid_benefit_start: str,
) -> pl.Expr:
    """What the Azure Hybrid Benefit says of the assignment, where one begins or ends it; else null."""
    hybrid = "azure_hybrid_benefit"
    starts = (assignment_reason == hybrid) & to_provider.is_not_null()
    ends = (last_reason.cast(pl.String) == hybrid) & from_provider.is_not_null() & to_provider.is_null()
    is_datacenter = edition.cast(pl.String).str.starts_with("Datacenter").fill_null(value=False)
    free = pl.lit(hybrid_benefit_start == "any_time")
    return (
        pl.when((starts | ends) & is_datacenter)
        .then(Reason.MIGRATION_ALLOWANCE.lit)
        .when(starts & free)
        .then(Reason.HYBRID_BENEFIT_STARTS.lit)
        .when(ends & is_recovery.cast(pl.Boolean).fill_null(value=False))
        .then(Reason.HYBRID_RECOVERY.lit)
        .when(ends)
        .then(Reason.HYBRID_LOCK.lit)
    )


@rule(unit="code", cite="across_farms", start="2011-07-01", decides_null=True)
def direction(from_provider: pl.Expr, to_provider: pl.Expr) -> pl.Expr:
    """Where the licenses go: `to_provider`, `back`, `onward` to another one, `within` one, or `at_home`."""
    return (
        pl.when(from_provider.is_null() & to_provider.is_null())
        .then(pl.lit("at_home"))
        .when(from_provider.is_null())
        .then(pl.lit("to_provider"))
        .when(to_provider.is_null())
        .then(pl.lit("back"))
        .when(from_provider != to_provider)
        .then(pl.lit("onward"))
        .otherwise(pl.lit("within"))
    )


@rule(unit="flag", cite="zones", start="2011-07-01", decides_null=True, optional=("uses_zones", "is_same_zone"))
def leaves_zone(direction: pl.Expr, uses_zones: pl.Expr, is_same_zone: pl.Expr, *, provider_zones: str) -> pl.Expr:
    """Whether the licenses leave a zone of a provider whose own rules bind them to it."""
    zoned = _flag(uses_zones).fill_null(value=False) & (direction == "within")
    strict = pl.lit(provider_zones == "stricter_partner_rule")
    return strict & zoned & ~_flag(is_same_zone).fill_null(value=False)


@rule(
    unit="code", cite="across_farms", start="2011-07-01", decides_null=True,
    optional=("has_sa", "is_same_farm"),
)  # fmt: skip
def freedom(
    direction: pl.Expr,
    basis: pl.Expr,
    has_mobility: pl.Expr,
    follows_machine: pl.Expr,
    has_sa: pl.Expr,
    is_same_farm: pl.Expr,
    leaves_zone: pl.Expr,
    *,
    move_to_provider: str,
) -> pl.Expr:
    """Why the licenses may move at any time; where they may not, what binds them for the period."""
    mobile = _flag(has_mobility).fill_null(value=False) | (basis == "mobility")
    alone = _flag(follows_machine).fill_null(value=False)
    inside, sa = _flag(is_same_farm), _flag(has_sa)
    may_arrive = (basis == "mobility") & pl.lit(move_to_provider == "any_time")
    return (
        pl.when((direction == "to_provider") & may_arrive)
        .then(Reason.TO_PROVIDER.lit)
        .when(direction == "to_provider")
        .then(Reason.TO_PROVIDER_TOO_SOON.lit)
        .when(direction == "back")
        .then(Reason.BACK_FROM_PROVIDER.lit)
        .when(direction == "onward")
        .then(Reason.OTHER_PROVIDER.lit)
        .when(leaves_zone)
        .then(Reason.OTHER_ZONE.lit)
        .when(~mobile & ~alone)
        .then(Reason.BOUND_TO_SERVER.lit)
        .when(~inside)
        .then(Reason.OTHER_FARM.lit)
        .when(inside.is_null())
        .then(Reason.FARM_UNKNOWN.lit)
        .when(~sa)
        .then(Reason.NO_SOFTWARE_ASSURANCE.lit)
        .when(sa.is_null())
        .then(Reason.SOFTWARE_ASSURANCE_UNKNOWN.lit)
        .when(alone)
        .then(Reason.WITHIN_FARM_BY_MACHINE.lit)
        .otherwise(Reason.WITHIN_FARM.lit)
    )


@rule(
    unit="code", cite="short_term", start="2011-07-01", decides_null=True,
    optional=("is_after_period", "is_on_last_day"),
)  # fmt: skip
def decision(
    has_origin: pl.Expr,
    is_same_place: pl.Expr,
    assignment_reason: pl.Expr,
    hybrid_benefit: pl.Expr,
    freedom: pl.Expr,
    is_after_period: pl.Expr,
    is_on_last_day: pl.Expr,
) -> pl.Expr:
    """Why the assignment is allowed, is not, or cannot be judged."""
    after = _flag(is_after_period)
    free = freedom.is_in(ANY_TIME)
    return (
        pl.when(~_flag(has_origin))
        .then(Reason.FIRST_ASSIGNMENT.lit)
        .when(_flag(is_same_place).fill_null(value=False))
        .then(Reason.SAME_PLACE.lit)
        .when(assignment_reason == "permanent_hardware_failure")
        .then(Reason.HARDWARE_FAILURE.lit)
        .when(hybrid_benefit.is_in(ANY_TIME).fill_null(value=False))
        .then(hybrid_benefit)
        .when(free & hybrid_benefit.is_null())
        .then(freedom)
        .when(after & _flag(is_on_last_day).fill_null(value=False))
        .then(Reason.ON_LAST_DAY.lit)
        .when(after)
        .then(Reason.AFTER_PERIOD.lit)
        .when(after.is_null())
        .then(Reason.LAST_ASSIGNMENT_UNKNOWN.lit)
        .otherwise(pl.coalesce(hybrid_benefit, freedom))
    )


@rule(unit="flag", cite="short_term", start="2011-07-01")
def is_allowed(decision: pl.Expr) -> pl.Expr:
    """Whether the assignment is allowed; null where it cannot be judged."""
    return pl.when(~decision.is_in(UNKNOWN)).then(decision.is_in(ALLOWED))


def _flag(column: pl.Expr) -> pl.Expr:
    return column.cast(pl.Boolean)
