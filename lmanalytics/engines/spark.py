"""Spark: a partition's function under `mapInArrow`, for Microsoft Fabric, Databricks and other Spark clusters.

Spark receives descriptions of tasks and returns descriptions of results; rows stay in files that its workers reach.
DataFrame API only, so that Spark Connect will do. A worker that is lost is replaced, and its task done again, by Spark.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from lmanalytics import errors
from lmanalytics.engines import files
from lmanalytics.engines.pools import TRIES, Outcome, WorkerDiedError
from lmanalytics.engines.tasks import Result, Task, digest_of_task, perform
from lmanalytics.errors import LmError, StorageError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

ANSWER = "name string, result string, family string, message string"
"""What comes back for each task: its result as JSON, or the family of an error with its message."""


@dataclass(frozen=True)
class Spark:
    """The executors of a Spark session; Spark decides how many tasks it performs at once."""

    session: "SparkSession"
    workers: int | None = None
    limit: int | None = None
    is_alone: bool = False

    def outcomes(self, tasks: list[Task], most: int) -> Iterator[Outcome]:
        """Perform tasks in one Spark job, or in several of at most `most` tasks where memory asks for that."""
        for first in range(0, len(tasks), max(most, 1)):
            yield from self._job(tasks[first : first + max(most, 1)])

    def _job(self, tasks: list[Task]) -> Iterator[Outcome]:
        rows = [(position, task.name, task.to_json()) for position, task in enumerate(tasks)]
        asked = self.session.createDataFrame(rows, "position int, name string, task string")
        spread = asked.repartitionByRange(len(tasks), "position")  # one task each: `repartition` may put two together
        try:
            told = {row["name"]: row for row in spread.mapInArrow(performed, ANSWER).collect()}
        except Exception as error:  # noqa: BLE001 (Java's through Py4J, or gRPC's through Connect)
            yield from (_left(task, error) for task in tasks)
            return
        for task in tasks:
            row = told[task.name]
            if row["result"] is not None:
                yield task, Result.from_json(row["result"])
            else:
                yield task, _error(row["family"], row["message"])


@contextmanager
def session(limit: int | None = None) -> Iterator[Spark]:
    """Give the session that is there, as in a notebook of Fabric or Databricks; else start Spark on this machine.

    Raises:
        UsageError: PySpark or Java is not installed.

    """
    if find_spec("pyspark") is None:
        message = "This engine needs PySpark, which is not installed. Run `pip install 'lmanalytics[spark]'`."
        raise UsageError(message)
    from pyspark.sql import SparkSession  # noqa: PLC0415 (an extra)

    if (active := SparkSession.getActiveSession()) is not None:
        yield Spark(active, limit=limit)
        return
    if not (os.environ.get("JAVA_HOME") or shutil.which("java") or os.environ.get("SPARK_REMOTE")):
        message = (
            "Spark on this machine needs Java, which is not installed. Install Java 17 (a JRE), or use processes:N."
        )
        raise UsageError(message)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    started = SparkSession.builder.appName("lmanalytics").config(map=_settings()).getOrCreate()
    try:
        yield Spark(started, limit=limit)
    finally:
        started.stop()


def performed(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Perform tasks on an executor; called by Spark, once for each task in an attempt."""
    import pyarrow as pa  # noqa: PLC0415 (an extra)

    fields = pa.schema([(field.split()[0], pa.string()) for field in ANSWER.split(", ")])
    for batch in batches:
        for text in batch.column("task").to_pylist():
            yield pa.RecordBatch.from_pylist([_answer(Task.from_json(text))], schema=fields)


def _answer(task: Task) -> dict[str, str | None]:
    """Say what came of a task. What Spark should try again is raised, until its last try."""
    try:
        return {"name": task.name, "result": perform(task).to_json(), "family": None, "message": None}
    except (OSError, StorageError) as error:
        if _attempt() + 1 < TRIES:
            raise
        caught: Exception = error
    except LmError as error:
        caught = error
    return {"name": task.name, "result": None, "family": type(caught).__name__, "message": str(caught)}


def _attempt() -> int:
    from pyspark import TaskContext  # noqa: PLC0415 (an extra)

    context = TaskContext.get()
    return context.attemptNumber() if context else TRIES


def _error(family: str, message: str) -> Exception:
    known = getattr(errors, family, None)
    is_ours = isinstance(known, type) and issubclass(known, LmError)
    return known(message) if is_ours and known else OSError(message)


def _left(task: Task, error: Exception) -> Outcome:
    """Tell what is left of a task after Spark gave up a job: its result where it was done, else why."""
    try:
        found = Result.from_json(files.get_text(task.told))
        if found.digest == digest_of_task(task):
            return task, found
    except (OSError, LmError, ValueError, TypeError, KeyError):
        pass
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    cause = next((line for line in reversed(lines) if "Error: " in line or "exited" in line), lines[0] if lines else "")
    return task, WorkerDiedError(f"Spark gave up, and it was not done ({cause[:300]})")


def _settings() -> dict[str, Any]:
    """Return how Spark runs on this machine: tasks are tried again, as on a cluster; `local[N]` alone does not.

    Its log is silent, for what it tells of tries that failed are Java's stacks; what it gives up on, we tell.
    """
    return {
        "spark.master": f"local[{os.cpu_count() or 1},{TRIES + 1}]",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.executorEnv.POLARS_MAX_THREADS": "1",
        "spark.log.level": "FATAL",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
