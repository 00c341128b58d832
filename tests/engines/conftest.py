"""Partitions small enough for every engine, and two real worker processes of Dask."""

import polars as pl
import pytest

from lmanalytics import engines
from lmanalytics.evidence.digests import tree_digests
from tests.engines.works import NAME

PARTS = 4
BAD = 2
AS_OF = "2026-06-30"


@pytest.fixture
def estate(tmp_path):
    """Write four partitions, of which one holds a negative quantity; give what makes tasks of them."""
    notes = tmp_path / "notes"
    notes.mkdir()
    for part in range(PARTS):
        rows = pl.int_range(part * 1000, eager=True)
        quantity = -1 if part == BAD else 7
        frame = pl.DataFrame({"key": (rows % 13).cast(pl.String), "quantity": rows % 101})
        bad = pl.DataFrame({"key": ["x"], "quantity": [quantity]}, schema=frame.schema)
        pl.concat([frame, bad]).write_parquet(tmp_path / f"rows-{part}.parquet")

    def tasks(work, into="out", **changed):
        return [
            engines.Task(
                f"{NAME}:{work}", part, {"rows": [str(tmp_path / f"rows-{part}.parquet")]},
                str(tmp_path / into), AS_OF, {"notes": str(notes)}, **changed,
            )
            for part in range(PARTS)
        ]  # fmt: skip

    tasks.path, tasks.notes = tmp_path, notes
    return tasks


@pytest.fixture(scope="session")
def dask():
    """Start two worker processes."""
    with engines.engine("local:2") as started:
        yield started


def held(folder):
    """Return the digest of each table's file; what `results/` tells holds paths, which differ."""
    return {name: digest for name, digest in tree_digests(folder).items() if not name.startswith("results/")}
