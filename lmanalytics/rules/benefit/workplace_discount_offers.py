"""What an order of the Workplace Discount Program asks for, and whether another version was installed under it."""

import polars as pl

from lmanalytics.rules.engine import rule
from lmanalytics.rules.entitlement.new_version_rights import alias
from lmanalytics.rules.mapping import mapped

FACTS = "workplace_orders"
ANSWER = "right"


@rule(unit="text", cite="benefit", start="2015-07-01")
def right(offer: pl.Expr, *, workplace_offers: pl.DataFrame) -> pl.Expr:
    """The right that the order uses; null for an offer that is not known."""
    return mapped(_named(offer), workplace_offers["offer"], workplace_offers["right"])


@rule(unit="code", cite="benefit", start="2015-07-01")
def option(offer: pl.Expr, *, workplace_offers: pl.DataFrame) -> pl.Expr:
    """The option of the program: online_services or software."""
    return mapped(_named(offer), workplace_offers["offer"], workplace_offers["option"])


@rule(unit="text", cite="benefit", start="2015-07-01")
def product(offer: pl.Expr, *, workplace_offers: pl.DataFrame) -> pl.Expr:
    """The application whose users may order it; null for subscriptions."""
    return mapped(_named(offer), workplace_offers["offer"], workplace_offers["product"])


@rule(unit="date", cite="benefit", start="2015-07-01", decides_null=True)
def other_version_on(
    offer: pl.Expr,
    installed_version: pl.Expr,
    installed_on: pl.Expr,
    ordered_on: pl.Expr,
    *,
    workplace_offers: pl.DataFrame,
) -> pl.Expr:
    """Day on which another version than the license's was installed under it; the order's where none is given."""
    own = mapped(_named(offer), workplace_offers["offer"], workplace_offers["version"].cast(pl.String))
    other = alias(installed_version.cast(pl.String)) != own
    return pl.when(other).then(pl.coalesce(installed_on.cast(pl.Date), ordered_on.cast(pl.Date)))


def _named(offer: pl.Expr) -> pl.Expr:
    return offer.cast(pl.String).str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
