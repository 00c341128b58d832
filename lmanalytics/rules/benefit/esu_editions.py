"""What an offering of Extended Security Updates is sold for: editions, programs and channels."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "offerings"
ANSWER = "is_edition_offered"


class Reason(ReasonBase):
    """Whether an edition can have updates at all."""

    SUBSCRIBABLE = "Updates are sold for this edition."
    NOT_SUBSCRIBABLE = "No updates are sold for this edition."


@rule(unit="flag", cite="editions", start="2018-07-12", decides_null=True, optional=("edition", "editions"))
def is_edition_offered(edition: pl.Expr, editions: pl.Expr) -> pl.Expr:
    """Whether updates are offered for the edition; of an offering that names none for any edition."""
    listed = editions.cast(pl.List(pl.String))
    return (
        pl.when(listed.is_null()).then(statement=True).when(edition.is_not_null()).then(listed.list.contains(edition))
    )


@rule(unit="flag", cite="programs", start="2018-07-12", decides_null=True, optional=("program", "programs"))
def is_program_offered(program: pl.Expr, programs: pl.Expr) -> pl.Expr:
    """Whether the program sells the offering; unknown where no source lists its programs."""
    listed = programs.cast(pl.List(pl.String))
    return pl.when(program.is_not_null() & listed.is_not_null()).then(listed.list.contains(program))


@rule(unit="code", cite="editions", start="2018-07-12")
def subscription(is_edition_offered: pl.Expr) -> pl.Expr:
    """Whether updates can be had for the edition, as a code."""
    return pl.when(is_edition_offered).then(Reason.SUBSCRIBABLE.lit).otherwise(Reason.NOT_SUBSCRIBABLE.lit)


@rule(unit="flag", cite="hosted", start="2018-07-12", decides_null=True, optional=("channels",))
def is_sold_hosted(channels: pl.Expr) -> pl.Expr:
    """Whether updates are sold for licenses that a provider includes."""
    return channels.cast(pl.List(pl.String)).list.contains(pl.lit("license_included")).fill_null(value=False)
