"""Do the contestants agree? Row by row: tables as read, accepted rows, outcomes, demand, what is short.

A peer is compared on what both decide; `Comparison.apart` says what is left out, and why. Rows are compared as a
multiset, by a hash of 64 bits of the columns named, so that millions of them fit; differing ones are shown whole.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from benchmarks.engines import ours

EXAMPLES = 5
_HOST = ["host_id", "observed_on", "host_name", "cluster_id", "datacenter_id", "inventory_id", "processors",
         "physical_cores", "hypervisor", "operator"]  # fmt: skip
_OSE = ["ose_id", "observed_on", "name", "host_id", "cluster_id", "inventory_id", "kind", "vcpus", "is_running",
        "is_template", "location", "os_product", "os_edition", "os_version", "environment",
        "license_source"]  # fmt: skip
_INSTALL = ["install_id", "observed_on", "ose_id", "product", "edition", "version", "component", "role",
            "primary_install_id", "is_readable", "is_evaluation", "license_source"]  # fmt: skip
_JUDGED = ["ose_id", "observed_on", "host_id", "vcpus", "state", "valid_until", "subject_id", "needs_datacenter",
           "outcome", "reason", "is_load"]  # fmt: skip
_DEMAND = ["subject_kind", "subject_id", "product", "option", "edition", "licenses_required", "licenses_with_sa",
           "is_available", "cost", "curve_steps", "curve_without_sa", "curve_with_sa"]  # fmt: skip
_POSITION = ["product", "edition", "metric", "owned", "required", "short"]
_OTHERS = "Peers read machines, installs and prices; the other tables of the exports are ours alone."
_BRANCH = "Rows of vCenters; branch hosts (2 % of rows: containers, Azure, providers) are ours alone."
_OF_HOSTS = (
    "Windows Server and SQL Server on hosts and machines of vCenters: options by physical core, by virtual machine and"
    " mixed. Other products, branch hosts, License Mobility and the Azure Hybrid Benefit are ours alone. Peers are"
    " given which passive copies are free. Version and reason of an option are not compared."
)
_CHEAPEST = (
    "The proven optimum is no SQL: peers take the cheapest option of each subject by list price and set what is owned"
    " against it, and are compared with the same done to our demand. What purchases entitle to is given to them."
)
_OPTIONS = ("standard_physical_cores", "datacenter_physical_cores", "virtual_cores", "enterprise_physical_cores",
            "standard_physical_and_virtual_cores", "enterprise_physical_cores_with_sa")  # fmt: skip


@dataclass(frozen=True)
class Table:
    """One table that is compared: of which stage, by which columns, where each side has it."""

    stage: str
    name: str
    columns: list[str]
    ours: Callable[[Path], pl.LazyFrame]
    theirs: str
    apart: str


@dataclass(frozen=True)
class Comparison:
    """How many rows of a table differ: those that one side has and the other has not, counted on both."""

    stage: str
    table: str
    rows: int
    differing: int
    apart: str
    columns: list[str]
    examples: list[dict[str, str | None]]

    def as_dict(self) -> dict[str, object]:
        """Return the fields, for JSON."""
        return asdict(self)


def compare(work: Path, engine: str, stages: list[str]) -> list[Comparison]:
    """Compare a peer's tables of some stages with ours, in the order of the stages."""
    found = []
    for table in TABLES:
        if table.stage in stages:
            theirs = pl.scan_parquet(work / engine / table.theirs)
            found.append(_compared(table, table.ours(work), theirs))
    return found


def _compared(table: Table, ours_: pl.LazyFrame, theirs: pl.LazyFrame) -> Comparison:
    one, two = _counted(ours_, table.columns, "ours"), _counted(theirs, table.columns, "theirs")
    both = one.join(two, on="row", how="full", coalesce=True).with_columns(pl.col("ours", "theirs").fill_null(0))
    differ = both.filter(pl.col("ours") != pl.col("theirs"))
    total = (differ["ours"].cast(pl.Int64) - differ["theirs"].cast(pl.Int64)).abs().sum()
    examples = []
    for side, frame in (("ours", ours_), ("theirs", theirs)):
        more = differ.filter(pl.col(side) > pl.col("theirs" if side == "ours" else "ours"))
        if more.height:
            shown = _as_text(frame, table.columns).filter(pl.struct(table.columns).hash().is_in(more["row"].implode()))
            rows = shown.head(EXAMPLES).collect(engine="streaming").to_dicts()
            examples += [{"side": side} | row for row in rows]
    return Comparison(table.stage, table.name, int(one["ours"].sum()), int(total), table.apart, table.columns, examples)


def _counted(frame: pl.LazyFrame, columns: list[str], name: str) -> pl.DataFrame:
    hashed = _as_text(frame, columns).select(row=pl.struct(columns).hash())
    return hashed.group_by("row").agg(pl.len().alias(name)).collect(engine="streaming")


def _as_text(frame: pl.LazyFrame, columns: list[str]) -> pl.LazyFrame:
    """Write every value in one way: money without the zeros that a type adds, lists as they read."""
    schema = frame.collect_schema()
    given = []
    for name in columns:
        column, dtype = pl.col(name), schema[name]
        if isinstance(dtype, pl.List):
            column = column.cast(pl.List(pl.String())).list.join(",")
        elif isinstance(dtype, pl.Decimal) or dtype.is_float():
            column = (column.cast(pl.Decimal(38, 4)) * 10_000).cast(pl.Int64).cast(pl.String)
        elif isinstance(dtype, pl.Datetime):
            column = column.cast(pl.Date).cast(pl.String)
        given.append(column.cast(pl.String).alias(name))
    return frame.select(given)


def _read(name: str) -> Callable[[Path], pl.LazyFrame]:
    """Return the rows as read: those that the gate accepted, and those that it kept back."""

    def rows(work: Path) -> pl.LazyFrame:
        columns = {"hosts": _HOST, "oses": _OSE, "installs": _INSTALL}[name]
        folder = ours.run_of(work)
        parts = [pl.scan_parquet(folder / kind / f"{name}.parquet") for kind in ("accepted", "quarantine")]
        return pl.concat([part.select(columns) for part in parts])

    return rows


def _accepted(name: str) -> Callable[[Path], pl.LazyFrame]:
    return lambda work: pl.scan_parquet(ours.run_of(work) / "accepted" / f"{name}.parquet")


def _fact_hosts(work: Path) -> pl.LazyFrame:
    return ours.table(work, "facts_hosts").filter(pl.col("inventory_id").is_not_null())


def _fact_oses(work: Path) -> pl.LazyFrame:
    machines = pl.scan_parquet(ours.run_of(work) / "accepted" / "oses.parquet").select("row_id", "inventory_id")
    own = ours.table(work, "facts_oses").join(machines.drop_nulls(), on="row_id", how="semi")
    return own.filter(pl.col("state") != "later")


def _demand(work: Path) -> pl.LazyFrame:
    hosts = _fact_hosts(work).select("host_id")
    oses = _fact_oses(work).select("ose_id").unique()
    rows = ours.table(work, "demand").filter(
        pl.col("product").is_in(["Windows Server", "SQL Server"]), pl.col("option").is_in(_OPTIONS)
    )
    of_hosts = rows.filter(pl.col("subject_kind") == "host").join(
        hosts, left_on="subject_id", right_on="host_id", how="semi"
    )
    of_oses = rows.filter(pl.col("subject_kind") == "ose").join(
        oses, left_on="subject_id", right_on="ose_id", how="semi"
    )
    return pl.concat([of_hosts, of_oses])


def _position(work: Path) -> pl.LazyFrame:
    """Do to our demand what the peers do to theirs."""
    subject = ["subject_kind", "subject_id", "product"]
    demand = _demand(work)
    ways = demand.group_by(*subject, "option").agg(
        pl.col("is_available").all(), pl.col("cost").is_null().any().alias("unpriced"), pl.col("cost").sum(),
        pl.col("licenses_required").sum(),
    )  # fmt: skip
    able = ways.filter(pl.col("is_available"), ~pl.col("unpriced"))
    chosen = able.sort("cost", "licenses_required", "option").unique(subject, keep="first", maintain_order=True)
    line = ["product", "edition", "metric"]
    required = (
        demand.join(chosen.select(*subject, "option"), on=[*subject, "option"], how="semi")
        .group_by("product", "edition", metric=pl.lit("core"))
        .agg(required=pl.col("licenses_required").sum())
    )
    owned = pl.scan_parquet(work / "given" / "owned.parquet").group_by(line).agg(owned=pl.col("quantity").sum())
    both = required.join(owned, on=line, how="full", coalesce=True, nulls_equal=True)
    return both.with_columns(pl.col("required", "owned").fill_null(0)).with_columns(
        short=pl.max_horizontal(pl.col("required") - pl.col("owned"), 0)
    )


TABLES = [
    *(Table("ingest", n, c, _read(n), f"tables/{n}.parquet", _OTHERS)
      for n, c in (("hosts", _HOST), ("oses", _OSE), ("installs", _INSTALL))),
    *(Table("quality", n, c, _accepted(n), f"accepted/{n}.parquet", _OTHERS)
      for n, c in (("hosts", _HOST), ("oses", _OSE), ("installs", _INSTALL))),
    Table("facts", "hosts", ["host_id", "cluster_id", "observed_on", "processors", "physical_cores"], _fact_hosts,
          "facts/hosts.parquet", _BRANCH),
    Table("facts", "oses", _JUDGED, _fact_oses, "facts/oses.parquet", _BRANCH),
    Table("rules", "demand", _DEMAND, _demand, "demand/*.parquet", _OF_HOSTS),
    Table("position", "position", _POSITION, _position, "position/position.parquet", _CHEAPEST),
]  # fmt: skip
