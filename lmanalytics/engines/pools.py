"""Engines on one machine: this process, or a pool of processes; and how tasks go through any executor.

An engine is anything with `workers`, `limit` and `outcomes(tasks, most)`, as `Engine` says.
"""

import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol, Self

import polars as pl

from lmanalytics.engines import memory
from lmanalytics.engines.tasks import Result, Task, perform

TRIES = 3
"""How often a partition is tried whose worker dies: once more than chance explains."""
Outcome = tuple[Task, Result | Exception]
Submit = Callable[[Callable[[Task], Result], Task], "Future[Result]"]


class WorkerDiedError(Exception):
    """The process that computed a partition ended without a word, each time it was tried."""


class Engine(Protocol):
    """Where tasks are performed."""

    @property
    def workers(self) -> int | None:
        """How many are performed at once; None where the cluster decides."""

    @property
    def limit(self) -> int | None:
        """Bytes that all processes of this machine may use together."""

    @property
    def is_alone(self) -> bool:
        """Whether tasks are performed in the process that asks."""

    def outcomes(self, tasks: list[Task], most: int) -> Iterator[Outcome]:
        """Perform tasks, at most `most` at once; give each with its result or with what befell it, as they end."""


@dataclass(frozen=True)
class Here:
    """This process, partition after partition, with all of Polars' threads."""

    workers: int | None = 1
    limit: int | None = None
    is_alone: bool = True

    def outcomes(self, tasks: list[Task], most: int) -> Iterator[Outcome]:  # noqa: ARG002 (always one)
        """Perform one task after the other."""
        for task in tasks:
            try:
                yield task, perform(task)
            except OSError as error:
                yield task, error


@dataclass(frozen=True)
class Processes:
    """A pool of processes on this machine, each with one thread of Polars."""

    workers: int | None
    limit: int | None = None
    is_alone: bool = False

    def outcomes(self, tasks: list[Task], most: int) -> Iterator[Outcome]:
        """Perform tasks in a pool; when a worker dies, take those it may have been one by one, then go on."""
        waiting, deaths = deque(tasks), Counter[str]()
        suspects: deque[Task] = deque()
        while waiting or suspects:
            queue, width = (suspects, 1) if suspects else (waiting, most)
            with _Pool(width) as pool:
                for task, future in flown(queue, pool.submit, width):
                    error = future.exception()
                    if not isinstance(error, BrokenExecutor):
                        yield task, outcome(future)
                        continue
                    deaths[task.name] += 1
                    if deaths[task.name] < TRIES:
                        suspects.append(task)
                    else:
                        yield task, WorkerDiedError(f"its worker died {TRIES} times")


class _Pool(ProcessPoolExecutor):
    """Processes that start afresh, as Windows does everywhere, under an environment that Polars reads when imported."""

    def __init__(self, width: int) -> None:
        pl.thread_pool_size()  # fixes the threads of this process before its environment says one
        self._environment = memory.environment(memory.ONE_THREAD)
        super().__init__(width, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet)

    def __enter__(self) -> Self:
        self._environment.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.shutdown(wait=True, cancel_futures=True)
        finally:
            self._environment.__exit__(None, None, None)


def _quiet() -> None:
    """End at an interrupt without a word: the process that asks says what is to be said."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def flown(
    waiting: "deque[Task]", submit: Submit, most: int, watch: Callable[[], None] = lambda: None
) -> "Iterator[tuple[Task, Future[Result]]]":
    """Keep at most `most` tasks with an executor; give each with its future when done.

    Tasks are taken from `waiting`; those that a broken executor did not take remain there. `watch` is called
    every second, to raise what no future would tell.
    """
    running: dict[Future[Result], Task] = {}
    is_open = True
    while running or (waiting and is_open):
        while waiting and is_open and len(running) < most:
            try:
                running[submit(perform, waiting[0])] = waiting[0]
                waiting.popleft()
            except BrokenExecutor:
                is_open = False
        done: set[Future[Result]] = set()
        while running and not done:  # Polars' handler of interrupts lets Python's waits go on, so none may be long
            done = wait(running, timeout=1, return_when=FIRST_COMPLETED).done
            watch()
        for future in done:
            yield running.pop(future), future


def outcome(future: "Future[Result]") -> Result | Exception:
    """Return a future's result or its error; what is no mere error, such as an interrupt, is raised."""
    if future.cancelled():
        return WorkerDiedError("the cluster went away")
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, Exception):
        return error
    raise error
