"""How much memory a run may use: what `--memory` says, how many partitions may be in flight under it, the peak."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import polars as pl

from lmanalytics.errors import UsageError

MIB = 2**20
UNITS = {"KiB": 2**10, "MiB": MIB, "GiB": 2**30, "TiB": 2**40, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
PROCESS = 512 * MIB
"""What the process that asks holds before the first partition: program, checks, plans (measured: 420 MiB)."""
WORKER = 160 * MIB
"""What a worker needs before it reads a row (measured: 110 MiB)."""
PER_ROW = 2_000
"""Bytes that a partition needs at its peak for each row of its tables. Measured with exports of RVTools, whose
identifiers have 74 letters: 2,000 where facts are made of `oses`, 1,000 where demand is asked."""
_HELD = re.compile(r"^VmHWM:\s*([0-9]+) kB$", re.MULTILINE)
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)\s*")


def size(text: str) -> int:
    """Read a size such as `4GiB`, `1.5 GiB` or `900MB` as bytes.

    Raises:
        UsageError: it is no number with a unit, or nothing.

    """
    found = _SIZE.fullmatch(text)
    unit = next((u for u in UNITS if found and u.lower() == found[2].lower()), None)
    if not found or not unit:
        number = re.match(r"\s*([0-9]+(?:\.[0-9]+)?)", text)
        hint = f" Did you mean {number[1]}GiB?" if number else ""
        message = f"--memory {text!r} is no size: give a number and its unit.{hint} Units: {', '.join(UNITS)}."
        raise UsageError(message)
    limit = int(Decimal(found[1]) * UNITS[unit])
    if limit <= PROCESS:
        message = f"--memory {text} is not more than the program needs by itself ({said(PROCESS)}). Give at least 1GiB."
        raise UsageError(message)
    return limit


def said(count: int) -> str:
    """Say a number of bytes, rounded up: `4 GiB` where it is whole, else MiB."""
    return f"{count // 2**30} GiB" if count % 2**30 == 0 else f"{-(-count // MIB):,} MiB"


def need(rows: int) -> int:
    """Return the bytes that the rows of one partition need at the peak, beside the process itself."""
    return rows * PER_ROW


def in_flight(limit: int | None, partitions: Iterable[int], workers: int, *, alone: bool = False) -> int:
    """Say how many partitions may be computed at once.

    Args:
        limit: bytes that all processes may use together; None for no limit.
        partitions: the rows of each partition's tables.
        workers: how many there are at most.
        alone: whether partitions are computed in the process that asks, so that none is started besides.

    Returns:
        As many as fit when the largest of them meet, at most `workers`.

    Raises:
        UsageError: the largest does not fit by itself.

    """
    largest = sorted(partitions, reverse=True)
    if limit is None or not largest:
        return workers
    process = 0 if alone else WORKER
    if (least := PROCESS + process + need(largest[0])) > limit:
        message = (
            f"--memory {said(limit)} is too little: the largest partition has {largest[0]:,} rows and needs about "
            f"{said(least)} in all. Give that much, or no limit."
        )
        raise UsageError(message)
    taken, most = PROCESS, 0
    for rows in largest[:workers]:
        taken += process + need(rows)
        if taken > limit:
            break
        most += 1
    return most if len(largest) > most else workers


# Polars 2.1 can spill to disk (POLARS_OOC_MEMORY_BUDGET_MB); its authors call that unstable: nobody asks for it.
ONE_THREAD = {"POLARS_MAX_THREADS": "1"}
"""What workers find in their environment: one thread of Polars each."""


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables meanwhile, for Polars here and for processes started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    pl.Config.reload_env_vars()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        pl.Config.reload_env_vars()


def peak() -> int | None:
    """Return the most bytes that this process, or any one that it started and that has ended, held at once.

    None where the system does not tell (Windows).
    """
    try:
        import resource  # noqa: PLC0415 (Windows has none)
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 2**10
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    try:  # Linux counts for a process what the one that started it held by then; this line of its status does not
        own = int(next(_HELD.finditer(Path("/proc/self/status").read_text(encoding="ascii")))[1])
    except (OSError, StopIteration):
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return unit * max(own, ended)
