"""Dates and times out of text, in every form that exports were seen to use."""

import polars as pl

_CLOCK = (
    r"[T\s]*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?(?:\.?\s?[Mm]\.?)?"
    r"\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?\s*"
)
_YEAR_FIRST = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$"
_COMPACT = r"^((?:19|20)\d{2})(\d{2})(\d{2})$"
_YEAR_LAST = r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})$"
_DAY_NAME = (
    r"^(?:\p{L}+,?\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?[\s\-]*(?:de\s+)?(\p{L}{3,})\.?,?[\s\-]+(?:de\s+)?(\d{4}|\d{2})$"
)
_NAME_DAY = r"^(?:\p{L}+,\s+)?(\p{L}{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$"
_SERIAL = r"^([2-6]\d{4})(?:\.\d+)?$"
_SERIAL_ZERO = pl.date(1899, 12, 30)
_THIS_CENTURY = 69
_MONTHS = 12


def plain(text: pl.Expr) -> pl.Expr:
    """Return ISO days, with or without a time of day behind them, as datetimes; null for other cells."""
    day = text.str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    return pl.coalesce(day, text.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us"))


def day_first_evidence(text: pl.Expr) -> pl.Expr:
    """Tell the cells whose first number can only be a day."""
    first, second = _numbers(text)
    return (first > _MONTHS) & (second <= _MONTHS)


def month_first_evidence(text: pl.Expr) -> pl.Expr:
    """Tell the cells whose second number can only be a day."""
    first, second = _numbers(text)
    return (first <= _MONTHS) & (second > _MONTHS)


def is_ambiguous(text: pl.Expr) -> pl.Expr:
    """Tell the cells such as `3/4/2024`: the third of April or the fourth of March."""
    first, second = _numbers(text)
    return (first <= _MONTHS) & (second <= _MONTHS) & (first != second)


def moment(text: pl.Expr, day_first: pl.Expr, months: dict[str, int]) -> pl.Expr:
    """Return datetimes (microseconds, the zone dropped); null where the text is no date.

    `day_first` settles ambiguous cells; where it is null they stay null. `months` are the names of months.
    """
    bare = _day(text)
    last, name = bare.str.extract_groups(_YEAR_LAST), bare.str.extract_groups(_DAY_NAME)
    other, first = bare.str.extract_groups(_NAME_DAY), bare.str.extract_groups(_YEAR_FIRST)
    compact = bare.str.extract_groups(_COMPACT)
    one, two = _number(last, 1), _number(last, 3)
    swap = (
        pl.when((two > _MONTHS) & (one <= _MONTHS))
        .then(statement=True)
        .when((one > _MONTHS) | (one == two) | (_field(last, 2) == "."))
        .then(statement=False)
        .otherwise(day_first.not_())
    )
    year = pl.coalesce(_number(first, 1), _number(compact, 1), _year(last, 4), _year(name, 3), _number(other, 3))
    month = pl.coalesce(
        _number(first, 2),
        _number(compact, 2),
        pl.when(swap).then(one).when(swap.not_()).then(two),
        _month(name, 2, months),
        _month(other, 1, months),
    )
    day = pl.coalesce(
        _number(first, 3),
        _number(compact, 3),
        pl.when(swap).then(two).when(swap.not_()).then(one),
        _number(name, 1),
        _number(other, 2),
    )
    return pl.coalesce(_assembled(text, year, month, day), _from_serial(bare))


def _day(text: pl.Expr) -> pl.Expr:
    return text.str.replace(_CLOCK, " ").str.strip_chars()


def _numbers(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    groups = _day(text).str.extract_groups(_YEAR_LAST)
    sure = _field(groups, 2) != "."
    return pl.when(sure).then(_number(groups, 1)), pl.when(sure).then(_number(groups, 3))


def _field(groups: pl.Expr, place: int) -> pl.Expr:
    return groups.struct.field(str(place))


def _number(groups: pl.Expr, place: int) -> pl.Expr:
    return _field(groups, place).cast(pl.Int32, strict=False)


def _year(groups: pl.Expr, place: int) -> pl.Expr:
    year, digits = _number(groups, place), _field(groups, place).str.len_chars()
    century = pl.when(year < _THIS_CENTURY).then(2000).otherwise(1900)
    return pl.when(digits == len("24")).then(year + century).otherwise(year)


def _month(groups: pl.Expr, place: int, months: dict[str, int]) -> pl.Expr:
    return _field(groups, place).str.to_lowercase().replace_strict(months, default=None, return_dtype=pl.Int32)


def _assembled(text: pl.Expr, year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    clock = text.str.extract_groups(_CLOCK)
    half, hour = _field(clock, 4).str.to_lowercase(), _number(clock, 1)
    hour = pl.when(half == "a").then(hour % _MONTHS).when(half == "p").then(hour % _MONTHS + _MONTHS).otherwise(hour)
    numbers = [year, month, day, hour.fill_null(0), _number(clock, 2).fill_null(0), _number(clock, 3).fill_null(0)]
    parts = [number.cast(pl.String).str.zfill(4 if place == 0 else 2) for place, number in enumerate(numbers)]
    joined = pl.format("{}-{}-{} {}:{}:{}", *parts)
    return joined.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")


def _from_serial(bare: pl.Expr) -> pl.Expr:
    """Read a spreadsheet's own count of days, which shows where a date cell lost its format."""
    days = bare.str.extract(_SERIAL, 1).cast(pl.Int32, strict=False)
    return (_SERIAL_ZERO + pl.duration(days=days)).cast(pl.Datetime("us"))
