"""Windows at a provider whose own rules are stricter than the terms: always rented there, or not permitted."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "oses"
ANSWER = "windows_use"


class Reason(ReasonBase):
    """Whether an OSE may run its Windows at a provider under the provider's own rules."""

    NO_RULE_OF_ITS_OWN = "The provider adds no rule of its own about Windows; the terms alone decide."
    NOT_WINDOWS = "It does not run Windows."
    RENTED = "Windows is rented from the provider, as its rules ask."
    MUST_BE_RENTED = "The provider excludes own licenses of Windows Server, which has to be rented from it."
    NO_DESKTOP_WINDOWS = "The provider permits no desktop Windows, under any license."
    LICENSE_UNKNOWN = "No export says whose license of Windows Server it uses; the provider permits rented ones only."
    OS_UNKNOWN = "No export says what it runs."


@rule(unit="code", cite="interoute", start="2011-07-01", decides_null=True, optional=("excludes_windows",))
def windows_use(
    excludes_windows: pl.Expr, os_product: pl.Expr, license_source: pl.Expr, *, provider_windows: str
) -> pl.Expr:
    """Whether an OSE may run its Windows where it is."""
    stricter = excludes_windows.cast(pl.Boolean).fill_null(value=False)
    source = license_source.cast(pl.String)
    return (
        pl.when(~stricter | pl.lit(provider_windows == "terms_alone"))
        .then(Reason.NO_RULE_OF_ITS_OWN.lit)
        .when(os_product.is_null())
        .then(Reason.OS_UNKNOWN.lit)
        .when(os_product == "Windows")
        .then(Reason.NO_DESKTOP_WINDOWS.lit)
        .when(os_product != "Windows Server")
        .then(Reason.NOT_WINDOWS.lit)
        .when(source.is_in(["license_included", "spla"]))
        .then(Reason.RENTED.lit)
        .when(source.is_null())
        .then(Reason.LICENSE_UNKNOWN.lit)
        .otherwise(Reason.MUST_BE_RENTED.lit)
    )


@rule(unit="flag", cite="interoute", start="2011-07-01")
def is_permitted(windows_use: pl.Expr) -> pl.Expr:
    """Whether the provider's rules permit it; unknown where the exports do not say enough."""
    unknown = windows_use.is_in([Reason.LICENSE_UNKNOWN.code, Reason.OS_UNKNOWN.code])
    barred = windows_use.is_in([Reason.MUST_BE_RENTED.code, Reason.NO_DESKTOP_WINDOWS.code])
    return pl.when(~unknown).then(~barred)
