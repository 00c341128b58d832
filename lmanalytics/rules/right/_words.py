"""Words of findings."""

import polars as pl


def many(column: str, noun: str) -> pl.Expr:
    """Count a noun: one is not several."""
    words = pl.when(pl.col(column) == 1).then(pl.lit(noun)).otherwise(pl.lit(f"{noun}s"))
    return pl.format("{} {}", column, words)
