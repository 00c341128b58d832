"""Whole numbers and money out of text, whichever sign a culture puts before the decimals."""

import polars as pl

from lmanalytics.schemas import MONEY

_COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}|\d+,\d{1,2}|\d+,\d{4,}|0*,\d+|\d{4,},\d+)$"
_POINT = r"^[+-]?(?:\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|\d+\.\d{1,2}|\d+\.\d{4,}|0*\.\d+|\d{4,}\.\d+)$"
_EITHER = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
_PLAIN = r"^[+-]?\d+$"
_CURRENCY = r"^(?:[A-Z]{3}[;\s]?|\p{Sc}\s?)|\s?(?:[A-Z]{3}|\p{Sc})$"
_MINUS = "[\u2212\u2013]"
_BETWEEN_DIGITS = "[\\s'\u2019]"


def plain_integer(text: pl.Expr) -> pl.Expr:
    """Return the whole numbers of cells that need no interpretation, null for others."""
    return text.cast(pl.Int64, strict=False)


def is_plain_money(text: pl.Expr) -> pl.Expr:
    """Tell the cells that are an amount in any culture."""
    return text.str.contains(r"^-?\d+(?:\.\d{1,2})?$")


def comma_evidence(text: pl.Expr) -> pl.Expr:
    """Tell the cells that can only be read with a decimal comma."""
    return _tidy(_amount(text)).str.contains(_COMMA)


def point_evidence(text: pl.Expr) -> pl.Expr:
    """Tell the cells that can only be read with a decimal point."""
    return _tidy(_amount(text)).str.contains(_POINT)


def is_ambiguous(text: pl.Expr) -> pl.Expr:
    """Tell the cells such as `1,234`: a thousand or one and a bit."""
    return _tidy(_amount(text)).str.contains(_EITHER)


def integer(text: pl.Expr, comma_is_decimal: pl.Expr) -> pl.Expr:
    """Return whole numbers; decimals must be zeros.

    `comma_is_decimal` says how the cell's column writes decimals; where it is null the column never does,
    so that a group of three digits after either sign is thousands.
    """
    tidy = _tidy(text)
    grouped = pl.when(comma_is_decimal.is_null() & tidy.str.contains(_EITHER)).then(tidy.str.replace_all("[.,]", ""))
    whole = grouped.otherwise(_unsigned(tidy, comma_is_decimal)).str.replace(r"\.0*$", "")
    return whole.cast(pl.Int64, strict=False)


def money(text: pl.Expr, comma_is_decimal: pl.Expr) -> pl.Expr:
    """Return amounts; a cell that is ambiguous in a column that settles nothing is null."""
    return _unsigned(_tidy(_amount(text)), comma_is_decimal).cast(MONEY, strict=False)


def _amount(text: pl.Expr) -> pl.Expr:
    return text.str.replace(_CURRENCY, "")


def _tidy(text: pl.Expr) -> pl.Expr:
    """Drop blanks and apostrophes between digits; turn `(5)` and `5-` into `-5`."""
    bare = text.str.replace_all(_MINUS, "-").str.replace_all(_BETWEEN_DIGITS, "")
    return bare.str.replace(r"^\((.+)\)$", "-$1").str.replace(r"^([^-].*)-$", "-$1")


def _unsigned(tidy: pl.Expr, comma_is_decimal: pl.Expr) -> pl.Expr:
    """Return the number with a decimal point and no thousands signs."""
    with_comma = tidy.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    with_point = tidy.str.replace_all(",", "", literal=True)
    return (
        pl.when(tidy.str.contains(_PLAIN))
        .then(tidy)
        .when(tidy.str.contains(_COMMA))
        .then(with_comma)
        .when(tidy.str.contains(_POINT))
        .then(with_point)
        .when(tidy.str.contains(_EITHER) & comma_is_decimal)
        .then(with_comma)
        .when(tidy.str.contains(_EITHER) & comma_is_decimal.not_())
        .then(with_point)
    )
