"""Papers written by hand for one site, repeated for every other: their machines, people and agreements move along."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from lmanalytics.sample.estate import SITE, SLOTS, ZONE

PAPERS = Path(__file__).parent / "papers"
SITES_OF_ZONE = ZONE // SITE
_AGREEMENTS = frozenset(
    {
        "agreement_id", "enrollment_id", "Agreement Number", "Enrollment Number", "Vertragsnummer", "Beitrittsnummer",
    }
)  # fmt: skip
_IDS = frozenset(
    {
        "purchase_id", "host_id", "host_name", "cluster_id", "ose_id", "name", "install_id", "primary_install_id",
        "coverage_id", "device_id", "deployment_id", "production_deployment_id", "run_id", "production_ose_id",
        "assignment_id", "from_host_id", "to_host_id", "tied_to_host_id", "solution_id", "service_id", "employee_id",
        "primary_user_id", "order_id",
    }
)  # fmt: skip
_CHUNK = 1000
_SITE = pl.col("_site")


def paper(name: str) -> pl.DataFrame:
    """Read a paper as text."""
    return pl.read_csv(PAPERS / name, infer_schema=False)


def of_sites(frame: pl.DataFrame, sites: tuple[int, int]) -> Iterator[pl.DataFrame]:
    """Repeat a paper for some sites, a thousand at a time; the first site of all has it as it is."""
    for first in range(sites[0], sites[1], _CHUNK):
        numbers = pl.select(_site=pl.int_range(first, min(first + _CHUNK, sites[1])))
        yield moved(numbers.join(frame, how="cross", maintain_order="left_right"))


def of_zones(frame: pl.DataFrame, zones: list[int]) -> pl.DataFrame:
    """Repeat a paper for some zones, each as its first site."""
    numbers = pl.DataFrame({"_site": zones}, schema={"_site": pl.Int64}).select(_SITE * SITES_OF_ZONE)
    return moved(numbers.join(frame, how="cross", maintain_order="left_right"))


def moved(frame: pl.DataFrame) -> pl.DataFrame:
    """Move the references of each row to its `_site`; site 0 stays where it is."""
    named = [_moved_id(c).alias(c) for c in frame.columns if c in _IDS]
    agreed = [_moved_agreement(c).alias(c) for c in frame.columns if c in _AGREEMENTS]
    return frame.with_columns(*named, *agreed).drop("_site")


def _moved_id(column: str) -> pl.Expr:
    """Renumber virtual machines and ESX hosts; let other ids, up to their domain, end in the site."""
    text = pl.col(column)
    machine, host = text.str.extract(r"^nwr-\w+-(\d+)$"), text.str.extract(r"^esx(\d+)\.")
    number = machine.cast(pl.Int64) + _SITE * SITE * SLOTS
    place = host.cast(pl.Int64) + _SITE * SITE
    first, rest = text.str.extract(r"^([^.]*)"), text.str.extract(r"^[^.]*(\..*)$").fill_null("")
    moved = (
        pl.when(machine.is_not_null())
        .then(pl.format("{}{}", text.str.extract(r"^(nwr-\w+-)"), number.cast(pl.String).str.zfill(6)))
        .when(host.is_not_null())
        .then(pl.format("esx{}{}", place.cast(pl.String).str.zfill(3), rest))
        .otherwise(pl.format("{}-{}{}", first, _SITE + 1, rest))
    )
    return pl.when(_SITE > 0).then(moved).otherwise(text)


def _moved_agreement(column: str) -> pl.Expr:
    """Count the last six digits of a number up by the zone; let other names end in it."""
    text, zone = pl.col(column), _SITE // SITES_OF_ZONE
    digits = text.str.extract(r"(\d{6})$")
    counted = pl.format(
        "{}{}", text.str.extract(r"^(.*)\d{6}$"), (digits.cast(pl.Int64) + zone).cast(pl.String).str.zfill(6)
    )
    moved = pl.when(digits.is_not_null()).then(counted).otherwise(pl.format("{}-{}", text, zone + 1))
    return pl.when(zone > 0).then(moved).otherwise(text)
