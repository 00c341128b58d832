"""Whether licenses may go to somebody else: perpetual ones as their agreement permits, OEM ones with their machine."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "purchases"
ANSWER = "is_permitted"


class Reason(ReasonBase):
    """What can be said of a transfer."""

    NOT_PERPETUAL = "The rights end with the term of their program, so that there is nothing to transfer."
    WITH_ITS_MACHINE = "The license is bound to its machine and goes with it."
    MACHINE_STAYS = "The license is bound to its machine, which is not where the transfer says."
    MACHINE_UNKNOWN = "The license is bound to a machine, and no document says to which."
    AGREEMENT_DECIDES = "Licenses may be transferred only as their agreement permits, which no table states."


@rule(
    unit="code",
    cite="transfer",
    start="2001-10-01",
    decides_null=True,
    optional=("is_perpetual", "is_machine_here", "tied_to_host_id", "program"),
)
def reason(
    purchase_type: pl.Expr,
    program: pl.Expr,
    is_perpetual: pl.Expr,
    tied_to_host_id: pl.Expr,
    is_machine_here: pl.Expr,
) -> pl.Expr:
    """What decides about the transfer: its program, the machine it is bound to, or the agreement alone."""
    bound = tied_to_host_id.is_not_null() | (program.cast(pl.String) == "oem").fill_null(value=False)
    stays = is_machine_here.cast(pl.Boolean) == (purchase_type == "transfer_out")
    return (
        pl.when((~is_perpetual.cast(pl.Boolean)).fill_null(value=False))
        .then(Reason.NOT_PERPETUAL.lit)
        .when(bound & (tied_to_host_id.is_null() | is_machine_here.is_null()))
        .then(Reason.MACHINE_UNKNOWN.lit)
        .when(bound & stays)
        .then(Reason.MACHINE_STAYS.lit)
        .when(bound)
        .then(Reason.WITH_ITS_MACHINE.lit)
        .otherwise(Reason.AGREEMENT_DECIDES.lit)
    )


@rule(unit="flag", cite="transfer", start="2001-10-01")
def is_permitted(reason: pl.Expr) -> pl.Expr:
    """Whether the transfer is permitted; null where the agreement or an unknown machine decides."""
    barred = (Reason.NOT_PERPETUAL.code, Reason.MACHINE_STAYS.code)
    return (
        pl.when(reason == Reason.WITH_ITS_MACHINE.code)
        .then(statement=True)
        .when(reason.is_in(barred))
        .then(statement=False)
    )
