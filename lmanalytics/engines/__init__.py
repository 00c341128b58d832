"""Where partitions are computed: in this process, in several, or on a cluster. The answers are the same bytes.

Nothing of scheduling, retry or transport is ours: an engine hands tasks to a `concurrent.futures.Executor`.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import replace

from lmanalytics.engines import files
from lmanalytics.engines.tasks import Fault, Output, Result, Task, digest_of_task, perform, program
from lmanalytics.errors import RunError

__all__ = ["Fault", "Output", "Result", "Task", "computed", "perform"]
Progress = Callable[[str], None]


def computed(
    tasks: Iterable[Task], engine: Executor | None = None, *, progress: Progress = lambda _: None, resume: bool = True
) -> list[Result]:
    """Compute every task that is not there yet; return the results in the order of the partitions.

    Raises:
        RunError: a rule refused, or a part is missing or not what was told.

    """
    asked = [replace(task, program=task.program or program()) for task in tasks]
    results = []
    for task in sorted(asked, key=lambda t: (t.work, t.part)):
        found = _kept(task) if resume else None
        results.append(found or perform(task))
        progress(f"partition {len(results)} of {len(asked)}")
    if faults := [r for r in results if r.fault]:
        lines = [f"{r.work}, partition {r.part}: {r.fault.rule}: {r.fault.message}" for r in faults if r.fault]
        raise RunError("\n".join(lines))
    return results


def _kept(task: Task) -> Result | None:
    """Return the result of an earlier run where it answers the same task and its files are there."""
    try:
        found = Result.from_json(files.get_text(task.told))
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    whole = all(files.size(output.path) == output.size for output in found.outputs.values())
    return found if whole and found.digest == digest_of_task(task) else None
