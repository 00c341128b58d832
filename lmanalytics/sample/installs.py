"""A software inventory of every OSE: SQL Server and other servers here and there, and much that needs no license.

An inventory names machines as their operating system does, sometimes in capitals; it has rows twice, rows without a
product, and rows of machines that no export shows.
"""

from datetime import date
from pathlib import Path

import polars as pl

from lmanalytics.sample.dice import Dice

SOFTWARE = pl.read_csv(Path(__file__).parent / "software.csv", infer_schema=False).with_columns(
    pl.col("weight").cast(pl.Int64)
)
_FIELDS = ("product", "edition", "version", "component")
_SLOTS = 64
_SQL_PERCENT = {"sql": 55, "tst": 6, "app": 4, "rep": 4, "web": 2, "lnx": 0}
_SERVERS, _UNKNOWN, _TWICE, _BLANK = 4, 3, 2, 1
"""Of a thousand: OSEs with another server product, machines that no export shows, rows twice, products missing."""

_NUMBER, _PLACE, _KEY = pl.col("number"), pl.col("place_of_install"), pl.col("key")


def installs(vms: pl.LazyFrame, dice: Dice, *, average: int, day: date) -> pl.DataFrame:
    """Return the rows of `installs`: for each OSE 1 to 2 * `average` - 1 of them, those of servers first."""
    count = 1 + dice.below(_NUMBER, "installs", 2 * average - 1)
    has_server = pl.col("is_windows") & (dice.below(_NUMBER, "has another server", 1000) < _SERVERS)
    unknown = dice.below(_NUMBER, "not exported", 1000) < _UNKNOWN
    called = pl.when(unknown).then(pl.format("{}-old", "label")).otherwise("label")
    shouted = dice.happens(_NUMBER, "inventoried in capitals", 20)
    rows = (
        vms.unique("number", keep="first", maintain_order=True)
        .select(
            "number",
            has_sql=_has_sql(dice),
            has_server=has_server,
            ose_id=pl.when(shouted).then(called.str.to_uppercase()).otherwise(called),
            place_of_install=pl.int_ranges(0, count),
        )
        .explode("place_of_install", empty_as_null=True)
        .with_columns(key=_NUMBER * _SLOTS + _PLACE)
        .with_columns(copy=pl.int_ranges(0, 1 + (dice.below(_KEY, "twice", 1000) < _TWICE).cast(pl.Int64)))
        .explode("copy", empty_as_null=True)
        .with_columns(software=_software(dice))
        .join(SOFTWARE.lazy().with_row_index("software"), on="software", how="left", maintain_order="left")
    )
    blank = dice.below(_KEY, "no product", 1000) < _BLANK
    return rows.select(
        install_id=pl.format("{}-{}", "number", "place_of_install"),
        observed_on=pl.lit(day),
        ose_id="ose_id",
        product=pl.when(~blank).then("product"),
        edition="edition",
        version="version",
        component="component",
        role=pl.lit("active"),
        is_evaluation=pl.when(pl.col("kind") == "engine").then(dice.happens(_KEY, "evaluation", 2)),
        license_source=pl.lit("own"),
    ).collect()


def sql_edition(dice: Dice) -> pl.Expr:
    """The edition of SQL Server that an OSE's inventory lists, null for none."""
    editions = pl.lit(SOFTWARE["edition"]).gather(_drawn(dice, "engine", _NUMBER * _SLOTS))
    return pl.when(_has_sql(dice)).then(editions)


def _has_sql(dice: Dice) -> pl.Expr:
    percent = pl.col("role").replace_strict(_SQL_PERCENT, return_dtype=pl.Int64)
    return pl.col("is_windows") & dice.happens(_NUMBER, "has SQL Server", percent)


def _software(dice: Dice) -> pl.Expr:
    is_engine = pl.col("has_sql") & (_PLACE == 0)
    is_part = pl.col("has_sql") & (_PLACE == 1)
    is_server = pl.col("has_server") & (_PLACE == 0)
    drawn = {kind: _drawn(dice, kind) for kind in ("engine", "part", "server", "other")}
    return (
        pl.when(is_engine)
        .then(drawn["engine"])
        .when(is_part)
        .then(drawn["part"])
        .when(is_server)
        .then(drawn["server"])
        .otherwise(drawn["other"])
    )


def _drawn(dice: Dice, kind: str, key: pl.Expr = _KEY) -> pl.Expr:
    """Return the row of `SOFTWARE` that is drawn from a kind, as often as its weight says."""
    rows = SOFTWARE.with_row_index("row").filter(kind=kind)
    slots = rows.select(pl.col("row").repeat_by("weight").explode(empty_as_null=True)).to_series()
    return pl.lit(slots).gather(dice.below(key, kind, slots.len()))
