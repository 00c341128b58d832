"""Whether licenses of a lot could be stepped up along an edge on the day of the position, and what that saves.

A step-up has to be ordered under the agreement and enrollment under which coverage of the license was bought, while
that coverage lasts. A license has one step-up at a time: edges that lead from the same lot are alternatives.
"""

import polars as pl

from lmanalytics.rules.demand.price_list import PER_LICENSE
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.schemas import MONEY

FACTS = "step_up_offers"
ANSWER = "steppable"


class Reason(ReasonBase):
    """Why licenses can, or cannot, be stepped up."""

    CAN_STEP_UP = "The licenses have active Software Assurance, and their program offers the step-up."
    NO_ACTIVE_SA = "Without active Software Assurance there is no step-up."
    SA_END_UNKNOWN = "It is not known whether Software Assurance is active, so neither is whether they can step up."
    PROGRAM_WITHOUT_STEP_UP = "The program does not offer step-ups."
    AGREEMENT_UNKNOWN = "The agreement is not known, and a step-up has to be ordered under the same one."
    ENROLLMENT_ENDED = "The enrollment has ended, and a step-up has to be ordered under the same one."
    OTHER_METRIC = "The terms offer the step-up for licenses of another metric only."
    SUITE_COMPONENT = "The licenses are a component of a suite, which steps up as a whole."


_UNKNOWN = (Reason.AGREEMENT_UNKNOWN.code, Reason.SA_END_UNKNOWN.code)


@rule(unit="flag", cite="step_up", start="2001-10-01", decides_null=True, optional=("edge_metric",))
def is_other_metric(metric: pl.Expr, edge_metric: pl.Expr, is_other_kind: pl.Expr) -> pl.Expr:
    """Whether the step-up is one for licenses of another metric, or of access licenses where these are none."""
    return is_other_kind | (edge_metric.cast(pl.String) != metric).fill_null(value=False)


@rule(
    unit="code",
    cite="step_up",
    start="2001-10-01",
    decides_null=True,
    optional=("agreement_id", "enrollment_end", "has_step_up"),
)
def reason(
    is_other_metric: pl.Expr,
    is_component: pl.Expr,
    has_step_up: pl.Expr,
    sa_active: pl.Expr,
    is_sa_unknown: pl.Expr,
    agreement_id: pl.Expr,
    enrollment_end: pl.Expr,
    *,
    as_of: object,
) -> pl.Expr:
    """Why the lot can step up along the edge, or why not; a program that is not known is taken to offer it."""
    return (
        pl.when(is_other_metric)
        .then(Reason.OTHER_METRIC.lit)
        .when(is_component)
        .then(Reason.SUITE_COMPONENT.lit)
        .when((~has_step_up.cast(pl.Boolean)).fill_null(value=False))
        .then(Reason.PROGRAM_WITHOUT_STEP_UP.lit)
        .when(is_sa_unknown)
        .then(Reason.SA_END_UNKNOWN.lit)
        .when(~sa_active)
        .then(Reason.NO_ACTIVE_SA.lit)
        .when(agreement_id.is_null())
        .then(Reason.AGREEMENT_UNKNOWN.lit)
        .when((enrollment_end.cast(pl.Date) < pl.lit(as_of)).fill_null(value=False))
        .then(Reason.ENROLLMENT_ENDED.lit)
        .otherwise(Reason.CAN_STEP_UP.lit)
    )


@rule(unit="license", cite="step_up", start="2001-10-01")
def steppable(quantity: pl.Expr, reason: pl.Expr) -> pl.Expr:
    """Licenses of the lot that could be stepped up; not known where the agreement or its coverage is not."""
    can = reason == Reason.CAN_STEP_UP.code
    return pl.when(can).then(quantity).when(~reason.is_in(_UNKNOWN)).then(0)


@rule(unit="pack", cite="price", start="2001-10-01", optional=("pack_size",))
def packs(steppable: pl.Expr, pack_size: pl.Expr) -> pl.Expr:
    """Packs of step-ups that all of them would take."""
    size = pack_size.cast(pl.Int64)
    return (steppable + size - 1) // size


@rule(unit="money", cite="price", start="2001-10-01", decides_null=True, optional=("price", "price_of_new"))
def saving(steppable: pl.Expr, price: pl.Expr, price_of_new: pl.Expr) -> pl.Expr:
    """What stepping all of them up costs less than new licenses of the higher edition, license by license."""
    less = price_of_new.cast(PER_LICENSE) - price.cast(PER_LICENSE)
    return pl.when(steppable > 0).then((less * steppable).cast(MONEY)).when(steppable == 0).then(pl.lit(0, MONEY))
