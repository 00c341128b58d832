"""A synthetic customer, Northwind Rail, in the export formats that real customers send."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from lmanalytics.errors import UsageError
from lmanalytics.sample.dice import Dice
from lmanalytics.sample.papers import write_papers
from lmanalytics.sample.rvtools import Snapshot, write_snapshot

_NEWEST, _BETWEEN = timedelta(days=2), timedelta(days=89)


def write(
    into: Path,
    *,
    hosts: int = 40,
    seed: int = 2026,
    as_of: date = date(2026, 6, 30),
    density: int = 15,
    snapshots: int = 2,
) -> None:
    """Write the sample estate's exports into the folder `into`, which is made if it is absent.

    The same arguments give the same bytes. `density` is the average number of OSEs on a host, `snapshots`
    how many RVTools exports there are, the newest two days before `as_of` and the others a quarter apart.
    Above 2,000 hosts RVTools is a folder of CSVs, written in pieces so that memory stays bounded.

    Raises:
        UsageError: `hosts` is less than one, or `into` is not empty.
    """
    if hosts < 1:
        message = f"The sample estate cannot have {hosts} hosts. Ask for one or more."
        raise UsageError(message)
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        message = f"{into} is not empty, and exports would mix. Name a folder that is empty or does not exist."
        raise UsageError(message)
    newest = as_of - _NEWEST
    dice = Dice(seed)
    for age in range(snapshots):
        taken_at = datetime.combine(newest - age * _BETWEEN, time(6, 0, 12 - 5 * min(age, 2)))
        write_snapshot(into, Snapshot(taken_at, age), host_count=hosts, density=density, dice=dice)
    write_papers(into, host_count=hosts, observed_on=newest)
