"""The synthetic estate: clusters of hosts, and where OSEs run at each snapshot.

The clusters of `clusters.csv` (40 hosts) repeat as often as hosts are asked for. Everything is drawn from
the number of the host or OSE, so that an estate of any size can be made in pieces.
"""

from pathlib import Path

import polars as pl

from lmanalytics.sample.dice import Dice

SITE = 40
"""Hosts in one turn of `clusters.csv`. OSEs move inside a cluster, so whole sites are made at once."""

COMMISSIONED, FAULTY = 21, 39
"""Two hosts that only the newest snapshot has: one without VMs, one exported with impossible numbers."""

DOMAIN = "northwind-rail.example"
ZONE = 25 * SITE
"""Hosts in one pair of data centers."""

SLOTS = 1000
"""OSE numbers are `host number * SLOTS + slot`."""

_AGENTS = 2  # vCLS VMs of a cluster
_MHZ = 2600
_MEBIBYTES_PER_CORE = 16384
_CLUSTERS = Path(__file__).parent / "clusters.csv"
ODDITIES = pl.read_csv(
    Path(__file__).parent / "oddities.csv", infer_schema_length=None, schema_overrides={"name": pl.String}
)
"""OSEs with the dirt of real exports, by number: what to write instead of what was drawn."""


def hosts(first: int, last: int, dice: Dice, *, home: int = 0) -> pl.DataFrame:
    """Hosts `first` to `last` - 1: one row each, with the profile of its cluster.

    `home` is the first site of their vCenter: names of clusters and ids begin anew there.
    """
    number = pl.col("host_number")
    clusters = pl.read_csv(_CLUSTERS).with_row_index("cluster_number")
    start = pl.col("hosts").cum_sum() - pl.col("hosts")
    places = (
        clusters.with_columns(start=start, place=pl.int_ranges(0, "hosts"))
        .explode("place", empty_as_null=True)
        .select(pl.exclude("start", "hosts"), position=pl.col("start") + pl.col("place"))
    )
    site, zone = number // SITE - home, number // ZONE
    datacenter = pl.when(pl.col("datacenter") == 0).then(pl.lit("Aldermoor")).otherwise(pl.lit("Brackwell"))
    return (
        pl.select(host_number=pl.int_range(first, last))
        .with_columns(position=number % SITE)
        .join(places, on="position", how="left", maintain_order="left")
        .with_columns(
            cluster=pl.col("cluster") + pl.when(site > 0).then(pl.format("-{}", site + 1)).otherwise(pl.lit("")),
            datacenter=datacenter + pl.when(zone > 0).then(pl.format(" {}", zone + 1)).otherwise(pl.lit("")),
            host=pl.format("esx{}.{}", (number + 1).cast(pl.String).str.zfill(3), pl.lit(DOMAIN)),
            host_object=pl.format("host-{}", number - home * SITE + 1001),
            cluster_object=pl.format("domain-c{}", site * 100 + pl.col("cluster_number") + 10),
            host_uuid=uuid(number, dice, "host"),
            service_tag=pl.format("EX{}", dice.below(number, "service tag", 10**7).cast(pl.String).str.zfill(7)),
            physical_cores=pl.col("processors") * pl.col("cores"),
            speed=pl.lit(_MHZ),
            host_memory=pl.col("processors") * pl.col("cores") * _MEBIBYTES_PER_CORE,
            is_new=number.is_in([COMMISSIONED, FAULTY]),
            first_number=pl.lit(home * SITE * SLOTS),
        )
        .with_columns(cluster_hosts=pl.len().over("cluster").cast(pl.Int64))
    )


def oses(hosts: pl.DataFrame, dice: Dice, *, density: int, age: int) -> pl.LazyFrame:
    """Where the OSEs of whole clusters run, `age` snapshots before the newest; sorted by number.

    `density` is the average number of OSEs on a host. Up to the newest snapshot one OSE in twelve is new,
    one in thirty is gone and one in seven is on another host of its cluster.
    """
    number, host, place = pl.col("number"), pl.col("host_number"), pl.col("place")
    drawn = (pl.col("oses") * density * (70 + dice.below(host, "oses", 60)) + 750) // 1500
    count = pl.when("is_new").then(0).otherwise(drawn + (place < _AGENTS))
    shift = dice.below(number, "moved by", pl.col("cluster_hosts"))
    other = host - place + (place + shift) % pl.col("cluster_hosts")
    moves = dice.happens(number, "moves", 15) & ~other.is_in([COMMISSIONED, FAULTY])
    born, gone = dice.happens(number, "is new", 8), dice.happens(number, "is gone", 3)
    system = (pl.col("slot") == 0) & (place < _AGENTS)
    profile = ("role", "windows", "vcpus", "environment", "evc", "first_number")
    homes = hosts.lazy().select("host_number", "host", "cluster", "datacenter")
    return (
        hosts.lazy()
        .select("host_number", "place", "cluster_hosts", *profile, slot=pl.int_ranges(0, count))
        .explode("slot", empty_as_null=True)
        .drop_nulls("slot")
        .with_columns(number=host * SLOTS + pl.col("slot"), is_system=system)
        .filter(system | number.is_in(ODDITIES["number"].implode()) | ~(born if age else gone))
        .with_columns(host_number=pl.when(~system & moves & (age == 0)).then(other).otherwise(host))
        .join(homes, on="host_number", how="left", maintain_order="left")
    )


def uuid(key: pl.Expr, dice: Dice, what: str) -> pl.Expr:
    """A UUID of decimal digits: random, and ending in the key, so unique."""
    digits = dice.below(key, f"uuid {what}", 10**12).cast(pl.String).str.zfill(12)
    groups = [digits.str.slice(start, 4) for start in (0, 4, 8)]
    return pl.format("5001{}-{}-{}-8000-{}", *groups, key.cast(pl.String).str.zfill(12))
