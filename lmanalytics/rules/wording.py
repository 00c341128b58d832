"""Words of findings: one is not several."""

import polars as pl


def many(column: str, noun: str, several: str | None = None) -> pl.Expr:
    """Count a noun: `1 license`, `2 licenses`; `several` where it is not the noun with an s."""
    return pl.format("{} {}", column, agreeing(column, noun, several or f"{noun}s"))


def agreeing(column: str, one: str, several: str) -> pl.Expr:
    """Give the form of a word that agrees with a count: `is` or `are`."""
    return pl.when(pl.col(column) == 1).then(pl.lit(one)).otherwise(pl.lit(several))
