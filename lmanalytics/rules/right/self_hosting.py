"""Self-Hosted Applications: may third parties use the solution that own software and Microsoft's make together.

Each condition of the terms is decided by itself, in their order. One that fails forbids; one that is unknown leaves
the answer open unless another fails.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "solutions"
ANSWER = "is_permitted"


class Reason(ReasonBase):
    """The condition that fails, by its name in `failing_conditions`; or the answer where none does."""

    SA_PRODUCTS = "A Self-Hosted Application of the solution has no Software Assurance."
    SA_ACCESS_LICENSES = "An access license that makes the solution available has no Software Assurance."
    LICENSES_VIA_VL = "Some Microsoft software in it is not licensed through Volume Licensing."
    ALL_MS_SOFTWARE_ELIGIBLE = "Some Microsoft software in it is not eligible for self-hosting."
    OWN_SOFTWARE_PRIMARY = "The customer's software adds no significant and primary functionality."
    PRINCIPAL_SERVICE = "The customer's software is not the principal service of the solution."
    DIRECT_ACCESS = "End users have direct access to the Self-Hosted Applications."
    DELIVERED_REMOTELY = "The solution is not delivered over the Internet, a telephone or a private network."
    SERVERS_CONTROLLED_BY_CUSTOMER = "The end user controls the servers."
    ON_END_USER_DEVICE = "The solution is loaded onto the end user's device."
    OWNED_BY_CUSTOMER = "The customer licenses its software from another instead of owning it."
    PERMITTED = "Every condition of the terms holds."
    OUTSOURCED = "Every condition holds; another operates the servers, so the Outsourcing clause applies."
    NOT_KNOWN = "No condition is known to fail, but some are not known."


@rule(unit="code", cite="self_hosting", start="2016-10-01", decides_null=True)
def failing_of_licenses(
    sa_products: pl.Expr, sa_access_licenses: pl.Expr, licenses_via_vl: pl.Expr, all_ms_software_eligible: pl.Expr
) -> pl.Expr:
    """Conditions on the licenses that fail: Software Assurance of products and access licenses, program, product."""
    return _failing(
        [
            (sa_products, Reason.SA_PRODUCTS),
            (sa_access_licenses, Reason.SA_ACCESS_LICENSES),
            (licenses_via_vl, Reason.LICENSES_VIA_VL),
            (all_ms_software_eligible, Reason.ALL_MS_SOFTWARE_ELIGIBLE),
        ]
    )


@rule(unit="code", cite="self_hosting", start="2016-10-01", decides_null=True)
def failing_of_software(own_software_primary: pl.Expr, principal_service: pl.Expr, direct_access: pl.Expr) -> pl.Expr:
    """Conditions on what the customer's software is to the end user that fail."""
    return _failing(
        [
            (own_software_primary, Reason.OWN_SOFTWARE_PRIMARY),
            (principal_service, Reason.PRINCIPAL_SERVICE),
            (~direct_access, Reason.DIRECT_ACCESS),
        ]
    )


@rule(unit="code", cite="self_hosting", start="2016-10-01", decides_null=True)
def failing_of_delivery(
    delivered_remotely: pl.Expr,
    servers_controlled_by_customer: pl.Expr,
    is_on_end_user_device: pl.Expr,
    owned_by_customer: pl.Expr,
) -> pl.Expr:
    """Conditions on how the solution is delivered, and on who owns the software, that fail."""
    return _failing(
        [
            (delivered_remotely, Reason.DELIVERED_REMOTELY),
            (servers_controlled_by_customer, Reason.SERVERS_CONTROLLED_BY_CUSTOMER),
            (~is_on_end_user_device, Reason.ON_END_USER_DEVICE),
            (owned_by_customer, Reason.OWNED_BY_CUSTOMER),
        ]
    )


@rule(unit="code", cite="self_hosting", start="2016-10-01")
def failing_conditions(
    failing_of_licenses: pl.Expr, failing_of_software: pl.Expr, failing_of_delivery: pl.Expr
) -> pl.Expr:
    """Every condition that fails, in the order of the terms."""
    every = pl.concat_list(failing_of_licenses, failing_of_software, failing_of_delivery)
    return every.list.eval(pl.element().filter(pl.element() != _UNKNOWN))


@rule(unit="code", cite="self_hosting", start="2016-10-01")
def reason(
    failing_conditions: pl.Expr,
    failing_of_licenses: pl.Expr,
    failing_of_software: pl.Expr,
    failing_of_delivery: pl.Expr,
    is_operator_another: pl.Expr,
) -> pl.Expr:
    """The first condition that fails; without one, whether all are known to hold."""
    every = pl.concat_list(failing_of_licenses, failing_of_software, failing_of_delivery)
    holds = pl.when(is_operator_another).then(Reason.OUTSOURCED.lit).otherwise(Reason.PERMITTED.lit)
    return (
        pl.when(failing_conditions.list.len() > 0)
        .then(failing_conditions.list.first())
        .when(every.list.contains(_UNKNOWN))
        .then(Reason.NOT_KNOWN.lit)
        .otherwise(holds)
    )


@rule(unit="flag", cite="self_hosting", start="2016-10-01")
def is_permitted(reason: pl.Expr) -> pl.Expr:
    """Whether third parties may use the solution; null where that is not known."""
    return pl.when(reason != Reason.NOT_KNOWN.code).then(reason.is_in([Reason.PERMITTED.code, Reason.OUTSOURCED.code]))


_UNKNOWN = "?"


def _failing(conditions: list[tuple[pl.Expr, Reason]]) -> pl.Expr:
    codes = [
        pl.when(~holds.cast(pl.Boolean)).then(code.lit).when(holds.is_null()).then(pl.lit(_UNKNOWN))
        for holds, code in conditions
    ]
    return pl.concat_list(codes).list.drop_nulls()
