"""Employees by the hundred thousand, with their devices, applications and orders. Days are written day first."""

from collections.abc import Iterator
from datetime import date

import polars as pl

from lmanalytics.sample.dice import Dice

_CHUNK = 200_000
_FIRST_ID = 2_000_000
_KEY = pl.col("key")
_APPS = {"Visio Standard": 5, "Visio Professional": 3, "Project Standard": 3, "Project Professional": 2}
_EDITIONS = {"Pro": 6, "Enterprise": 13, "Home": 1}


def people(numbers: range, dice: Dice, as_of: date) -> Iterator[dict[str, pl.DataFrame]]:
    """Return rows of `employees`, `devices`, `app_users` and `workplace_orders`, so many employees at a time."""
    for first in range(numbers.start, numbers.stop, _CHUNK):
        keys = pl.select(key=pl.int_range(first, min(first + _CHUNK, numbers.stop))).lazy()
        frames = [
            _employees(keys, dice, as_of),
            _devices(keys, dice),
            _app_users(keys, dice, as_of),
            _orders(keys, dice, as_of),
        ]
        found = pl.collect_all(frames)
        yield dict(zip(("employees", "devices", "app_users", "workplace_orders"), found, strict=True))


def _employees(keys: pl.LazyFrame, dice: Dice, as_of: date) -> pl.LazyFrame:
    since = _before(as_of, dice, "employed", 7000)
    return keys.select(
        employee_id=_id(),
        employed_from=_written(since),
        employed_to=_written(pl.when(dice.happens(_KEY, "left", 7)).then(since + pl.duration(days=400))),
        country=pl.when(~dice.happens(_KEY, "country blank", 1)).then(dice.pick(_KEY, "country", {"GB": 7, "DE": 3})),
    )


def _devices(keys: pl.LazyFrame, dice: Dice) -> pl.LazyFrame:
    thin, small = dice.happens(_KEY, "thin client", 5), dice.happens(_KEY, "tablet", 4)
    edition = pl.when(~thin).then(dice.pick(_KEY, "desktop edition", _EDITIONS))
    covered = pl.when((edition == "Enterprise") & dice.happens(_KEY, "desktop covered", 80)).then(pl.lit("31/08/2027"))
    return keys.select(
        device_id=pl.format("PC-{}", _KEY + _FIRST_ID),
        is_qualified_desktop=~thin,
        windows_edition=edition,
        windows_version=pl.when(~thin).then(dice.pick(_KEY, "desktop version", {"11": 7, "10 22H2": 3})),
        screen_inches=pl.when(small).then(pl.lit("9.7")),
        sa_active_until=covered,
        vda_until=pl.when(thin & dice.happens(_KEY, "virtual desktop", 60)).then(pl.lit("31/03/2027")),
        office_edition=pl.when(~thin).then(dice.pick(_KEY, "office", {"Professional Plus": 8, "Standard": 2})),
        office_sa_until=pl.when(dice.happens(_KEY, "office covered", 30)).then(pl.lit("31/08/2027")),
        primary_user_id=pl.when(~dice.happens(_KEY, "shared device", 6)).then(_id()),
    )


def _app_users(keys: pl.LazyFrame, dice: Dice, as_of: date) -> pl.LazyFrame:
    app = dice.pick(_KEY, "application", _APPS)
    return keys.filter(dice.happens(_KEY, "has an application", 12)).select(
        employee_id=_id(),
        product=app.str.split(" ").list.first(),
        edition=app.str.split(" ").list.last(),
        assigned_from=_written(_before(as_of, dice, "assigned", 2500)),
        version=dice.pick(_KEY, "application version", {"2024": 3, "2021": 4, "2019": 2, "2013": 1}),
        agreement_id=pl.lit("6190047"),
        enrollment_id=pl.lit("7E204518"),
        coverage_end=pl.lit("31/08/2027"),
        is_work_licensed_copy=pl.lit(value=True),
    )


def _orders(keys: pl.LazyFrame, dice: Dice, as_of: date) -> pl.LazyFrame:
    offers = {"Visio Professional 2021 HUP": 2, "Project Professional 2021 HUP": 1, "Microsoft 365 Family": 3}
    day = _before(as_of, dice, "ordered", 1500)
    offer = dice.pick(_KEY, "offer", offers)
    hup = offer.str.ends_with("HUP")
    return keys.filter(dice.happens(_KEY, "orders", 8)).select(
        order_id=pl.format("WD-{}", _KEY + _FIRST_ID),
        employee_id=_id(),
        offer=offer,
        is_renewal=dice.happens(_KEY, "renews", 20),
        installed_version=pl.when(hup).then(pl.lit("2021")),
        installed_on=_written(pl.when(hup).then(day + pl.duration(days=9))),
        device_kind=pl.when(hup).then(pl.lit("pc")),
        ordered_on=_written(day),
    )


def _id() -> pl.Expr:
    return pl.format("E-{}", _KEY + _FIRST_ID)


def _before(as_of: date, dice: Dice, what: str, days: int) -> pl.Expr:
    return (pl.lit(as_of) - pl.duration(days=30 + dice.below(_KEY, what, days))).cast(pl.Date)


def _written(day: pl.Expr) -> pl.Expr:
    return day.cast(pl.Date).dt.to_string("%d/%m/%Y")
