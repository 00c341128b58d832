"""Dask distributed: worker processes on this machine, or a scheduler elsewhere. Dask retries what a lost worker had."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from logging import CRITICAL
from typing import TYPE_CHECKING, Any

from lmanalytics.engines import memory
from lmanalytics.engines.pools import TRIES, Outcome, WorkerDiedError, flown, outcome
from lmanalytics.engines.tasks import Task, program
from lmanalytics.errors import RunError, UsageError
from lmanalytics.evidence.digests import versions

if TYPE_CHECKING:
    from distributed import Client

REACHED = 15
"""Seconds that a scheduler may take to answer, and to have a first worker."""
_RULES = {
    "distributed.scheduler.allowed-failures": TRIES - 1,
    "distributed.scheduler.no-workers-timeout": "5 minutes",
    "distributed.deploy.lost-worker-timeout": "1 hour",
}
"""Workers of this machine: a task fails with the third that dies, a run when none is left; the default of 15 seconds
would give up a worker that takes longer to start again than that, and in the end the last one."""


@dataclass(frozen=True)
class Dask:
    """The workers of a Dask scheduler."""

    client: "Client"
    workers: int | None
    limit: int | None = None
    is_alone: bool = False

    def outcomes(self, tasks: list[Task], most: int) -> Iterator[Outcome]:
        """Perform tasks; those of a worker that was lost go to another.

        Dask suspects every task that a worker had when it died, so several that it gave up are tried alone.
        """
        suspects = []
        for task, found in self._tried(tasks, most):
            if isinstance(found, WorkerDiedError):
                suspects.append((task, found))
            else:
                yield task, found
        if len(suspects) == 1:
            yield from suspects
        else:
            for task, _ in suspects:
                yield from self._tried([task], 1)

    def _tried(self, tasks: list[Task], most: int) -> Iterator[Outcome]:
        from distributed.scheduler import KilledWorker, NoWorkerError  # noqa: PLC0415 (an extra)

        pool = self.client.get_executor(retries=TRIES, pure=False)  # type: ignore[no-untyped-call]
        try:
            for task, future in flown(deque(tasks), pool.submit, most, self._watch):
                found = outcome(future)
                if isinstance(found, KilledWorker):
                    found = WorkerDiedError(f"its worker died {found.allowed_failures + 1} times")
                elif isinstance(found, NoWorkerError):
                    found = WorkerDiedError("no worker was left")
                yield task, found
        finally:
            if self.client.status == "running":
                pool.shutdown(wait=False)  # what is left after an interrupt is canceled

    def _watch(self) -> None:
        """Raise when the scheduler went away for good, which its futures do not tell."""
        if self.client.status == "closed":
            message = (
                "The Dask scheduler went away. Start it and its workers again, and run again: what was done is kept."
            )
            raise RunError(message)


@contextmanager
def local(workers: int, limit: int | None) -> Iterator[Dask]:
    """Start worker processes of one thread each, on this machine and reachable from it alone."""
    _require()
    import dask  # noqa: PLC0415
    from distributed import Client, LocalCluster  # noqa: PLC0415

    with (
        dask.config.set(_RULES),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # whichever port is free
            memory_limit=0,  # partitions in flight bound it; Dask would count memory that is only kept for reuse
            silence_logs=CRITICAL,  # what befell a task is told by the error that ends the run
            preload=["lmanalytics.engines.dask_worker"],
            env=memory.ONE_THREAD,
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield Dask(client, workers, limit)


@contextmanager
def remote(address: str, limit: int | None) -> Iterator[Dask]:
    """Reach a scheduler, and refuse workers whose program is not this one.

    Raises:
        RunError: nothing answers, or there is no worker.
        UsageError: a worker's versions, rules or Python are others.

    """
    _require()
    from distributed import Client  # noqa: PLC0415

    try:
        client = Client(address, timeout=REACHED)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        message = f"No Dask scheduler answers at {address}: {error}. Start one (`dask scheduler`), or mend the address."
        raise RunError(message) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=REACHED)
        except TimeoutError as error:
            message = f"The scheduler at {address} has no worker. Start some: `dask worker {address} --nthreads 1`."
            raise RunError(message) from error
        same_program(client)
        yield Dask(client, None, limit)


def same_program(client: "Client") -> None:
    """Refuse workers whose program is not this one: their bytes would differ.

    Raises:
        UsageError: it names each worker with what differs.

    """
    own = signature()
    lines = []
    for worker, told in sorted(client.run(signature, on_error="return").items()):
        if isinstance(told, Exception):
            lines.append(f"{worker} cannot import lmanalytics ({told})")
        elif told != own:
            differing = [f"{name} {told.get(name, 'absent')} instead of {own[name]}" for name in own]
            lines.append(
                f"{worker} has {', '.join(d for n, d in zip(own, differing, strict=True) if told.get(n) != own[n])}"
            )
    if lines:
        message = (
            f"{len(lines)} workers would not compute what this program computes: {'; '.join(lines)}. "
            "Install the same versions on all of them, and start them again."
        )
        raise UsageError(message)


def signature() -> dict[str, Any]:
    """Return what has to be the same here and on a worker: versions, and the digest of the program with its rules."""
    return {**versions(), "program": program()}


def _require() -> None:
    if find_spec("distributed") is None:
        message = "This engine needs Dask, which is not installed. Run `pip install 'lmanalytics[dask]'`."
        raise UsageError(message)
