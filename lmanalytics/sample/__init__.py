"""A synthetic customer, Northwind Rail, in the export formats that real customers send, of any size."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmanalytics.errors import UsageError
from lmanalytics.sample import canonical, rvtools
from lmanalytics.sample.dice import Dice
from lmanalytics.sample.files import Files
from lmanalytics.sample.installs import installs
from lmanalytics.sample.machines import VCenter, machines
from lmanalytics.sample.order import FORMS, Order
from lmanalytics.sample.papers import add_papers, write_notes
from lmanalytics.sample.stock import Tally

__all__ = ["FORMS", "Order", "write"]
_STEPS = 20


@dataclass
class _Told:
    """Tells how far it has come, so often that a person sees it move."""

    progress: Callable[[str], None]
    hosts: int
    done: int = 0

    def add(self, hosts: int) -> None:
        before, self.done = self.done, self.done + hosts
        if before * _STEPS // self.hosts != self.done * _STEPS // self.hosts:
            self.progress(f"{self.done * 100 // self.hosts} % of the machines written")


def write(into: Path, *, progress: Callable[[str], None] = lambda _: None, **asked: Any) -> dict[str, int]:
    """Write the sample estate's exports into the folder `into`, which is made if it is absent.

    The same order gives the same bytes. Machines are drawn and written in pieces of some 40,000 OSEs, so that memory
    is bounded whatever the size.

    Args:
        into: the folder.
        progress: told of every twentieth.
        asked: the fields of `Order`, such as `hosts=1000, form="parquet"`; none gives the sample of 40 hosts.

    Returns:
        The rows written, by file or table; those of all vCenters and entities together.

    Raises:
        UsageError: the order cannot be, `into` is not empty or cannot be written, or its disk has no room.
    """
    order = Order(**asked)
    order.check(into)
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        message = f"{into} is not empty, and exports would mix. Name a folder that is empty or does not exist."
        raise UsageError(message)
    try:
        return _write(into, order, _Told(progress, order.hosts * order.snapshots))
    except OSError as error:
        message = (
            f"{into} cannot be written: {error.strerror or error}. Remove the folder and ask for less, or elsewhere."
        )
        raise UsageError(message) from error


def _write(into: Path, order: Order, told: _Told) -> dict[str, int]:
    dice, rows = Dice(order.seed), Counter[str]()
    names = [f"northwind_{number + 1}" if number else "northwind_rail" for number in range(order.entities)]
    for entity, name in enumerate(names):
        folder = into / name if len(names) > 1 else into
        with Files(folder, is_parquet=order.format == "parquet") as files:
            _write_entity(files, order, dice, entity, told)
        for file, count in files.rows.items():
            rows[Path(file).stem] += count
    write_notes(into, order, names)
    return dict(rows)


def _write_entity(files: Files, order: Order, dice: Dice, entity: int, told: _Told) -> None:
    tally = Tally()
    for number in order.entity_vcenters(entity):
        vcenter = VCenter(number, entity, order.vcenter_sites(number))
        for age in range(order.snapshots):
            _write_snapshot(files, order, dice, vcenter, age, told, tally)
    add_papers(files, order, tally, entity, dice)


def _write_snapshot(
    files: Files, order: Order, dice: Dice, vcenter: VCenter, age: int, told: _Told, tally: Tally
) -> None:
    taken_at, day = order.taken_at(age), order.taken_at(age).date()
    export = rvtools.name_of(taken_at)
    folder = f"{vcenter.name}/{export}" if order.vcenter_count > order.entities else export
    for piece in order.pieces(vcenter.sites):
        found = machines(order, dice, vcenter, piece, age)
        match order.format:
            case "workbook":
                rvtools.write_workbook(files.folder / f"{export}.xlsx", found, vcenter, taken_at, dice)
            case "rvtools":
                rvtools.add_csvs(files, folder, found, vcenter, taken_at, dice)
            case _:
                files.table("hosts", canonical.hosts(found, vcenter, day, is_text=not files.is_parquet))
                files.table("oses", canonical.oses(found, vcenter, day))
        if age == 0 and order.sites > 1:
            tally.add(order, dice, found)
        if age == 0 and order.installs:
            files.table("installs_inventory", installs(found.vms, dice, average=order.installs, day=day))
        told.add(piece[1] - piece[0])
    rvtools.close_csvs(files, folder)
