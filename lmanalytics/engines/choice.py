"""Which engine `--cluster` and `--memory` ask for."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module

from lmanalytics.engines import memory
from lmanalytics.engines.pools import Engine, Here, Processes
from lmanalytics.errors import UsageError, did_you_mean

KINDS = {
    "here": "this process, partition after partition",
    "processes:N": "N processes on this machine",
    "local:N": "N Dask workers on this machine",
    "tcp://HOST:PORT": "the workers of a Dask scheduler (tls:// likewise)",
    "spark": "the Spark session that is there, or Spark on this machine",
}
"""What may be asked for, and what it is."""


@contextmanager
def engine(text: str | None = None, limit: str | None = None) -> Iterator[Engine]:
    """Give the engine that is asked for, and end what was started for it.

    Args:
        text: one of `KINDS`; this process when absent.
        limit: what all processes of this machine may use together, such as `4GiB`; no limit when absent.

    Raises:
        UsageError: there is no such engine, or what it needs is not installed.
        RunError: a cluster does not answer.

    """
    size = None if limit is None else memory.size(limit)
    with _started(text or "here", size) as started:
        yield started


@contextmanager
def _started(text: str, limit: int | None) -> Iterator[Engine]:
    kind, colon, rest = text.partition(":")
    if text == "here":
        yield Here(limit=limit)
    elif kind == "processes":
        yield Processes(_count(text, rest, colon), limit)
    elif kind == "local":
        with _of("dask_cluster", "local")(_count(text, rest, colon), limit) as started:
            yield started
    elif kind in {"tcp", "tls"} and rest.startswith("//"):
        with _of("dask_cluster", "remote")(text, limit) as started:
            yield started
    elif text == "spark":
        with _of("spark", "session")(limit) as started:
            yield started
    else:
        raise UsageError(_unknown(text, kind))


def _of(module: str, name: str) -> Callable[..., AbstractContextManager[Engine]]:
    """Import what starts an engine; its libraries are extras, and slow to import."""
    found: Callable[..., AbstractContextManager[Engine]] = getattr(import_module(f"lmanalytics.engines.{module}"), name)
    return found


def _count(text: str, rest: str, colon: str) -> int:
    """Read how many workers are asked for; as many as this machine has processors when not said."""
    if not colon:
        return os.cpu_count() or 1
    if not (rest.isascii() and rest.isdigit() and int(rest) > 0):
        kind = text.partition(":")[0]
        message = f"--cluster {text!r}: {rest!r} is no number of workers. Give one from 1 up, as in {kind}:4."
        raise UsageError(message)
    return int(rest)


def _unknown(text: str, kind: str) -> str:
    hint = did_you_mean(kind, [k.partition(":")[0] for k in KINDS])
    known = "; ".join(f"{name}: {what}" for name, what in KINDS.items())
    return f"There is no engine {text!r}.{hint} Engines: {known}."
