"""The rows of the machines of each place, read from the estate once, however many places are asked about.

Places are computed in batches, each of so many rows that memory is bounded, and a machine that was seen in two places
is two machines: what one place requires must not depend on which others are computed with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lmanalytics.evidence.unknowns_found import SUBJECT, Estate, unknown_cores
from lmanalytics.rules.topics import held
from lmanalytics.schemas import ENTITY

Tables = dict[str, pl.LazyFrame]
MARK = "\u241f"
UNREAD = ("source_file", "source_sheet", "source_row", "issues", "os_text", "inventory_id")
"""Columns that no topic of demand reads: they prove rows, and copies prove nothing."""
_ELSEWHERE = ("host_id", "cluster_id")


@dataclass(frozen=True)
class Members:
    """The machines of places: SUBJECT with columns of their tables, sorted by row_id."""

    hosts: pl.DataFrame
    """The columns of the table with is_system_unsaid, has_guests, azure_host and _unsized."""
    oses: pl.DataFrame
    """The columns of the table with state, valid_until, operator and machine (its id as the tables have it)."""
    installs: pl.DataFrame
    """The columns of `facts_installs`."""


def everyone(known: Estate, tables: Tables, answered: Tables) -> Members:
    """Return all machines that are at a place."""
    own = known.oses.select(*SUBJECT, "row_id", "state", "valid_until", "operator").drop_nulls(SUBJECT)
    oses = _canonical(tables).join(own, on="row_id").with_columns(machine="ose_id")
    frames = (_hosts(known, tables), oses, _installs(known, answered))
    return Members(*(frame.sort("row_id") for frame in pl.collect_all(frames, engine="streaming")))


def batches(
    known: Estate, tables: Tables, answered: Tables, places: pl.DataFrame, at_once: int, scratch: Path
) -> Iterator[tuple[pl.DataFrame, Members]]:
    """Read the machines of some places, and hand them out batch after batch.

    Args:
        known: the estate.
        tables: the accepted canonical tables.
        answered: the facts of the run.
        places: SUBJECT, copies (how many times the rows of the place are to be copied); no place twice.
        at_once: how many copied rows of OSEs make a batch; a larger place is a batch by itself.
        scratch: a folder that holds the rows meanwhile.

    Yields:
        The places of a batch, SUBJECT and copies, and their machines.

    """
    numbered = places.with_row_index("_place")
    found = held(_oses(known, numbered))
    rows = found.group_by("_place").agg(_rows=pl.len()).collect()
    weight = (pl.col("_rows").fill_null(0) + 1) * pl.col("copies")
    filled = numbered.join(rows, on="_place", how="left", maintain_order="left").with_columns(
        _batch=(weight.cum_sum() - weight) // at_once
    )
    at = filled.select(*SUBJECT, "_batch").lazy()
    frames = {
        "hosts": _hosts(known, tables).join(at, on=SUBJECT),
        "oses": _apart(_canonical(tables), found, filled),
        "installs": _installs(known, answered).join(at, on=SUBJECT),
    }
    for name, frame in frames.items():
        frame.sink_parquet(pl.PartitionBy(scratch / name, key="_batch", include_key=False), mkdir=True)
    empty = {name: frame.drop("_batch").collect_schema() for name, frame in frames.items()}
    for batch in filled["_batch"].unique(maintain_order=True):
        own = (_read(scratch / name / f"_batch={batch}", schema) for name, schema in empty.items())
        yield filled.filter(pl.col("_batch") == batch).select(*SUBJECT, "copies"), Members(*own)


def _read(folder: Path, schema: pl.Schema) -> pl.DataFrame:
    files = sorted(folder.glob("*.parquet"))
    return pl.read_parquet(files, hive_partitioning=False).sort("row_id") if files else schema.to_frame()


def _canonical(tables: Tables) -> pl.LazyFrame:
    return tables["oses"].drop(ENTITY, *UNREAD)


def _hosts(known: Estate, tables: Tables) -> pl.LazyFrame:
    columns = ["row_id", "cluster_id", "is_system_unsaid", "has_guests", "azure_host"]
    own = known.hosts.lazy().select(*SUBJECT, *columns, _unsized=unknown_cores())
    return own.join(tables["hosts"].drop(ENTITY, "cluster_id"), on="row_id")


def _installs(known: Estate, answered: Tables) -> pl.LazyFrame:
    own = known.installs.lazy().select(*SUBJECT, "row_id")
    if "facts_installs" not in answered:
        return own
    return own.join(answered["facts_installs"].drop(ENTITY), on="row_id")


def _oses(known: Estate, numbered: pl.DataFrame) -> pl.LazyFrame:
    """Find the rows of OSEs that were seen at the places."""
    seen = known.oses.select(*SUBJECT, "ose_id", "row_id", "state", "valid_until", "operator")
    return seen.join(numbered.lazy().select(*SUBJECT, "_place"), on=SUBJECT).drop(SUBJECT)


def _apart(canonical: pl.LazyFrame, found: pl.LazyFrame, filled: pl.DataFrame) -> pl.LazyFrame:
    """Read the rows, and let none refer to what is at another place.

    An OSE that was at a place before it came to another one has an id of its own there; one that is licensed by
    itself keeps no host, which has a place of its own.
    """
    is_current = pl.col("state") == "current"
    here = ["_place", "ose_id"]
    left = found.filter(~is_current).join(found.filter(is_current).select(here), on=here, how="anti")
    gone = held(left.select("row_id", _is_gone=pl.lit(value=True)))
    rows = held(found.drop("ose_id").join(gone, on="row_id", how="left"))
    alone = pl.col("subject_kind") == "ose"
    parted = [pl.when(alone).then(pl.col(c) + MARK).otherwise(c).alias(c) for c in _ELSEWHERE]
    named = pl.concat_str("ose_id", "subject_kind", "subject_id", separator=MARK)
    return (
        canonical.join(rows, on="row_id")
        .join(filled.lazy().select("_place", *SUBJECT, "_batch"), on="_place")
        .with_columns(*parted, machine="ose_id", ose_id=pl.when("_is_gone").then(named).otherwise("ose_id"))
        .drop("_place", "_is_gone")
    )
