"""Write what machines and installs there are into one file for each partition."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from lmanalytics.facts.identities import identified
from lmanalytics.facts.snapshots import inventory_days
from lmanalytics.partition.places import node, place_of_ose, places
from lmanalytics.schemas import CANONICAL, ENTITY

Tables = dict[str, pl.LazyFrame]
ROWS = 250_000
"""Rows of `oses` in a partition, on average: about half a gigabyte while its facts are made."""
INSTALLS = 16
"""As many rows of an inventory of installs weigh as much as one of `oses`; most of them are set aside."""
_GROUP = 131_072
_SEEN = [ENTITY, "observed_on", "row_id"]


@dataclass(frozen=True)
class Parts:
    """The files of a split estate.

    `files`: for each table one file per partition, by number; a partition without rows has an empty one.
    `shared`: tables that every partition is given whole.
    """

    count: int
    files: dict[str, list[Path]]
    shared: dict[str, Path]


def count(tables: Tables) -> int:
    """Say into how many partitions an estate is split; that depends on its rows alone."""
    weights = {"hosts": 1, "oses": 1, "installs": INSTALLS}
    sizes = {n: int(tables[n].select(pl.len()).collect().item()) for n in weights if n in tables}
    return max(1, -(-sum(size // weights[name] for name, size in sizes.items()) // ROWS))


def split(tables: Tables, as_of: date, folder: Path, number: int) -> Parts:
    """Split hosts, OSEs and installs by what rules must see together.

    Args:
        tables: `hosts`, `oses`, `ose_host_affinity` and `installs`, canonical; absent ones are left out. Machines
            that `installs` calls by name are given their ids.
        as_of: the day of the position.
        folder: receives `<table>/<partition>.parquet`.
        number: how many partitions.

    Returns:
        The files: the tables that were given; `elsewhere_of_oses` and `elsewhere_of_installs`, the days on which a
        machine or install was observed in other partitions; and shared `days_of_hosts` and `days_of_oses`, those
        of every inventory (`snapshots.Beyond`).

    """
    given: Tables = {name: tables[name] for name in ("hosts", "oses") if name in tables}
    work = _Work(folder, number)
    known = places(given)
    work.known = known.with_columns(part=_part(pl.col("place"), number)).select("node", "part")
    if "hosts" in given:
        placed = given["hosts"].with_columns(_node=node("host_id", "host_id"))
        part = work.known.lazy().rename({"node": "_node"})
        work.write("hosts", placed.join(part, on="_node", how="left", maintain_order="left").drop("_node"))
    oses = given.get("oses", CANONICAL["oses"].empty())
    if "oses" in given:
        work.write("oses", place_of_ose(oses, known).with_columns(part=_part(pl.col("place"), number)).drop("place"))
        work.elsewhere("oses", "ose_id", as_of)
        if "ose_host_affinity" in tables:
            rules = tables["ose_host_affinity"].with_columns(_node=node("ose_id", "ose_id"))
            work.write("ose_host_affinity", rules.join(work.every("oses"), on="_node").drop("_node"))
    if "installs" in tables:
        named = identified({"installs": tables["installs"]}, CANONICAL["hosts"].empty(), oses)["installs"]
        work.write("installs", work.with_oses(named))
        work.elsewhere("installs", "install_id", as_of, "product")
    shared = {}
    for name, rows in given.items():
        path = folder / f"days_of_{name}.parquet"
        inventory_days(rows).sort(pl.all(), nulls_last=True).sink_parquet(path)
        shared[path.stem] = path
    return Parts(number, {name: work.files(name) for name in work.written}, shared)


def _part(hashed: pl.Expr, number: int) -> pl.Expr:
    return (hashed % number).cast(pl.UInt32)


class _Work:
    """The folder in which partitions are written, and what is known of where machines went."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number = folder, number
        self.known = pl.DataFrame()
        self.written: list[str] = []

    def files(self, name: str) -> list[Path]:
        return [self.folder / name / f"{number:05}.parquet" for number in range(self.number)]

    def write(self, name: str, rows: pl.LazyFrame) -> None:
        """Write rows with `part` into the files of a table, in their order.

        Polars closes a file when more than 128 are open, and goes on in another: it would write over one of that name.
        """
        schema = rows.drop("part").collect_schema()
        rows.sink_parquet(
            pl.PartitionBy(
                self.folder / name,
                key="part",
                include_key=False,
                file_path_provider=lambda told: f"{told.partition_keys.item():05}-{told.index_in_partition:05}.parquet",
                approximate_bytes_per_file=None,
            ),
            mkdir=True,
            row_group_size=_GROUP,
        )
        for path in self.files(name):
            pieces = sorted(path.parent.glob(f"{path.stem}-*.parquet"))
            if len(pieces) == 1:
                pieces[0].rename(path)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = pl.concat([pl.scan_parquet(piece) for piece in pieces] or [pl.LazyFrame(schema=schema)])
            whole.sink_parquet(path, row_group_size=_GROUP)
            for piece in pieces:
                piece.unlink()
        self.written.append(name)

    def elsewhere(self, name: str, key: str, as_of: date, *more: str) -> None:
        """Find what is in several partitions, and tell each of them of the rows in the others.

        Leaves `<name>_keys.parquet`: _node, part, the partition of the row that holds on the day of the position.
        """
        rows = pl.concat(
            scan.with_columns(part=pl.lit(number, pl.UInt32)).with_columns(_node=node(key, key))
            for number, scan in enumerate(map(pl.scan_parquet, self.files(name)))
        )
        pairs = rows.group_by("_node").agg(part=pl.col("part").min(), _last=pl.col("part").max())
        found = self.folder / f"{name}_pairs.parquet"
        pairs.sink_parquet(found)
        moved = pl.scan_parquet(found).filter(pl.col("part") != pl.col("_last")).select("_node").collect()
        told = rows.join(moved.lazy(), on="_node", how="semi").select("_node", "part", key, *_SEEN, *more)
        told = told.collect(engine="streaming").lazy()
        others = told.select("_node", "part").unique()
        self.write(
            f"elsewhere_of_{name}",
            told.join(others, on="_node", suffix="_to")
            .filter(pl.col("part") != pl.col("part_to"))
            .drop("_node", "part")
            .rename({"part_to": "part"})
            .sort("part", "row_id"),
        )
        last = (
            told.with_columns(_counts=pl.col("observed_on") <= as_of)
            .sort("_counts", "observed_on", "row_id", descending=[True, True, False])
            .unique("_node", keep="first", maintain_order=True)
            .select("_node", _now="part")
        )
        others.sort("_node", "part").sink_parquet(self.folder / f"{name}_moved.parquet")
        keys = pl.scan_parquet(found).join(last, on="_node", how="left")
        keys.select("_node", part=pl.coalesce("_now", "part")).sink_parquet(self.folder / f"{name}_keys.parquet")

    def every(self, name: str) -> pl.LazyFrame:
        """Return _node and part, a row for each partition in which a machine has rows."""
        kept = pl.scan_parquet(self.folder / f"{name}_keys.parquet")
        moved = pl.scan_parquet(self.folder / f"{name}_moved.parquet")
        return pl.concat([kept.join(moved, on="_node", how="anti"), moved])

    def with_oses(self, installs: pl.LazyFrame) -> pl.LazyFrame:
        """Send each install to its OSE, to its host where it stands on no OSE of its own, or by its own name."""
        here = "ose_id"
        rows = installs.with_columns(_node=node(here, "ose_id"), _host=node(here, "host_id"))
        if "oses" in self.written:
            keys = pl.scan_parquet(self.folder / "oses_keys.parquet")
            rows = rows.join(keys, on="_node", how="left", maintain_order="left")
        else:
            rows = rows.with_columns(part=pl.lit(None, pl.UInt32))
        hosts = self.known.lazy().rename({"node": "_host", "part": "_host_part"})
        own = _part(pl.col("_node").fill_null(0), self.number)
        return (
            rows.join(hosts, on="_host", how="left", maintain_order="left")
            .with_columns(part=pl.coalesce("part", "_host_part", own))
            .drop("_node", "_host", "_host_part")
        )
