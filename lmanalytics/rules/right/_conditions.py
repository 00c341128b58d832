"""Several conditions that must all hold: the first that fails decides, else the first that is unknown."""

from typing import NamedTuple

import polars as pl

from lmanalytics.rules.engine import Reason


class Condition(NamedTuple):
    """Whether something holds (null: unknown), and the reasons where it does not or is not known."""

    holds: pl.Expr
    fails: Reason
    unknown: Reason


def first_obstacle(conditions: list[Condition]) -> pl.Expr:
    """Return the code of the first condition that fails, else of the first that is unknown, else null."""
    failing = [pl.when(~c.holds).then(c.fails.lit) for c in conditions]
    unknown = [pl.when(c.holds.is_null()).then(c.unknown.lit) for c in conditions]
    return pl.coalesce(*failing, *unknown)
