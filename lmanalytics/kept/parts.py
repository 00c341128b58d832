"""Partitions that are not computed again while their files and what they are asked are as they were."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import chain
from pathlib import Path

from lmanalytics import engines
from lmanalytics.engines import Engine, Output, Result, Task
from lmanalytics.kept import Kept
from lmanalytics.kept.reads import Reads
from lmanalytics.rules.parameters import Settings


def computed(
    kept: Kept, tasks: Sequence[Task], engine: Engine | None = None, *, progress: Callable[[str], None] = print
) -> list[Result]:
    """Compute the tasks whose results are not kept; return all in the order of the partitions.

    What lies at a URL is not kept.

    Args:
        kept: serves the folder below which the tasks write.
        tasks: of one work; their inputs are files of this machine.
        engine: where the others are computed; None: here.
        progress: told of each partition that is computed.

    Raises:
        RunError: as `engines.computed` does.

    """
    if any("://" in path for task in tasks for path in (task.into, *chain(*task.inputs.values()))):
        return engines.computed(tasks, engine, progress=progress)
    results, rest = {}, []
    for task in tasks:
        asked = kept.question(f"{task.work}.{task.part:05}", _settings(task), task.policies)
        held = {
            f"{name}/{place}": kept.store.digest(Path(path))
            for name, paths in task.inputs.items()
            for place, path in enumerate(paths)
        }
        if found := kept.recall(asked, {"": held}):
            outputs = {name: Output(str(kept.into / path), *more) for name, (path, *more) in found.told.items()}
            results[task.part] = Result(task.work, task.part, "", outputs)
        else:
            rest.append((task, asked, held))
    for result in engines.computed([task for task, _, _ in rest], engine, progress=progress) if rest else ():
        results[result.part] = result
    for task, asked, held in rest:
        outputs = results[task.part].outputs
        reads = Reads(kept.digest)
        for name, digest in held.items():
            reads.read(f"/{name}", digest)
        paths = [Path(output.path) for output in outputs.values()]
        for path, output in zip(paths, outputs.values(), strict=True):
            kept.store.tell(path, output.sha256)
        told = {
            name: [Path(o.path).relative_to(kept.into).as_posix(), o.rows, o.size, o.sha256]
            for name, o in outputs.items()
        }
        kept.remember(asked, reads, set(), paths, told)
    return [results[task.part] for task in sorted(tasks, key=lambda task: task.part)]


def _settings(task: Task) -> Settings:
    return Settings(date.fromisoformat(task.as_of), task.policies)
