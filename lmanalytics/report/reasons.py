"""Codes as words: reasons become the sentences that explain them."""

from collections.abc import Mapping

import polars as pl


def words(column: str) -> pl.Expr:
    """Turn the codes of a column into words."""
    return pl.col(column).str.replace_all("_", " ", literal=True)


def explained(reasons: Mapping[str, str]) -> pl.Expr:
    """Turn the columns `rule` and `reason` into the reason's sentence; a code without one into words."""
    parts = pl.col("rule").str.split(".")
    codes = [pl.format("{}.{}", parts.list.get(n), "reason") for n in (-1, 0)] + [pl.col("reason")]
    known = [code.replace_strict(reasons, default=None, return_dtype=pl.String) for code in codes] if reasons else []
    return pl.coalesce(*known, words("reason"))


def numbered(head: pl.DataFrame, reasons: Mapping[str, str]) -> tuple[pl.DataFrame, list[str]]:
    """Replace reasons by numbers and return the line that explains each."""
    spoken = head.with_columns(reason=explained(reasons).replace("", None))
    sentences = spoken["reason"].drop_nulls().unique(maintain_order=True).to_list()
    numbers = {sentence: str(n) for n, sentence in enumerate(sentences, start=1)}
    legend = [f"{n}: {sentence}" for sentence, n in numbers.items()]
    return spoken.with_columns(pl.col("reason").replace(numbers)), legend
