"""The hosts and OSEs of one piece of a vCenter at one snapshot, before they are worded as an export."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.sample import dirt, estate
from lmanalytics.sample.dice import Dice
from lmanalytics.sample.estate import ODDITIES, SITE
from lmanalytics.sample.guests import guests
from lmanalytics.sample.order import Order

_ODD = ODDITIES.lazy()


@dataclass(frozen=True)
class VCenter:
    """A vCenter: its number in the estate, the entity it is of, and its first site and the first of the next."""

    number: int
    entity: int
    sites: tuple[int, int]

    @property
    def name(self) -> str:
        """The folder of its exports."""
        return f"vcenter-{self.number + 1:03}"

    @property
    def server(self) -> str:
        """The name that its exports bear."""
        return f"{self.name if self.number else 'vcenter'}.{estate.DOMAIN}"


@dataclass(frozen=True)
class Machines:
    """Hosts as they are, hosts as they are exported, and OSEs, so many snapshots before the newest."""

    age: int

    real: pl.DataFrame
    hosts: pl.LazyFrame
    vms: pl.LazyFrame


def machines(order: Order, dice: Dice, vcenter: VCenter, piece: tuple[int, int], age: int) -> Machines:
    """Draw hosts `piece[0]` to `piece[1]` - 1 and their OSEs, `age` snapshots before the newest."""
    place = estate.hosts(*piece, dice, home=vcenter.sites[0])
    if age:
        place = place.filter(~pl.col("is_new"))
    vms, hosts = estate.oses(place, dice, density=order.density, age=age), place.lazy()
    is_drawn = piece[1] > SITE
    if is_drawn:
        vms, hosts = dirt.twice(vms, dice, "number"), dirt.hosts(dirt.twice(hosts, dice, "host_number"), dice)
    vms = guests(vms, dice, newest=order.taken_at(age).date(), age=age)
    if is_drawn:
        vms = vms.with_columns(name=dirt.names(dice), host=dirt.places(dice), smbios_uuid=dirt.shared_uuids(dice))
    if piece[0] < SITE:
        vms = vms.update(_ODD, on="number")
    return Machines(age, place, hosts, vms.with_columns(name=pl.when(pl.col("name") != "(blank)").then("name")))
