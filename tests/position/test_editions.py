"""Options that take licenses of more than one edition."""

from decimal import Decimal

import polars as pl

from lmanalytics.position.plan import choose
from lmanalytics.schemas import MONEY


def demand(*rows):
    names = ["option", "edition", "licenses_required", "cost", "is_available"]
    frame = pl.LazyFrame(list(rows), schema=names, orient="row", schema_overrides={"cost": MONEY})
    return frame.with_columns(
        entity_id=pl.lit("main"), subject_kind=pl.lit("host"), subject_id=pl.lit("h1"), product=pl.lit("SQL Server"),
        version=pl.lit(None, pl.String), metric=pl.lit("core"), licenses_with_sa=pl.lit(0, pl.Int64),
        unit_price=pl.lit(None, MONEY), currency=pl.lit("USD"), reason=pl.lit("required"),
        acquired_before=pl.lit(None, pl.Date), sa_from_version=pl.lit(None, pl.String),
    )  # fmt: skip


def chosen(*rows):
    return choose(demand(*rows)).select("option", "edition", "licenses_required", "cost_of_next_best").collect().rows()


WHOLE = ("enterprise_physical_cores", "Enterprise", 32, Decimal(320), True)


def test_an_option_of_two_editions_costs_both():
    cheap = ("virtual_cores", "Enterprise", 8, Decimal(80), True), ("virtual_cores", "Standard", 12, Decimal(36), True)
    assert chosen(WHOLE, *cheap) == [
        ("virtual_cores", "Enterprise", 8, Decimal(320)),
        ("virtual_cores", "Standard", 12, Decimal(320)),
    ]
    dear = ("virtual_cores", "Enterprise", 30, Decimal(300), True), ("virtual_cores", "Standard", 12, Decimal(36), True)
    assert chosen(WHOLE, *dear) == [("enterprise_physical_cores", "Enterprise", 32, Decimal(336))]


def test_an_option_is_open_when_each_of_its_editions_is():
    half = ("virtual_cores", "Enterprise", 8, Decimal(80), True), ("virtual_cores", "Standard", None, None, True)
    closed = ("virtual_cores", "Enterprise", 8, Decimal(80), True), ("virtual_cores", "Standard", 4, Decimal(12), False)
    for rows in (half, closed):
        assert chosen(WHOLE, *rows) == [("enterprise_physical_cores", "Enterprise", 32, None)]
