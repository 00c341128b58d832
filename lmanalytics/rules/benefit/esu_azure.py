"""Where Extended Security Updates cost nothing of their own: Azure and Azure Stack, offering by offering."""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "server_years"
ANSWER = "is_free"


class Reason(ReasonBase):
    """Why updates cost nothing where a workload runs, or why they do."""

    INCLUDED = "The offering's updates are included in the place where it runs."
    CHARGED_SINCE = "Offerings released since the day on which prices became the same everywhere are charged there too."
    NOT_WAIVED = "Nothing waives the purchase for this product there."
    ELSEWHERE = "It runs neither in Azure nor on Azure Stack."


@rule(unit="flag", cite="terms", start="2018-07-12", optional=("location",))
def is_azure(location: pl.Expr, *, esu_locations: pl.DataFrame) -> pl.Expr:
    """Whether it runs in Azure or on Azure Stack."""
    return location.is_in(esu_locations["location"].to_list())


@rule(
    unit="code", cite="terms", start="2018-07-12",
    optional=("location", "released_on", "is_free_in_azure", "is_free_on_azure_stack"),
)  # fmt: skip
def waiver(
    location: pl.Expr,
    released_on: pl.Expr,
    is_free_in_azure: pl.Expr,
    is_free_on_azure_stack: pl.Expr,
    *,
    esu_locations: pl.DataFrame,
    esu_azure_charge: str,
    charged_since: date,
) -> pl.Expr:
    """Why the updates cost something, or nothing, at a place."""
    stack = esu_locations.filter(pl.col("is_azure_stack"))["location"].to_list()
    azure = esu_locations.filter(~pl.col("is_azure_stack"))["location"].to_list()
    waived = (
        pl.when(location.is_in(stack))
        .then(is_free_on_azure_stack.cast(pl.Boolean))
        .when(location.is_in(azure))
        .then(is_free_in_azure.cast(pl.Boolean))
    )
    charged = (released_on.cast(pl.Date) >= charged_since) & (esu_azure_charge == "by_release")
    return (
        pl.when(waived.is_null())
        .then(Reason.ELSEWHERE.lit)
        .when(~waived)
        .then(Reason.NOT_WAIVED.lit)
        .when(charged)
        .then(Reason.CHARGED_SINCE.lit)
        .otherwise(Reason.INCLUDED.lit)
    )


@rule(unit="flag", cite="terms", start="2018-07-12")
def is_free(waiver: pl.Expr) -> pl.Expr:
    """Whether the updates cost nothing where the workload runs, and need no purchase."""
    return waiver == Reason.INCLUDED.code
