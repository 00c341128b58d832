"""What the drawn estate needs, roughly, so that purchases can be written that nearly cover it."""

from dataclasses import dataclass, field
from functools import cache

import polars as pl

from lmanalytics.sample.dice import Dice
from lmanalytics.sample.estate import SITE, ZONE
from lmanalytics.sample.installs import sql_edition
from lmanalytics.sample.machines import Machines, VCenter, machines
from lmanalytics.sample.order import Order

FAMILIES = ("standard", "datacenter", "sql_standard", "sql_enterprise")
_SETS = 6
"""From so many sets of Standard on, Datacenter is the cheaper one at the sample's prices."""

_LEAST_CORES, _LEAST_VCPUS = 16, 4
_SQL_OF_SITE = {"sql_standard": 60, "sql_enterprise": 56}
"""Cores that the SQL Server inventory of a site, written by hand, needs licenses for."""

_SQL_OWNED = {"sql_standard": 100, "sql_enterprise": 60}
"""Cores that the sample's purchases license, where none is idle because its edition or version fits nothing."""

_COVERED = 97
"""Percent of what is needed that is owned."""


@dataclass
class Tally:
    """Cores that need licenses, by zone and family of licenses."""

    cores: dict[int, dict[str, int]] = field(default_factory=dict)

    def add(self, order: Order, dice: Dice, found: Machines) -> None:
        """Count a piece of the newest snapshot."""
        for row in _needs(order, dice, found).to_dicts():
            zone = self.cores.setdefault(row.pop("zone"), dict.fromkeys((*FAMILIES, "sites"), 0))
            for family, cores in row.items():
                zone[family] += cores

    def share(self, zone: int, family: str) -> tuple[int, int]:
        """Return the factor by which the sample's purchases grow, as a fraction; other families grow with sites."""
        needed, usual = self.cores[zone], _of_the_sample()
        if family not in FAMILIES:
            return needed["sites"], 1
        return needed[family] * _COVERED, _SQL_OWNED.get(family, usual[family]) * 100


def _needs(order: Order, dice: Dice, found: Machines) -> pl.DataFrame:
    cores = pl.max_horizontal(_LEAST_CORES, pl.col("physical_cores"))
    edition = sql_edition(dice) if order.installs else pl.lit(None, pl.String)
    oses = (
        found.vms.filter(pl.col("power") == "poweredOn")
        .select("host_number", "is_windows", "cpus", edition=edition)
        .group_by("host_number")
        .agg(
            sets=(pl.col("is_windows").sum() + 1) // 2,
            sql_standard=_virtual(pl.col("edition") == "Standard"),
            sql_enterprise=_virtual(pl.col("edition") == "Enterprise"),
        )
    )
    zone = pl.col("host_number") // ZONE
    by_zone = (
        found.real.lazy()
        .join(oses, on="host_number", how="left")
        .with_columns(pl.col("sets", "sql_standard", "sql_enterprise").fill_null(0), zone=zone)
        .group_by("zone")
        .agg(
            standard=(pl.col("sets") * cores).filter(pl.col("sets") < _SETS).sum(),
            datacenter=cores.filter(pl.col("sets") >= _SETS).sum(),
            sites=(pl.col("host_number") // SITE).n_unique().cast(pl.Int64),
            **{name: pl.col(name).sum() for name in _SQL_OF_SITE},
        )
        .with_columns(pl.col(name) + pl.col("sites") * cores for name, cores in _SQL_OF_SITE.items())
    )
    return by_zone.sort("zone").collect()


def _virtual(is_meant: pl.Expr) -> pl.Expr:
    return pl.max_horizontal(_LEAST_VCPUS, pl.col("cpus")).filter(is_meant).sum()


@cache
def _of_the_sample() -> dict[str, int]:
    """Count the estate that the papers were written for."""
    order, dice, tally = Order(), Dice(Order().seed), Tally()
    tally.add(order, dice, machines(order, dice, VCenter(0, 0, (0, 1)), (0, SITE), 0))
    return tally.cores[0]
