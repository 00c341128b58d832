"""License Mobility through Software Assurance: whether a deployment on a provider's servers may use own licenses.

The instance belongs to the customer alone, the hardware may be shared; the license has active Software
Assurance, its product License Mobility; the servers are Azure's or an Authorized Mobility Partner's. Servers
that a Listed Provider dedicates to the customer count like shared ones; those of other outsourcers are used
under the ordinary terms.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.right.license_mobility_products import Reason as Product
from lmanalytics.rules.right.license_mobility_programs import Reason as Program
from lmanalytics.rules.right.mobility_partners import Reason as Partner

FACTS = "mobility_deployments"
ANSWER = "eligibility"


class Reason(ReasonBase):
    """Why a deployment may or may not use own licenses."""

    ELIGIBLE = "Every condition of License Mobility through Software Assurance is met."
    NOT_NEEDED = "On servers that an outsourcer dedicates to the customer the ordinary terms apply."
    FLEXIBLE_VIRTUALIZATION = (
        "The provider is no mobility partner; as an Authorized Outsourcer it falls under Flexible Virtualization."
    )
    PROVIDER_LICENSES = "The provider licenses this deployment."
    HYBRID_BENEFIT = "The deployment uses the Azure Hybrid Benefit, which is another right."
    OTHER_LICENSE = "A Visual Studio subscription or an evaluation license serves the deployment."
    PROVIDER_IMAGE = "The provider rents out what its images contain, and charges for it."
    PRODUCT_NOT_ELIGIBLE = "The license is of no kind that has License Mobility through Software Assurance."
    EDITION_UNKNOWN = "Whether the edition has License Mobility is unknown, since it is not stated."
    PROGRAM_NOT_ELIGIBLE = "Licenses of this program do not have License Mobility."
    PROGRAM_UNKNOWN = "The program of the agreement is unknown; give the agreement."
    SHARED_INSTANCE = "Other customers share the instance; it has to be dedicated to this one."
    NO_PARTNER = "The provider is no Authorized Mobility Partner."
    PROVIDER_UNKNOWN = "Whether the provider is an Authorized Mobility Partner is unknown; state it in the providers."
    NO_SOFTWARE_ASSURANCE = "No license of the product in this agreement has active Software Assurance."
    SOFTWARE_ASSURANCE_UNKNOWN = "No purchases were given, so Software Assurance is unknown."
    AGREEMENT_UNSTATED = "Software Assurance is stated without the agreement that it belongs to."
    ACCESS_WITHOUT_SA = "Access licenses under which the software is used have no active Software Assurance."


_DEDICATED = "dedicated_server"
_THEIRS = ("license_included", "spla")
_NEITHER = ("visual_studio", "evaluation")
_PARTNERS = (Partner.AZURE.code, Partner.STATED_PARTNER.code, Partner.PUBLISHED_PARTNER.code)
_OPEN = (
    Reason.EDITION_UNKNOWN, Reason.PROGRAM_UNKNOWN, Reason.PROVIDER_UNKNOWN, Reason.SOFTWARE_ASSURANCE_UNKNOWN,
    Reason.AGREEMENT_UNSTATED,
)  # fmt: skip
UNKNOWN = tuple(reason.code for reason in _OPEN)
"""Reasons for which more data would help."""
_OTHERWISE = (Reason.PROVIDER_LICENSES, Reason.HYBRID_BENEFIT, Reason.OTHER_LICENSE, Reason.PROVIDER_IMAGE)
LICENSED_OTHERWISE = tuple(reason.code for reason in _OTHERWISE)
"""Reasons for which the deployment takes none of the licenses that this right moves."""


@rule(
    unit="flag", cite="shared_servers", start="2011-07-01", end="2019-09-30", name="needs_mobility", decides_null=True
)
def needs_mobility_before_listed_providers(hosting: pl.Expr) -> pl.Expr:
    """Whether own licenses need this right there: on shared servers."""
    return hosting != _DEDICATED


@rule(unit="flag", cite="shared_servers", start="2019-10-01", decides_null=True, optional=("is_listed_provider",))
def needs_mobility(hosting: pl.Expr, is_listed_provider: pl.Expr) -> pl.Expr:
    """Whether own licenses need this right there: on shared servers, and on a Listed Provider's dedicated ones."""
    return pl.when(hosting == _DEDICATED).then(is_listed_provider.cast(pl.Boolean)).otherwise(statement=True)


@rule(unit="flag", cite="flexible", start="2011-07-01", end="2022-09-30", name="is_flexible", decides_null=True)
def is_flexible_before_october_2022(hosting: pl.Expr) -> pl.Expr:
    """Whether Flexible Virtualization serves instead: not yet."""
    return hosting.is_null() & hosting.is_not_null()


@rule(unit="flag", cite="flexible", start="2022-10-01", decides_null=True, optional=("is_listed_provider",))
def is_flexible(partner_status: pl.Expr, is_listed_provider: pl.Expr) -> pl.Expr:
    """Whether Flexible Virtualization serves instead: with an outsourcer that is known and is no Listed Provider."""
    unlisted = ~is_listed_provider.cast(pl.Boolean).fill_null(value=True)
    return unlisted & (partner_status == Partner.NO_PARTNER.code)


@rule(unit="code", cite="requirements", start="2011-07-01", decides_null=True, optional=("license_source",))
def licensed_otherwise(license_source: pl.Expr, is_provider_image: pl.Expr, licenses_its_images: pl.Expr) -> pl.Expr:
    """Why the deployment takes no license that this right moves; null where it takes one."""
    source = license_source.cast(pl.String)
    return (
        pl.when(source.is_in(_THEIRS))
        .then(Reason.PROVIDER_LICENSES.lit)
        .when(source == "azure_hybrid_benefit")
        .then(Reason.HYBRID_BENEFIT.lit)
        .when(source.is_in(_NEITHER))
        .then(Reason.OTHER_LICENSE.lit)
        .when(_yes(is_provider_image) & _yes(licenses_its_images))
        .then(Reason.PROVIDER_IMAGE.lit)
    )


@rule(unit="code", cite="requirements", start="2011-07-01", decides_null=True)
def license_obstacle(through_sa: pl.Expr, program_eligibility: pl.Expr) -> pl.Expr:
    """What keeps licenses of the product and program from being used; null for nothing."""
    return (
        pl.when(through_sa == Product.EDITION_UNKNOWN.code)
        .then(Reason.EDITION_UNKNOWN.lit)
        .when(through_sa != Product.LISTED.code)
        .then(Reason.PRODUCT_NOT_ELIGIBLE.lit)
        .when(program_eligibility == Program.PROGRAM_NOT_ELIGIBLE.code)
        .then(Reason.PROGRAM_NOT_ELIGIBLE.lit)
        .when(program_eligibility.is_null())
        .then(Reason.PROGRAM_UNKNOWN.lit)
    )


@rule(unit="code", cite="requirements", start="2011-07-01", decides_null=True)
def place_obstacle(
    needs_mobility: pl.Expr,
    hosting: pl.Expr,
    is_tenant_dedicated_instance: pl.Expr,
    partner_status: pl.Expr,
    is_flexible: pl.Expr,
) -> pl.Expr:
    """What keeps licenses from being used at the provider; null for nothing."""
    shared = (hosting != _DEDICATED) & ~_yes(is_tenant_dedicated_instance)
    known = partner_status.cast(pl.String).is_in(_PARTNERS) & needs_mobility.cast(pl.Boolean).is_not_null()
    return (
        pl.when(shared)
        .then(Reason.SHARED_INSTANCE.lit)
        .when(_yes(is_flexible))
        .then(Reason.FLEXIBLE_VIRTUALIZATION.lit)
        .when(partner_status == Partner.NO_PARTNER.code)
        .then(Reason.NO_PARTNER.lit)
        .when(~known.fill_null(value=False))
        .then(Reason.PROVIDER_UNKNOWN.lit)
    )


@rule(
    unit="code",
    cite="requirements",
    start="2011-07-01",
    decides_null=True,
    optional=("sa_quantity", "unstated_sa_quantity", "has_access_sa"),
)
def assurance_obstacle(
    is_purchases_given: pl.Expr, sa_quantity: pl.Expr, unstated_sa_quantity: pl.Expr, has_access_sa: pl.Expr
) -> pl.Expr:
    """What Software Assurance lacks; null for nothing.

    `sa_quantity` are the licenses of product and edition with active Software Assurance in the deployment's own
    agreement, `unstated_sa_quantity` those of a statement that names no agreement.
    """
    return (
        pl.when(~has_access_sa.cast(pl.Boolean).fill_null(value=True))
        .then(Reason.ACCESS_WITHOUT_SA.lit)
        .when(~_yes(is_purchases_given))
        .then(Reason.SOFTWARE_ASSURANCE_UNKNOWN.lit)
        .when(_none(sa_quantity) & ~_none(unstated_sa_quantity))
        .then(Reason.AGREEMENT_UNSTATED.lit)
        .when(_none(sa_quantity))
        .then(Reason.NO_SOFTWARE_ASSURANCE.lit)
    )


@rule(unit="code", cite="requirements", start="2011-07-01", decides_null=True)
def eligibility(
    licensed_otherwise: pl.Expr,
    needs_mobility: pl.Expr,
    license_obstacle: pl.Expr,
    place_obstacle: pl.Expr,
    assurance_obstacle: pl.Expr,
) -> pl.Expr:
    """Why the deployment may or may not use own licenses: what is certain before what is unknown."""
    obstacles = (license_obstacle, place_obstacle, assurance_obstacle)
    certain = [pl.when(~o.is_in(UNKNOWN)).then(o) for o in obstacles]
    return (
        pl.when(licensed_otherwise.is_not_null())
        .then(licensed_otherwise)
        .when(~needs_mobility.cast(pl.Boolean))
        .then(Reason.NOT_NEEDED.lit)
        .otherwise(pl.coalesce(*certain, *obstacles, Reason.ELIGIBLE.lit))
    )


@rule(unit="flag", cite="requirements", start="2011-07-01")
def is_eligible(eligibility: pl.Expr) -> pl.Expr:
    """Whether own licenses may be used; null where it cannot be told, or where no own license is meant."""
    own = [Reason.ELIGIBLE.code, Reason.NOT_NEEDED.code]
    undecided = [*UNKNOWN, *LICENSED_OTHERWISE]
    return pl.when(~eligibility.is_in(undecided)).then(eligibility.is_in(own))


def _yes(flag: pl.Expr) -> pl.Expr:
    return flag.cast(pl.Boolean).fill_null(value=False)


def _none(count: pl.Expr) -> pl.Expr:
    return count.cast(pl.Int64).fill_null(0) <= 0
