"""How values are written: numbers, money and days in the report's locale, and text from exports as text alone."""

import re
from datetime import date
from decimal import Decimal

import polars as pl

from lmanalytics.report import leads
from lmanalytics.report.locales import SPACE, locale
from lmanalytics.report.texts import told

UNKNOWN = "\N{EN DASH}"
LONGEST = 160
CENTS = 2
_UNSAFE = r"[\p{Cc}\x{061C}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}]"
_MARKS = frozenset("\\`*_{}[]()<>#+-.!|$@~^\"'=:&%/")
_SPACES = re.compile(rf"[^\S{SPACE}]+")


def kind_of(dtype: pl.DataType) -> str:
    """Return how values of a type are written: number, money, flag, list, date or text."""
    if dtype.is_decimal():
        return "money"
    if dtype.is_integer():
        return "number"
    named = {pl.Boolean: "flag", pl.List: "list", pl.Date: "date"}
    return next((kind for base, kind in named.items() if dtype == base), "text")


def readable(column: pl.Expr, kind: str, longest: int = LONGEST) -> pl.Expr:
    """Turn a column into text: numbers, money with two decimals and days by the locale, yes and no; a dash for null.

    Args:
        column: the column.
        kind: as `kind_of` says.
        longest: characters after which text is cut.

    """
    if kind == "number":
        text = locale().numbers(column)
    elif kind == "money":
        text = locale().numbers(column.cast(pl.Decimal(38, CENTS)))
    elif kind == "date":
        text = locale().dates(column)
    elif kind == "flag":
        text = pl.when(column).then(pl.lit("yes")).when(~column).then(pl.lit("no"))
    elif kind == "list":
        text = _safe(column.cast(pl.List(pl.String)).list.join("; "), longest)
    else:
        text = _safe(column.cast(pl.String), longest)
    return text.fill_null(UNKNOWN)


def amount(value: Decimal | float | None, unit: str = "") -> str:
    """Write one number for a sentence: `1,234`, `1,234.50 USD`, or `an unknown number`."""
    if value is None:
        return str(told("display.no_amount" if unit else "display.no_number"))
    number = locale().number(value) if isinstance(value, int) else locale().number(Decimal(value), CENTS)
    return f"{number} {escape(unit)}".strip()


def day(value: date | str | None) -> str:
    """Write one day for a sentence in markdown, given as a date or as ISO text."""
    if value is None:
        return str(told("display.no_day"))
    return escape(shown_day(value)).replace("\\-", "-").replace("\\.", ".").replace("\\/", "/")


def shown_day(value: date | str) -> str:
    """Write one day as plain text; what is no day stays as it is."""
    try:
        return locale().date(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def figure(value: Decimal | float | None, leads_to: str, unit: str = "", **where: object) -> str:
    """Write one number for a sentence, in markdown, as a link to the lines that it comes from.

    Args:
        value: the number; None is unknown.
        leads_to: the table of the lines: an answer, or a canonical table.
        unit: what the number counts, such as a currency.
        where: what columns of the lines must say: `product="SQL Server"`; `shortage=">0"` for more than zero;
            None for unknown.

    Returns:
        What `amount` writes, as a link where a report is published that has lines.

    """
    said = amount(value, unit)
    asked = {column: UNKNOWN if wanted is None else str(wanted) for column, wanted in where.items()}
    return f"[{said}]({leads.to_lines(leads_to, asked)})" if leads.are_laid() else said


def explained(name: object, subject: str) -> str:
    """Write a name for a sentence, in markdown, as a link to the explanation of the subject with this id."""
    return f"[{escape(name)}]({leads.to_explanation(subject)})" if leads.are_laid() else escape(name)


def escape(value: object) -> str:
    """Make text from data inert in markdown: no link, markup, formula, reference or shortcode survives."""
    text = _SPACES.sub(" ", str(UNKNOWN if value is None else value)).strip()
    text = "".join(c for c in text if c.isprintable() or c == SPACE)
    return "".join(f"\\{c}" if c in _MARKS else c for c in text)


def _safe(column: pl.Expr, longest: int) -> pl.Expr:
    text = column.str.replace_all(_UNSAFE, " ").str.strip_chars()
    text = pl.when(text.str.len_chars() > longest).then(text.str.slice(0, longest) + "…").otherwise(text)
    return pl.when(text != "").then(text).when(text == "").then(pl.lit(""))
