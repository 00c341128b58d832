"""Values by name from a short table, as an expression that streams: a lookup in a table does not."""

from collections.abc import Iterable
from typing import Any

import polars as pl


def mapped(column: pl.Expr, names: Iterable[Any], values: Iterable[Any], dtype: pl.DataType | None = None) -> pl.Expr:
    """Give the value of each name; null for a name that is not there, and for none.

    Args:
        column: the names of the rows.
        names: the names that are known, each once.
        values: a value, or an expression, for each.
        dtype: the type of the values; text where none is given.

    """
    found: pl.Expr = pl.lit(None, dtype or pl.String())
    for name, value in zip(names, values, strict=True):
        found = pl.when(column == name).then(value if isinstance(value, pl.Expr) else pl.lit(value)).otherwise(found)
    return found
