"""Enterprise Source Licensing Program: access to Windows source code for customers with many covered desktops.

Microsoft decides; the terms say who may be eligible. Academic programs have a program of their own.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "source_licensing"
ANSWER = "may_be_eligible"
_STRICT = "device_sa"


class Reason(ReasonBase):
    """Why a customer may be eligible, or is not."""

    ENOUGH_DESKTOPS = "The customer has enough desktops with Software Assurance in the Systems pool."
    TOO_FEW_DESKTOPS = "The customer has too few desktops with Software Assurance in the Systems pool."
    ACADEMIC_PROGRAM = "Academic programs take part in the Microsoft Research Source Licensing Program."


@rule(unit="license", cite="benefit", start="2001-10-01")
def desktops_counted(
    desktops_with_sa: pl.Expr, vda_licenses: pl.Expr, user_licenses: pl.Expr, *, source_licensing_count: str
) -> pl.Expr:
    """Licensed desktops that count: those with coverage per device; by the wider reading VDA and users as well."""
    wider = vda_licenses + user_licenses
    return desktops_with_sa + wider * int(source_licensing_count != _STRICT)


@rule(unit="flag", cite="benefit", start="2001-10-01", decides_null=True, optional=("program",))
def is_academic(program: pl.Expr, *, academic_programs: pl.DataFrame) -> pl.Expr:
    """Whether the agreement is of an academic program."""
    return program.cast(pl.String).is_in(academic_programs["program"].to_list()).fill_null(value=False)


@rule(unit="code", cite="benefit", start="2001-10-01")
def reason(desktops_counted: pl.Expr, is_academic: pl.Expr, *, min_desktops: int) -> pl.Expr:
    """Why the customer may be eligible, or is not."""
    return (
        pl.when(is_academic)
        .then(Reason.ACADEMIC_PROGRAM.lit)
        .when(desktops_counted >= min_desktops)
        .then(Reason.ENOUGH_DESKTOPS.lit)
        .otherwise(Reason.TOO_FEW_DESKTOPS.lit)
    )


@rule(unit="flag", cite="benefit", start="2001-10-01")
def may_be_eligible(reason: pl.Expr) -> pl.Expr:
    """Whether the customer may be eligible for the Enterprise Source Licensing Program."""
    return reason == Reason.ENOUGH_DESKTOPS.code


@rule(unit="flag", cite="benefit", start="2001-10-01")
def may_use_research_program(reason: pl.Expr) -> pl.Expr:
    """Whether the customer is eligible for the Microsoft Research Source Licensing Program."""
    return reason == Reason.ACADEMIC_PROGRAM.code
