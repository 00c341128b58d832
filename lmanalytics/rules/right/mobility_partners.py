"""Who may run licenses under License Mobility: Microsoft Azure and Authorized Mobility Partners.

What a customer's own table of providers says comes first. Of the partners that publish it, name, address and
stricter rules are known here.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "providers"
ANSWER = "partner_status"


class Reason(ReasonBase):
    """What a provider is to License Mobility."""

    AZURE = "Microsoft Azure needs no qualification as a partner."
    STATED_PARTNER = "The table of providers states that it is an Authorized Mobility Partner."
    PUBLISHED_PARTNER = "The provider publishes that it is an Authorized Mobility Partner."
    NO_PARTNER = "The provider is no Authorized Mobility Partner on that day."
    PROVIDER_UNKNOWN = "Nothing is known of the provider; state in the table of providers whether it is a partner."


@frame_rule(unit="code", cite="partners", start="2011-07-01")
def known_partners(
    names: pl.LazyFrame, *, mobility_partners: pl.DataFrame, mobility_partner_names: pl.DataFrame
) -> pl.LazyFrame:
    """Recognize partners by what exports call them; case, spaces and punctuation do not matter.

    Args:
        names: provider, in any spelling, once each.
        mobility_partners: partner, partner_name, partner_website, partner_email, is_azure, is_listed_provider,
            uses_zones, licenses_its_images, min_stay_days, form_per_product, excludes_windows.
        mobility_partner_names: name, partner.

    Returns:
        provider and the columns of mobility_partners, all null for a provider that is not recognized.

    """
    told = mobility_partners.lazy().drop("reference")
    known = mobility_partner_names.lazy().select(_plain=_plain("name"), partner="partner").unique(subset="_plain")
    return (
        names.select("provider")
        .with_columns(_plain=_plain("provider"))
        .join(known, on="_plain", how="left")
        .join(told, on="partner", how="left")
        .drop("_plain")
    )


@rule(
    unit="code",
    cite="partners",
    start="2011-07-01",
    decides_null=True,
    optional=("is_azure", "partner", "is_stated_partner", "was_ever_stated_partner", "is_in_providers"),
)
def partner_status(
    is_azure: pl.Expr,
    partner: pl.Expr,
    is_stated_partner: pl.Expr,
    was_ever_stated_partner: pl.Expr,
    is_in_providers: pl.Expr,
) -> pl.Expr:
    """What a provider is on the day of the position.

    A table of providers that calls one a partner on some day is believed on every day; one that never does may
    have left the column out, and a partner that publishes it stays one.
    """
    return (
        pl.when(_yes(is_azure))
        .then(Reason.AZURE.lit)
        .when(_yes(is_stated_partner))
        .then(Reason.STATED_PARTNER.lit)
        .when(_yes(was_ever_stated_partner))
        .then(Reason.NO_PARTNER.lit)
        .when(partner.is_not_null())
        .then(Reason.PUBLISHED_PARTNER.lit)
        .when(_yes(is_in_providers))
        .then(Reason.NO_PARTNER.lit)
        .otherwise(Reason.PROVIDER_UNKNOWN.lit)
    )


def _plain(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")


def _yes(flag: pl.Expr) -> pl.Expr:
    return flag.cast(pl.Boolean).fill_null(value=False)
