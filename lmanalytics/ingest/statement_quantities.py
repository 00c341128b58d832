"""The quantities of a license statement, checked and split into purchases.

Effective 100, active Software Assurance 40 of which 10 expire within a year: 10 and 30 `license_and_sa` with
the interval in which their coverage ends, and 60 `license`. Upgrade quantities are in the effective ones
already and are not added.
"""

from datetime import date

import polars as pl

from lmanalytics.ingest import numerals

BUCKETS = ("expiring_12", "expiring_24", "expiring_later")
MEASURES = ("effective", "active_sa", *BUCKETS)
_SHOWN = 60


def with_quantities(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add `<measure>_quantity` for each measure, integers; a measure that the sheet lacks is null."""
    have = frame.collect_schema().names()
    absent = [pl.lit(None, pl.String).alias(name) for name in MEASURES if name not in have]
    never_decimal = pl.lit(None, pl.Boolean)
    whole = [numerals.integer(pl.col(name), never_decimal).alias(f"{name}_quantity") for name in MEASURES]
    return frame.with_columns(absent).with_columns(whole)


def quantities() -> list[str]:
    """Return the columns that `with_quantities` adds."""
    return [f"{name}_quantity" for name in MEASURES]


def issues() -> pl.Expr:
    """Return what is wrong with a row's quantities, a list of sentences."""
    return pl.concat_list(*(_fault(name) for name in MEASURES), _too_much_sa(), _unlike_buckets()).list.drop_nulls()


def has_too_much_sa() -> pl.Expr:
    """Tell rows with more active Software Assurance than licenses."""
    return pl.col("active_sa_quantity") > pl.max_horizontal("effective_quantity", 0)


def has_unlike_buckets() -> pl.Expr:
    """Tell rows whose expiring quantities do not add up to the active one."""
    is_given = pl.any_horizontal(pl.col(f"{name}_quantity").is_not_null() for name in BUCKETS)
    return is_given & (_in_buckets() != pl.col("active_sa_quantity"))


def split(rows: pl.LazyFrame, day: date | None) -> pl.LazyFrame:
    """Make the purchases of each row: part, purchase_type, quantity, coverage_end, coverage_end_latest.

    `day` is the statement's. Coverage that expires within 12 months ends between that day and the same day a
    year later, and so on; more than 24 months has no latest day. What no period says has no end at all. A row
    without any quantity gives no purchase; one whose quantity cannot be read gives one with an unknown quantity.
    """
    covered = pl.min_horizontal("active_sa_quantity", pl.max_horizontal("effective_quantity", 0)).fill_null(0)
    parts: list[pl.Expr] = []
    left = covered
    for name, ends in zip(BUCKETS, _ends(day), strict=True):
        here = pl.min_horizontal(pl.col(f"{name}_quantity").fill_null(0), left)
        parts.append(_part(len(parts), "license_and_sa", here, *ends))
        left -= here
    nothing = pl.lit(None, pl.Date)
    parts.append(_part(len(parts), "license_and_sa", left, nothing, nothing))
    parts.append(_part(len(parts), "license", pl.col("effective_quantity") - covered, nothing, nothing))
    split_rows = rows.with_columns(pl.concat_list(parts).alias("parts")).explode("parts").unnest("parts")
    return split_rows.filter((pl.col("quantity") != 0).fill_null(value=True))


def _ends(day: date | None) -> tuple[tuple[pl.Expr, pl.Expr], ...]:
    now, nothing = pl.lit(day, pl.Date), pl.lit(None, pl.Date)
    one, two = now.dt.offset_by("12mo"), now.dt.offset_by("24mo")
    return (now, one), (one, two), (two.dt.offset_by("1d"), nothing)


def _part(number: int, kind: str, quantity: pl.Expr, first: pl.Expr, last: pl.Expr) -> pl.Expr:
    return pl.struct(
        pl.lit(number, pl.Int64).alias("part"),
        pl.lit(kind).alias("purchase_type"),
        quantity.cast(pl.Int64).alias("quantity"),
        first.alias("coverage_end"),
        last.alias("coverage_end_latest"),
    )


def _in_buckets() -> pl.Expr:
    return pl.sum_horizontal(f"{name}_quantity" for name in BUCKETS)


def _fault(name: str) -> pl.Expr:
    is_odd = pl.col(name).is_not_null() & pl.col(f"{name}_quantity").is_null()
    shown = pl.col(name).str.slice(0, _SHOWN)
    return pl.when(is_odd).then(pl.format("{}: '{}' is not a whole number", pl.lit(name), shown))


def _too_much_sa() -> pl.Expr:
    told = "active_sa: Software Assurance for {} licenses, but {} are effective; the rest covers nothing"
    return pl.when(has_too_much_sa()).then(pl.format(told, "active_sa_quantity", "effective_quantity"))


def _unlike_buckets() -> pl.Expr:
    told = "expiring: the periods hold {} licenses, active_sa says {}"
    return pl.when(has_unlike_buckets()).then(pl.format(told, _in_buckets(), "active_sa_quantity"))
