"""What is asked for: how large an estate, in which form; and how much disk that takes."""

import shutil
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from lmanalytics.errors import UsageError
from lmanalytics.sample.estate import SITE

FORMS = ("workbook", "rvtools", "canonical", "parquet")
WORKBOOK_HOSTS = 2000
"""A larger estate is written as CSVs: a worksheet ends at a million rows, and people at far fewer."""

MOST_OSES, MOST_INSTALLS = 400, 50
_VCENTER_SITES = 50
PIECE_OSES = 40_000
_NEWEST, _BETWEEN = timedelta(days=2), timedelta(days=89)
_GIGABYTE = 10**9
_BYTES = {"workbook": (700, 400, 78), "rvtools": (1120, 570, 78), "canonical": (215, 165, 78), "parquet": (10, 20, 6)}
"""Of an OSE and a host in one snapshot, and of an install: what each takes on disk."""

_BYTES_OF_SITE, _BYTES_OF_EMPLOYEE = 15_000, 130


@dataclass(frozen=True)
class Order:
    """A size and a form.

    Attributes:
        hosts: physical hosts; 40 make a site, and each further site is drawn like the first.
        seed: another seed, another estate; the same order gives the same bytes.
        as_of: the position date; the newest snapshot is two days before it, others a quarter apart.
        density: the average number of OSEs on a host.
        installs: the average number of installs of an OSE that a software inventory lists; 0 for no inventory.
        snapshots: how many exports of each vCenter there are.
        form: of machines: `workbook`, `rvtools` (CSVs), `canonical` (CSV) or `parquet`; None chooses by size.
        vcenters: how many; None is one for every 2,000 hosts.
        entities: legal entities, each in a folder with vCenters and agreements of its own.
        employees: how many are drawn, with their devices and orders; 0 gives eight for each site.
    """

    hosts: int = SITE
    seed: int = 2026
    as_of: date = date(2026, 6, 30)
    density: int = 15
    installs: int = 0
    snapshots: int = 2
    form: str | None = None
    vcenters: int | None = None
    entities: int = 1
    employees: int = 0

    @property
    def sites(self) -> int:
        """Whole sites, the last of which may be begun only."""
        return -(-self.hosts // SITE)

    @property
    def format(self) -> str:
        """The form that machines are written in."""
        return self.form or ("workbook" if self.hosts <= WORKBOOK_HOSTS else "rvtools")

    @property
    def vcenter_count(self) -> int:
        """How many vCenters there are: no more than sites."""
        if self.format == "workbook":
            return max(1, self.entities)
        usual = max(-(-self.sites // _VCENTER_SITES), self.entities)
        return min(self.vcenters or usual, self.sites)

    @property
    def observed_on(self) -> date:
        """The day of the newest snapshot."""
        return self.as_of - _NEWEST

    def vcenter_sites(self, vcenter: int) -> tuple[int, int]:
        """Return the first site of a vCenter, and the first of the next."""
        return vcenter * self.sites // self.vcenter_count, (vcenter + 1) * self.sites // self.vcenter_count

    def entity_vcenters(self, entity: int) -> range:
        """Return the vCenters of an entity."""
        return range(entity * self.vcenter_count // self.entities, (entity + 1) * self.vcenter_count // self.entities)

    def entity_sites(self, entity: int) -> tuple[int, int]:
        """Return the first site of an entity, and the first of the next."""
        vcenters = self.entity_vcenters(entity)
        return self.vcenter_sites(vcenters[0])[0], self.vcenter_sites(vcenters[-1])[1]

    def pieces(self, sites: tuple[int, int]) -> list[tuple[int, int]]:
        """Cut some sites into first and last hosts of what is held in memory at once; a workbook is in one piece."""
        step = SITE * max(1, min(_VCENTER_SITES, PIECE_OSES // (SITE * self.density)))
        if self.format == "workbook":
            step = WORKBOOK_HOSTS
        last = min(sites[1] * SITE, self.hosts)
        return [(first, min(first + step, last)) for first in range(sites[0] * SITE, last, step)]

    def taken_at(self, age: int) -> datetime:
        """Return when the snapshot that is `age` before the newest was taken."""
        return datetime.combine(self.observed_on - age * _BETWEEN, time(6, 0, 12 - 5 * min(age, 2)))

    def bytes(self) -> int:
        """Estimate what it takes on disk."""
        ose, host, install = _BYTES.get(self.format, _BYTES["rvtools"])
        machines = self.hosts * self.snapshots * (self.density * ose + host)
        inventory = self.hosts * self.density * self.installs * install
        return machines + inventory + self.sites * _BYTES_OF_SITE + self.employees * _BYTES_OF_EMPLOYEE

    def check(self, into: Path) -> None:
        """Refuse what cannot be, and what the disk has no room for.

        Raises:
            UsageError: with what to ask for instead.

        """
        for wrong, message in self._wrongs(into):
            if wrong:
                raise UsageError(message)

    def _wrongs(self, into: Path) -> list[tuple[bool, str]]:
        need, free = self.bytes(), shutil.disk_usage(_there(into)).free
        return [
            (self.hosts < 1, f"The sample estate cannot have {self.hosts} hosts. Ask for one or more."),
            (
                not 1 <= self.density <= MOST_OSES,
                f"A host of the sample has 1 to {MOST_OSES} OSEs on average, not {self.density}.",
            ),
            (
                not 0 <= self.installs <= MOST_INSTALLS,
                f"An OSE of the sample has at most {MOST_INSTALLS} installs on average, not {self.installs}.",
            ),
            (self.format not in FORMS, f"There is no form {self.form!r}. There are {', '.join(FORMS)}."),
            (
                self.format == "workbook" and self.hosts > WORKBOOK_HOSTS,
                (
                    f"A workbook holds {WORKBOOK_HOSTS:,} hosts of the sample at most, not {self.hosts:,}. "
                    "Ask for rvtools (CSVs), canonical or parquet."
                ),
            ),
            (
                not 1 <= self.entities <= self.vcenter_count,
                (
                    f"{self.entities} entities need as many vCenters, and {self.hosts:,} hosts make "
                    f"{self.vcenter_count}. Ask for more hosts, or for more vCenters with --vcenters."
                ),
            ),
            (
                need > free,
                (
                    f"The estate takes about {need / _GIGABYTE:,.1f} GB, and {into} has {free / _GIGABYTE:,.1f} GB "
                    "free. Ask for fewer hosts or one snapshot, for parquet, or for a folder on a larger disk."
                ),
            ),
        ]


def _there(path: Path) -> Path:
    """Return the nearest folder that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())
