"""Which licensing programs carry License Mobility through Software Assurance."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "agreements"
ANSWER = "program_eligibility"


class Reason(ReasonBase):
    """Whether licenses of a program may be used under License Mobility."""

    SA_INCLUDED = "Software Assurance is part of the program."
    SA_OPTIONAL = "Software Assurance is an option of the program, and has to be bought."
    PROGRAM_NOT_ELIGIBLE = "License Mobility is a benefit of volume licensing with Software Assurance."


@rule(unit="code", cite="programs", start="2011-07-01")
def program_eligibility(program: pl.Expr, *, license_mobility_programs: pl.DataFrame) -> pl.Expr:
    """Whether the program is eligible, and how it comes by Software Assurance."""
    table = license_mobility_programs
    name = program.cast(pl.String)
    return (
        pl.when(name.is_in(table.filter(pl.col("software_assurance") == "included")["program"].to_list()))
        .then(Reason.SA_INCLUDED.lit)
        .when(name.is_in(table.filter(pl.col("software_assurance") == "optional")["program"].to_list()))
        .then(Reason.SA_OPTIONAL.lit)
        .otherwise(Reason.PROGRAM_NOT_ELIGIBLE.lit)
    )
