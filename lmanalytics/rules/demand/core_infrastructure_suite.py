"""Core Infrastructure Server Suite: Windows Server and System Center of one edition for the same cores, in one.

Each suite license is a license of both components (`suite_components` splits what is owned), so owned suites
serve the demand of either product. What is still to buy can be bought as suites, too: as many as both
components lack, if one costs less than the two of them.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "shortages"
ANSWER = "suites_to_buy"


class Reason(ReasonBase):
    """Whether the suite is the cheaper way to buy both components."""

    SUITE = "One license of the suite costs less than one of each component."
    COMPONENTS = "One license of each component costs no more than one of the suite."


@rule(unit="core_license", cite="suite", start="2016-10-01")
def core_licenses(cores_to_license: pl.Expr, full_sets: pl.Expr) -> pl.Expr:
    """Suite licenses that cover both components of one server: whole sets of its cores."""
    return cores_to_license * full_sets


@rule(unit="money", cite="suite", start="2016-10-01")
def saving(windows_server_price: pl.Expr, system_center_price: pl.Expr, suite_price: pl.Expr) -> pl.Expr:
    """What one suite license costs less than both components; negative where it costs more."""
    return windows_server_price + system_center_price - suite_price


@rule(unit="code", cite="suite", start="2016-10-01")
def cheapest(saving: pl.Expr) -> pl.Expr:
    """The cheaper way to buy both components; the components where both cost the same."""
    return pl.when(saving > 0).then(Reason.SUITE.lit).otherwise(Reason.COMPONENTS.lit)


@rule(unit="core_license", cite="suite", start="2016-10-01")
def suites_to_buy(windows_server_short: pl.Expr, system_center_short: pl.Expr, saving: pl.Expr) -> pl.Expr:
    """Licenses that both components lack and that the suite would bring for less."""
    both = pl.min_horizontal(windows_server_short, system_center_short)
    return pl.when(saving > 0).then(both).otherwise(0)
