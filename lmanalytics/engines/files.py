"""The files of a partition: written whole or not at all, to a folder or a URL, and known by their digest."""

import re
from pathlib import Path

import polars as pl

from lmanalytics.engines import storage
from lmanalytics.evidence.digests import file_digest

ROWS = 250_000
"""Rows of a group in every Parquet file; fixed, so that bytes do not depend on threads or on the engine."""
_DRAFT = re.compile(r"^\..+\.\d+-[0-9a-f]{8}$")
Told = tuple[str, int, int, str]


def joined(folder: str, *names: str) -> str:
    """Put names below a folder or its URL."""
    return "/".join([folder.rstrip("/"), *names])


def written(frames: dict[str, pl.LazyFrame], into: str, part: int) -> dict[str, Told]:
    """Stream the frames of one partition to Parquet, all in one pass.

    Args:
        frames: what the work gave, each sorted.
        into: the folder or URL, which receives `<table>/<part>.parquet`.
        part: the number of the partition.

    Returns:
        Path or URL, rows, bytes and SHA-256 of each table's file.

    """
    store = storage.at(into)
    drafts = {f"{name}/{part:05}.parquet": (store.draft(f"{name}/{part:05}.parquet"), name) for name in sorted(frames)}
    try:
        pl.collect_all(
            [
                frames[name].sink_parquet(draft, compression="zstd", row_group_size=ROWS, lazy=True)
                for draft, name in drafts.values()
            ],
            engine="streaming",
        )
        told = {}
        for target, (draft, name) in drafts.items():
            count, held, digest = rows(str(draft)), draft.stat().st_size, file_digest(draft)
            told[name] = (store.keep(draft, target, digest), count, held, digest)
    finally:
        for draft, _ in drafts.values():
            draft.unlink(missing_ok=True)
    return told


def swept(folder: str) -> None:
    """Remove the drafts that workers left which died; no task may be under way in the folder."""
    if storage.is_url(folder):
        return  # a bucket has none
    for path in Path(folder).glob("*/.*"):
        if _DRAFT.search(path.name):
            path.unlink(missing_ok=True)


def put_text(path: str, text: str) -> None:
    """Write a small text whole or not at all."""
    store, name = storage.file(path)
    store.write_text(name, text + "\n")


def get_text(path: str) -> str:
    """Read a small text; raise FileNotFoundError where there is none."""
    store, name = storage.file(path)
    return store.read_text(name)


def size(path: str) -> int | None:
    """Return the bytes of a file, or None where there is none."""
    store, name = storage.file(path)
    return store.size(name)


def rows(path: str) -> int:
    """Return the rows of a Parquet file, from its footer."""
    count: int = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    return count


def fingerprint(path: str) -> str:
    """Return what a file holds, as its SHA-256.

    Raises:
        FileNotFoundError: it is not there.

    """
    store, name = storage.file(path)
    return store.sha256(name)
