"""One partition's work as a small message: what to compute from which files, and what came of it.

A task names its work, a function `work(tables, settings) -> tables` of lazy frames. The same task gives the same bytes
wherever it is performed, so it may be performed twice. What a rule refuses comes back as a `Fault`, which no engine
tries again; only what befalls a machine is raised.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any

import polars as pl
from polars.exceptions import PanicException, PolarsError

from lmanalytics.engines import files
from lmanalytics.errors import LmError, StorageError, UsageError, did_you_mean
from lmanalytics.evidence.digests import digest_of, program_digests, versions
from lmanalytics.rules.amendments import amended, told_in
from lmanalytics.rules.parameters import Settings

_RULE = "lmanalytics.rules.<stage>.<module>"
Tables = dict[str, pl.LazyFrame]
Work = Callable[[Tables, Settings], Tables]
WORKS: dict[str, str] = {
    "estate": "lmanalytics.partition.works:estate",
    "demand": "lmanalytics.partition.works:demand",
}
"""Each work by its name: the module and the function. A task may also name `module:function` itself."""


@dataclass(frozen=True)
class Task:
    """The work to do on one partition.

    Attributes:
        work: a name of `WORKS`, or `module:function`.
        part: the number of the partition.
        inputs: the Parquet files of each table, as paths or URLs; a table without files is not given to the work.
        into: the folder, or its URL, that receives `<table>/<part>.parquet` and `results/<work>-<part>.json`.
        as_of: the position date, ISO.
        policies: the reading chosen for each policy that was set.
        amendments: values of a scenario that replace those of the rules, as `Amendment.told` says them.
        program: digest of the program that asked; `computed` fills it in, and a worker of another program refuses.

    """

    work: str
    part: int
    inputs: dict[str, list[str]]
    into: str
    as_of: str
    policies: dict[str, str] = field(default_factory=dict)
    amendments: list[dict[str, Any]] = field(default_factory=list)
    program: str = ""

    @property
    def name(self) -> str:
        """The work and the partition, as files are named: `demand-00007`."""
        return f"{self.work.rpartition(':')[2]}-{self.part:05}"

    @property
    def told(self) -> str:
        """Where the result is written."""
        return files.joined(self.into, "results", f"{self.name}.json")

    def to_json(self) -> str:
        """Say it as canonical JSON: the same task, the same text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Task":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Output:
    """A file that a task wrote: where, how many rows and bytes, and its digest."""

    path: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Fault:
    """Why a rule refused: the family of the error, what it says, and the work in which it arose."""

    family: str
    message: str
    rule: str


@dataclass(frozen=True)
class Result:
    """What came of a task: its files by table, or a fault.

    `digest` is that of the task, of what its inputs hold and of the program, so that a later run knows it as its own.
    """

    work: str
    part: int
    digest: str
    outputs: dict[str, Output]
    fault: Fault | None = None

    def to_json(self) -> str:
        """Say it as canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """Read what `to_json` wrote; raise ValueError, TypeError or KeyError where it did not."""
        told = json.loads(text)
        outputs = {name: Output(**output) for name, output in told.pop("outputs").items()}
        fault = told.pop("fault")
        return cls(outputs=outputs, fault=Fault(**fault) if fault else None, **told)


def perform(task: Task) -> Result:
    """Do the work of one partition and leave its files, the result's last.

    Returns:
        The files that were written, or the fault of a rule.

    Raises:
        UsageError: there is no such work, or this program is another than the one that asks.
        OSError: a file could not be read or written.
        StorageError: likewise, of a URL.

    """
    function = _work(task.work)
    _same_program(task)
    digest = digest_of_task(task)
    settings = Settings(date.fromisoformat(task.as_of), task.policies)
    tables = {name: pl.scan_parquet(paths, glob=False) for name, paths in sorted(task.inputs.items()) if paths}
    try:
        with amended(told_in({"scenario": {"rules": task.amendments}})):
            frames = function(tables, settings)
            outputs = files.written(frames, task.into, task.part)
    except StorageError:
        raise
    except (LmError, PolarsError, PanicException) as error:
        fault = Fault(type(error).__name__, str(error), _rule(error, task.work))
        return Result(task.work, task.part, digest, {}, fault)
    result = Result(task.work, task.part, digest, {name: Output(*told) for name, told in outputs.items()})
    files.put_text(task.told, result.to_json())
    return result


def digest_of_task(task: Task) -> str:
    """Digest everything that decides the files of a task: what is asked, what its inputs hold, and the program."""
    held = {name: [files.fingerprint(path) for path in paths] for name, paths in task.inputs.items()}
    return digest_of([task.to_json(), held, task.program or program()])


@cache
def program() -> str:
    """Digest the program with its rules, and the versions that answers depend on."""
    return digest_of([program_digests(), versions()])


def _work(name: str) -> Work:
    where = WORKS.get(name, name)
    module, colon, function = where.partition(":")
    if not colon:
        message = f"There is no work {name!r}.{did_you_mean(name, WORKS)} The works: {', '.join(WORKS)}."
        raise UsageError(message)
    work: Work = getattr(import_module(module), function)
    return work


def _same_program(task: Task) -> None:
    if task.program and task.program != program():
        message = (
            f"Partition {task.part}: this worker's lmanalytics, its rules or its Polars are not those of the run. "
            "Install the same versions on every worker, and start the workers again."
        )
        raise UsageError(message)


def _rule(error: BaseException, work: str) -> str:
    """Name the innermost module of rules in which an error arose, else the work."""
    found, trace = work, error.__traceback__
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.startswith("lmanalytics.rules.") and name.count(".") == _RULE.count("."):
            found = name.removeprefix("lmanalytics.rules.")
        trace = trace.tb_next
    return found
