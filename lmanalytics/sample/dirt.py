"""The dirt of real exports in what is drawn: every site after the first, whose dirt is written by hand.

In 100,000 OSEs some 700 have odd names, some 400 a host that is missing, blank or written in another way, some 300 are
there twice; in 10,000 hosts 20 have no cores, 13 have impossible ones, and 50 are there twice or in capitals.
"""

import polars as pl

from lmanalytics.sample.dice import Dice
from lmanalytics.sample.estate import DOMAIN, SITE, SLOTS, uuid

_NUMBER, _HOST, _LABEL = pl.col("number"), pl.col("host_number"), pl.col("label")
_OSES, _HOSTS = 100_000, 10_000
_TWICE, _HOST_TWICE = 300, 30
_RETIRED = 25

Case = tuple[int, pl.Expr]
"""In how many of the rows, and what to write instead."""


def names(dice: Dice) -> pl.Expr:
    """Return the names of OSEs, odd ones among them."""
    digits = _NUMBER.cast(pl.String)
    return _one_of(
        dice.below(_NUMBER, "odd name", _OSES),
        [
            (50, pl.format("<script>alert('{}')</script>", digits)),
            (50, pl.format('=HYPERLINK("http://{}.example.test")', _LABEL)),
            (50, pl.format("=cmd|'/c calc'!A{}", digits)),
            (100, pl.format('{}, "old", do not delete', _LABEL)),
            (50, pl.format("O'Brien & Söhne, Zürich {}", digits)),
            (50, pl.lit("(blank)")),
            (50, digits),
            (100, pl.format("{}  ", _LABEL)),
            (200, _LABEL.str.to_uppercase()),
        ],
        pl.col("name"),
    )


def places(dice: Dice) -> pl.Expr:
    """Return the hosts of OSEs: retired ones that no tab lists, blank cells, other spellings."""
    retired = dice.below(_NUMBER, "retired", _RETIRED).cast(pl.String).str.zfill(2)
    return _one_of(
        dice.below(_NUMBER, "odd host", _OSES),
        [
            (120, pl.format("esx-retired-{}.{}", retired, pl.lit(DOMAIN))),
            (80, pl.lit(None, pl.String)),
            (100, pl.col("host").str.to_uppercase()),
            (100, pl.col("host").str.split(".").list.first()),
        ],
        pl.col("host"),
    )


def shared_uuids(dice: Dice) -> pl.Expr:
    """Return SMBIOS UUIDs, some of which clones have in common."""
    is_clone = _is_drawn() & (dice.below(_NUMBER, "clone", 1000) < 1)
    return pl.when(is_clone).then(uuid(_NUMBER // (SITE * SLOTS), dice, "clone")).otherwise("smbios_uuid")


def twice(frame: pl.LazyFrame, dice: Dice, key: str) -> pl.LazyFrame:
    """Repeat some of the rows, as two exports that were put together do."""
    share, of = (_TWICE, _OSES) if key == "number" else (_HOST_TWICE, _HOSTS)
    again = _is_drawn(key) & (dice.below(pl.col(key), "twice", of) < share)
    return (
        frame.with_columns(copy=pl.int_ranges(0, 1 + again.cast(pl.Int64)))
        .explode("copy", empty_as_null=True)
        .drop("copy")
    )


def hosts(frame: pl.LazyFrame, dice: Dice) -> pl.LazyFrame:
    """Leave hosts without cores, or with cores that cannot be; write some in capitals."""
    draw = dice.below(_HOST, "odd cores", _HOSTS)
    sizes = ("processors", "cores", "physical_cores")
    none = [(20, pl.lit(None, pl.Int64)), (10, pl.lit(0))]
    odd = {size: _one_of(draw, none, pl.col(size), "host_number") for size in sizes}
    shouted = [(20, pl.col("host").str.to_uppercase())]
    name = _one_of(dice.below(_HOST, "capitals", _HOSTS), shouted, pl.col("host"), "host_number")
    negative = _is_drawn("host_number") & draw.is_between(30, 32)
    return frame.with_columns(**odd, host=name).with_columns(
        physical_cores=pl.when(negative).then(-pl.col("physical_cores")).otherwise("physical_cores")
    )


def _one_of(draw: pl.Expr, cases: list[Case], usual: pl.Expr, key: str = "number") -> pl.Expr:
    start, chosen = 0, usual
    for share, instead in cases:
        chosen = pl.when(_is_drawn(key) & draw.is_between(start, start + share - 1)).then(instead).otherwise(chosen)
        start += share
    return chosen


def _is_drawn(key: str = "number") -> pl.Expr:
    return pl.col(key) >= (SITE * SLOTS if key == "number" else SITE)
