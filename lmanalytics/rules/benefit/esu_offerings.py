"""What Extended Security Updates are offered: each product version, its years, and where they stand today.

A year runs from one published day to another, both included. Days on which official pages disagree are
policies; days that nobody has published stay unknown.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "installs"
ANSWER = "offerings"
_OFFER = ["product", "version"]


class Reason(ReasonBase):
    """Where a year of an offering stands on the day of the position."""

    LIVE = "The year has begun and has not ended."
    UPCOMING = "The year has not begun."
    ENDED = "The year has ended."
    DAYS_UNKNOWN = "Neither the first nor the last day of this year has been published."


@frame_rule(unit="date", cite="terms", start="2018-07-12")
def offerings(
    *,
    as_of: date,
    esu_offerings: pl.DataFrame,
    esu_disputed_days: pl.DataFrame,
    sql_2014_esu_end: str,
    sql_2016_esu_start: str,
    esu_start_of_2008: str,
    windows_10_esu_start: str,
    windows_server_2016_esu_years: str,
    esu_years_listed: str,
    months_per_year: int,
) -> pl.LazyFrame:
    """List every year of every offering with its days and where it stands.

    Returns:
        product, version, offer (versions that are sold as one share it), editions (list; null: any), esu_year,
        period_start, period_end, is_azure_only, channels and programs (lists; null: none said), released_on,
        needs_sa, is_chained, is_free_in_azure, is_free_on_azure_stack, is_visual_studio_free, metric, state
        (code), is_current (the live year; where none is live the next one), is_listed.

    """
    chosen = {
        "sql_2014_esu_end": sql_2014_esu_end,
        "sql_2016_esu_start": sql_2016_esu_start,
        "esu_start_of_2008": esu_start_of_2008,
        "windows_10_esu_start": windows_10_esu_start,
        "windows_server_2016_esu_years": windows_server_2016_esu_years,
    }
    read = pl.concat_str("policy", "reading", separator="=").is_in([f"{p}={r}" for p, r in chosen.items()])
    days = (
        esu_disputed_days.lazy()
        .filter(read)
        .group_by(*_OFFER, "esu_year")
        .agg(
            _start=pl.col("day").filter(pl.col("column") == "period_start").first(),
            _end=pl.col("day").filter(pl.col("column") == "period_end").first(),
        )
    )
    stated = (
        esu_offerings.lazy()
        .drop("reference")
        .join(days, on=[*_OFFER, "esu_year"], how="left")
        .with_columns(
            pl.col("editions", "channels", "programs").str.split(";"),
            period_start=pl.coalesce("_start", "period_start"),
            period_end=pl.coalesce("_end", "period_end"),
        )
        .drop("_start", "_end")
        .with_columns(state=_state(as_of, months_per_year))
    )
    year, state = pl.col("esu_year"), pl.col("state")
    ahead = state.is_in([Reason.UPCOMING.code, Reason.DAYS_UNKNOWN.code])
    live = state == Reason.LIVE.code
    following = ~live.any().over(_OFFER) & (year == year.filter(ahead).min().over(_OFFER))
    current = live | following.fill_null(value=False)
    return stated.with_columns(is_current=current, is_listed=current | (esu_years_listed == "every_year")).sort(
        *_OFFER, "esu_year"
    )


@frame_rule(unit="year", cite="exchange", start="2018-07-12")
def year_bought(purchases: pl.LazyFrame, offered: pl.LazyFrame) -> pl.LazyFrame:
    """Find the year, or period, that a purchase without one falls into: the first that has not ended.

    Args:
        purchases: product, version, bought_on and any other column.
        offered: what `offerings` returns.

    Returns:
        The purchases with esu_year, period_start and period_end; null after the last year.

    """
    years = offered.filter(pl.col("period_end").is_not_null()).select(
        *_OFFER, "esu_year", "period_start", "period_end", _ends="period_end"
    )
    return (
        purchases.sort("bought_on")
        .join_asof(
            years.sort("_ends"),
            left_on="bought_on",
            right_on="_ends",
            by=_OFFER,
            strategy="forward",
            check_sortedness=False,
        )
        .drop("_ends", strict=False)
    )


def _state(as_of: date, months_per_year: int) -> pl.Expr:
    """Place a year; one with an unknown end lasts a year from its start."""
    today, start, end = pl.lit(as_of), pl.col("period_start"), pl.col("period_end")
    lasts = pl.coalesce(end, start.dt.offset_by(f"{months_per_year}mo").dt.offset_by("-1d"))
    return (
        pl.when(today < pl.coalesce(start, start.min().over(_OFFER)))
        .then(Reason.UPCOMING.lit)
        .when(today > pl.coalesce(end, end.max().over(_OFFER)))
        .then(Reason.ENDED.lit)
        .when((start <= today) & (today <= lasts))
        .then(Reason.LIVE.lit)
        .otherwise(Reason.DAYS_UNKNOWN.lit)
    )
