"""How numbers, money and days are written in the report: the signs of a locale, from Unicode's data (CLDR) in Babel.

A locale changes how values look and nothing else: texts stay English, answers and run ids what they are. Digits are
0 to 9 in every locale, and days are numbers. In en-US days are ISO dates, which nobody takes for another day.
"""

import functools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import babel
import polars as pl

from lmanalytics.errors import UsageError

DEFAULT = "en-US"
VARIABLE = "LMANALYTICS_LOCALE"
"""Environment variable that tells notebooks the locale of the report that they are executed for."""
SPACE = "\N{NO-BREAK SPACE}"
_CHOSEN: ContextVar[str] = ContextVar("locale", default="")
_ISO = "%Y-%m-%d"
_PARTS = {"d": "%d", "M": "%m", "y": "%Y"}
_SIGNS = str.maketrans(
    {
        "\N{NARROW NO-BREAK SPACE}": SPACE,  # few fonts have it
        "\N{THIN SPACE}": SPACE,
        "\N{MINUS SIGN}": "-",
        "\N{ARABIC LETTER MARK}": None,
        "\N{LEFT-TO-RIGHT MARK}": None,
        "\N{RIGHT-TO-LEFT MARK}": None,
    }
)


@dataclass(frozen=True)
class Locale:
    """The signs of a locale.

    Args:
        name: as in `de-DE`.
        decimal: what stands before decimals.
        group: what stands between groups of digits.
        grouping: digits of the last group of whole digits, and of each group before it.
        day: a date, in the notation of `strftime`.

    """

    name: str
    decimal: str
    group: str
    grouping: tuple[int, int]
    day: str

    def number(self, value: int | Decimal, decimals: int = 0) -> str:
        """Write a number, rounded half to even."""
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
        whole, _, rest = f"{abs(rounded):f}".partition(".")
        last, others = self.grouping
        head, groups = whole[:-last], [whole[-last:]]
        while head:
            head, groups = head[:-others], [head[-others:], *groups]
        return ("-" if rounded < 0 else "") + self.group.join(groups) + (self.decimal + rest if rest else "")

    def numbers(self, column: pl.Expr) -> pl.Expr:
        """Write a column of integers or decimals as text, with the decimals that it has; null stays null."""
        last, others = self.grouping
        text = column.cast(pl.String).str.strip_prefix("-")
        backwards = text.str.extract(r"^(\d+)").str.reverse()
        before = backwards.str.slice(last).str.replace_all(rf"(\d{{1,{others}}})", "|$1")
        whole = pl.concat_str(backwards.str.slice(0, last), before).str.reverse()
        grouped = whole.str.replace_all("|", self.group, literal=True)
        rest = text.str.extract(r"(\.\d+)$").str.replace(".", self.decimal, literal=True).fill_null("")
        return pl.concat_str(pl.when(column < 0).then(pl.lit("-")).otherwise(pl.lit("")), grouped, rest)

    def date(self, day: date) -> str:
        """Write a day."""
        return day.strftime(self.day)

    def dates(self, column: pl.Expr) -> pl.Expr:
        """Write a column of dates as text; null stays null."""
        return column.dt.strftime(self.day)

    @property
    def for_charts(self) -> dict[str, Any]:
        """The locale as charts take it in `config.locale`: signs of numbers; words of dates stay English."""
        return {
            "number": {
                "decimal": self.decimal,
                "thousands": self.group,
                "grouping": [self.grouping[0], *[self.grouping[1]] * 6],
                "currency": ["", ""],
                "minus": "-",
            },
            "time": _ENGLISH | {"date": self.day, "dateTime": f"{self.day} %H:%M"},
        }


def locale_of(name: str) -> Locale:
    """Return the signs of a locale, as in `en-US`, `de-DE` or `fr-CA`.

    Raises:
        UsageError: Unicode's data knows no such locale.

    """
    return _known(name)


def locale() -> Locale:
    """Return the locale to write in: the one of `writing`, of the report that a notebook is for, or en-US."""
    return _known(_CHOSEN.get() or os.environ.get(VARIABLE) or DEFAULT)


@contextmanager
def writing(name: str) -> Iterator[Locale]:
    """Write in a locale for a while.

    Raises:
        UsageError: there is no such locale.

    """
    chosen = _CHOSEN.set(_known(name).name)
    try:
        yield locale()
    finally:
        _CHOSEN.reset(chosen)


@functools.cache
def _known(name: str) -> Locale:
    try:
        data: Any = babel.Locale.parse(name.replace("_", "-"), sep="-")
    except (ValueError, babel.UnknownLocaleError):
        message = f"There is no locale {name!r}. Give a language and a country, as in en-US, de-DE, fr-FR or pt-BR."
        raise UsageError(message) from None
    signs = data.number_symbols.get("latn") or next(iter(data.number_symbols.values()))
    last, others = data.decimal_formats[None].grouping
    pattern = data.datetime_skeletons["yMd"].pattern if "yMd" in data.datetime_skeletons else ""
    day = re.sub(r"d+|M+|y+", lambda match: _PARTS[match[0][0]], pattern.translate(_SIGNS))
    day = day if re.fullmatch(r"(%[dmY]|[-./, ])+", day) and name != DEFAULT else _ISO
    return Locale(
        str(data).replace("_", "-"),
        signs["decimal"].translate(_SIGNS),
        signs["group"].translate(_SIGNS),
        (last, others),
        day.replace(" ", SPACE),
    )


_ENGLISH: dict[str, Any] = {
    "time": "%H:%M:%S",
    "periods": ["AM", "PM"],
    "days": ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
    "shortDays": ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
    "months": [
        *["January", "February", "March", "April", "May", "June", "July"],
        *["August", "September", "October", "November", "December"],
    ],
    "shortMonths": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}
