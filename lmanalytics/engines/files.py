"""The files of a partition: written under another name and renamed when complete, known by their digest."""

import os
import uuid
from functools import lru_cache
from pathlib import Path

import polars as pl

from lmanalytics.evidence.digests import file_digest

ROWS = 250_000
"""Rows of a group in every Parquet file; fixed, so that bytes do not depend on threads or on the engine."""
Told = tuple[str, int, int, str]


def joined(folder: str, *names: str) -> str:
    """Put names below a folder or its URL."""
    return "/".join([folder.rstrip("/"), *names])


def written(frames: dict[str, pl.LazyFrame], into: str, part: int) -> dict[str, Told]:
    """Stream the frames of one partition to Parquet, all in one pass.

    Args:
        frames: what the work gave, each sorted.
        into: the folder, which receives `<table>/<part>.parquet`.
        part: the number of the partition.

    Returns:
        Path, rows, bytes and SHA-256 of each table's file.

    """
    targets = {name: Path(joined(into, name, f"{part:05}.parquet")) for name in sorted(frames)}
    drafts = {name: _draft(target) for name, target in targets.items()}
    try:
        pl.collect_all(
            [
                frames[name].sink_parquet(draft, compression="zstd", row_group_size=ROWS, lazy=True)
                for name, draft in drafts.items()
            ],
            engine="streaming",
        )
        told = {name: _told(draft, targets[name]) for name, draft in drafts.items()}
        for name, draft in drafts.items():
            draft.replace(targets[name])
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    return told


def put_text(path: str, text: str) -> None:
    """Write a small text whole or not at all."""
    target = Path(path)
    draft = _draft(target)
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(target)


def get_text(path: str) -> str:
    """Read a small text; raise FileNotFoundError where there is none."""
    return Path(path).read_text(encoding="utf-8")


def size(path: str) -> int | None:
    """Return the bytes of a file, or None where there is none."""
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return None


def fingerprint(path: str) -> str:
    """Return what a file holds, as its SHA-256.

    Raises:
        FileNotFoundError: it is not there.

    """
    found = Path(path).stat()
    return _fingerprint(path, found.st_size, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=4096)
def _fingerprint(path: str, *_: int) -> str:
    return file_digest(Path(path))


def _told(draft: Path, target: Path) -> Told:
    rows = pl.scan_parquet(draft).select(pl.len()).collect().item()
    return str(target), rows, draft.stat().st_size, file_digest(draft)


def _draft(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
