"""Where partitions are computed: in this process, in several, or on a cluster. The answers are the same bytes.

Nothing of scheduling, retry or transport is ours: an engine hands tasks to a `concurrent.futures.Executor`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from lmanalytics.engines import files, memory, storage
from lmanalytics.engines.choice import engine
from lmanalytics.engines.pools import Engine, Here, WorkerDiedError
from lmanalytics.engines.tasks import Fault, Output, Result, Task, digest_of_task, perform, program
from lmanalytics.errors import LmError, RunError
from lmanalytics.rules.amendments import in_force

__all__ = ["Engine", "Fault", "Here", "Output", "Result", "Task", "computed", "engine", "perform"]
Progress = Callable[[str], None]
MOST_NAMED = 20
"""Partitions that an error names; of more, the others are counted."""


def computed(
    tasks: Iterable[Task], engine: Engine | None = None, *, progress: Progress = lambda _: None, resume: bool = True
) -> list[Result]:
    """Compute every task that is not there yet.

    Args:
        tasks: what to compute; values that a scenario has amended are added to each.
        engine: where; this process when none is given.
        progress: told how many of the partitions are there.
        resume: keep what an earlier run left for the same tasks, the same inputs and the same program.

    Returns:
        The results, in the order of works and partitions.

    Raises:
        RunError: a rule refused, a worker died each time, or a part is missing or not what was told. It names
            the partitions; what the others gave stays, and is kept when the same run is asked for again.
        UsageError: the memory limit is too small for a partition.

    """
    where = engine or Here()
    amendments = [a.told() for a in in_force()]
    asked = [replace(t, program=program(), amendments=t.amendments or amendments) for t in tasks]
    found = {t.name: kept for t in asked if resume and (kept := _kept(t))}
    open_ = [t for t in asked if t.name not in found]
    most = len(open_) if where.workers is None else _most(where, open_)
    problems: dict[str, str] = {}
    for task, outcome in where.outcomes(open_, most):
        if problem := _problem(task, outcome):
            problems[task.name] = problem
        elif isinstance(outcome, Result):
            found[task.name] = outcome
            progress(f"{task.work}: {len(found):,} of {len(asked):,} partitions")
    for folder in {t.into for t in asked}:
        files.swept(folder)
    problems |= {t.name: "nothing came back" for t in asked if t.name not in found.keys() | problems.keys()}
    if problems:
        raise RunError(_said(problems, {t.name: t for t in asked}))
    return [found[name] for name in sorted(found)]


def _most(where: Engine, tasks: list[Task]) -> int:
    """Say how many tasks fit under the limit of an engine, counting their rows only where there is one."""
    workers = where.workers or len(tasks)
    if where.limit is None:
        return workers
    rows = [sum(files.rows(path) for paths in task.inputs.values() for path in paths) for task in tasks]
    return memory.in_flight(where.limit, rows, workers, alone=where.is_alone)


def _problem(task: Task, outcome: Result | Exception) -> str | None:
    """Say what is wrong with an outcome, in a sentence; an error that nobody foresaw is raised."""
    if isinstance(outcome, Result):
        if outcome.fault:
            return f"{outcome.fault.rule}: {outcome.fault.message} ({outcome.fault.family})"
        return _wrong(task, outcome)
    if isinstance(outcome, WorkerDiedError):
        return f"{outcome}, most often for want of memory: give --memory, fewer workers, or workers with more memory"
    if told := storage.trouble(outcome):
        return str(told)
    if isinstance(outcome, OSError):
        return f"{outcome}. Every worker has to reach the same files, under the same paths or URLs"
    if isinstance(outcome, LmError):
        return str(outcome)
    raise outcome


def _wrong(task: Task, result: Result) -> str | None:
    """Say which file of a result is not there or not as told."""
    if (result.work, result.part) != (task.work, task.part):
        return f"the result of partition {result.part} of {result.work} came in its place"
    for name, output in sorted(result.outputs.items()):
        if files.size(output.path) is None:
            return f"{name}: {output.path} is missing here. Every worker has to write where this machine reads"
        if files.fingerprint(output.path) != output.sha256:
            return f"{name}: {output.path} is not the file that was told; it was changed since"
        if (rows := files.rows(output.path)) != output.rows:
            return f"{name}: {output.path} has {rows:,} rows, and {output.rows:,} were told"
    return None


def _said(problems: dict[str, str], tasks: dict[str, Task]) -> str:
    """Say every problem with its partition, and what to do."""
    lines = [f"  {tasks[name].work}, partition {tasks[name].part}: {problems[name]}" for name in sorted(problems)]
    if (more := len(lines) - MOST_NAMED) > 0:
        lines = [*lines[:MOST_NAMED], f"  and {more:,} more"]
    head = f"{len(problems):,} of {len(tasks):,} partitions were not computed, so there is no answer:"
    return "\n".join([head, *lines, "Mend the cause and run again; the other partitions are kept."])


def _kept(task: Task) -> Result | None:
    """Return the result of an earlier run where it answers the same task and its files are whole."""
    try:
        found = Result.from_json(files.get_text(task.told))
        fits = found.digest == digest_of_task(task) and not _wrong(task, found)
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return found if fits else None
