"""Whether a shortage is so large that another verification may follow within a year."""

import polars as pl

from lmanalytics.rules.demand.price_list import PER_LICENSE
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "position"
ANSWER = "is_material"


class Reason(ReasonBase):
    """What a shortage means for the next verification."""

    MATERIAL = "The shortage is material: another verification may follow within a year."
    NOT_MATERIAL = "The shortage is below the threshold: the same entity is not verified again for a year."
    NOTHING_REQUIRED = "Nothing is required, so nothing can be short."


@rule(unit="license", cite="verification", start="2011-01-01")
def shortage(required: pl.Expr, held: pl.Expr) -> pl.Expr:
    """Licenses required beyond those held."""
    return pl.max_horizontal(required - held, pl.lit(0))


@rule(unit="percent", cite="verification", start="2011-01-01")
def shortage_percent(shortage: pl.Expr, required: pl.Expr, *, parts_of_the_whole: int) -> pl.Expr:
    """Shortage in percent of what is required."""
    share = (shortage * parts_of_the_whole).cast(PER_LICENSE) / required.cast(PER_LICENSE)
    return pl.when(required > 0).then(share)


@rule(unit="flag", cite="verification", start="2011-01-01")
def is_material(
    shortage: pl.Expr, required: pl.Expr, *, material_shortage_percent: int, parts_of_the_whole: int
) -> pl.Expr:
    """Whether the shortage reaches the threshold, compared in whole numbers."""
    return (required > 0) & (shortage * parts_of_the_whole >= required * material_shortage_percent)


@rule(unit="code", cite="verification", start="2011-01-01")
def reason(is_material: pl.Expr, required: pl.Expr) -> pl.Expr:
    """Why the shortage is material or not."""
    return (
        pl.when(required == 0)
        .then(Reason.NOTHING_REQUIRED.lit)
        .when(is_material)
        .then(Reason.MATERIAL.lit)
        .otherwise(Reason.NOT_MATERIAL.lit)
    )
