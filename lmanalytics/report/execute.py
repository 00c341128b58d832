"""Run notebooks with parameters, each once, and store them so that the same run gives the same bytes.

The kernel is the interpreter that runs this program: no kernel has to be installed, none of a user's
IPython settings apply, and nothing of the machine (paths, clocks, random ids) stays in the result.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import nbformat
import papermill  # type: ignore[import-untyped]  # (it ships no types)
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError  # type: ignore[import-untyped]  # (likewise)
from traitlets import Dict
from traitlets.config import Config

from lmanalytics.errors import ReportError, did_you_mean
from lmanalytics.report.cells import cell_name
from lmanalytics.report.charts import theme
from lmanalytics.report.executed import COLOR, normalize, read_notebook, write_notebook

LONGEST_SOCKET = 60  # a socket's path may have about a hundred characters, of which the kernel's name takes forty


class ThisInterpreter(AsyncKernelManager):
    """A kernel of the running interpreter, whatever kernels are installed."""

    variables = Dict(config=True)

    @property
    def kernel_spec(self) -> KernelSpec:
        """Return how to start the kernel."""
        command = [sys.executable, "-P", "-m", "lmanalytics.report.kernel", "-f", "{connection_file}", "--log-level=50"]
        return KernelSpec(argv=command, display_name="Python 3", language="python", env=dict(self.variables))


def execute_notebooks(
    notebooks: Sequence[Path],
    out: Path,
    parameters: Mapping[str, object],
    *,
    optional: Mapping[str, object] | None = None,
    workers: int = 2,
    cwd: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> list[Path]:
    """Run each notebook with the same parameters and write the results.

    Args:
        notebooks: the notebooks; each has a cell tagged `parameters`, and keeps its name.
        out: the folder for the executed notebooks.
        parameters: values by name; dates and paths are given to the notebook as text. `as_of`, if
            given, is also the time that programs started by a notebook take for now.
        optional: further parameters, for the notebooks that have them.
        workers: how many notebooks run at the same time.
        cwd: the folder in which notebooks run, so that a relative `run_dir` says nothing about the machine.
        variables: environment variables of the notebooks' kernels, such as the locale that they write in.

    Returns:
        The executed notebooks, in the order given.

    Raises:
        ReportError: a notebook is absent or malformed, has no such parameter, or fails in a cell.

    """
    sources = {path: read_notebook(path) for path in notebooks}
    given = {path: _parameters(path, parameters, optional or {}) for path in notebooks}
    out.mkdir(parents=True, exist_ok=True)
    folder = (cwd or Path.cwd()).resolve()
    with tempfile.TemporaryDirectory(prefix="lm") as scratch:
        jobs = [
            (path, node, given[path], folder, Path(scratch) / str(number), variables or {})
            for number, (path, node) in enumerate(sources.items())
        ]
        with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
            tasks = [pool.submit(_in_own_loop, *job) for job in jobs]
            try:
                done = [task.result() for task in tasks]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    written = [out / path.name for path in notebooks]
    for path, node in zip(written, done, strict=True):
        write_notebook(path, node)
    return written


def _in_own_loop(*job: Any) -> nbformat.NotebookNode:
    """Run a job on an event loop of this thread, and close the loop, which Jupyter would leave open."""
    loop = ensure_event_loop()
    try:
        return _run(*job)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _run(
    path: Path,
    node: nbformat.NotebookNode,
    values: Mapping[str, Any],
    folder: Path,
    scratch: Path,
    variables: Mapping[str, str],
) -> nbformat.NotebookNode:
    scratch.mkdir()
    settings = Config()
    settings.ThisInterpreter.connection_file = str(scratch / "k.json")
    settings.ThisInterpreter.variables = {**_variables(scratch, values.get("as_of")), **variables}
    if os.name == "posix" and len(str(scratch)) < LONGEST_SOCKET:
        settings.ThisInterpreter.transport = "ipc"
    try:
        executed = papermill.execute_notebook(
            node,
            None,
            dict(values),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            kernel_manager_class=ThisInterpreter,
            resources={"metadata": {"path": str(folder)}},
            config=settings,
        )
    except PapermillExecutionError as error:
        raise ReportError(_failure(path, node, error)) from None
    except (DeadKernelError, CellTimeoutError, RuntimeError) as error:
        message = f"Notebook {path.name} stopped: {error}. Mostly memory ran out: free some, or run fewer at a time."
        raise ReportError(message) from None
    _draw(path, executed)
    hide = {str(folder): ".", str(scratch): "<scratch>", sys.prefix: "<python>", sys.base_prefix: "<python>"}
    return normalize(executed, hide)


def _draw(path: Path, node: nbformat.NotebookNode) -> None:
    """Draw the charts that the notebook left to be drawn."""
    for number, cell in enumerate(node.cells):
        for output in cell.get("outputs", ()):
            try:
                made = theme.drawn(output.get("data", {}).get("text/html", ""))
            except ValueError as error:
                where = cell_name(node.cells, number)
                message = f"Notebook {path.name} failed in {where}: the chart cannot be drawn: {error}"
                raise ReportError(message) from None
            if made is not None:
                output["data"] = {**output["data"], **made}


def _variables(scratch: Path, as_of: object) -> dict[str, str]:
    variables = {
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        theme.LATER: "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
    }
    try:
        day = date.fromisoformat(str(as_of))
    except ValueError:
        return variables
    return variables | {"SOURCE_DATE_EPOCH": str(epoch(day))}


def epoch(day: date) -> int:
    """Return the seconds since 1970 at which a day starts in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _parameters(path: Path, asked: Mapping[str, object], optional: Mapping[str, object]) -> dict[str, object]:
    """Return what a notebook is given: all that is asked, and what it knows of the rest."""
    try:
        known = papermill.inspect_notebook(str(path).replace("{", "{{").replace("}", "}}"))
    except ValueError as error:
        message = f"Notebook {path.name} names no kernel: {error} Save it once with the Python 3 kernel of JupyterLab."
        raise ReportError(message) from None
    unknown = [name for name in asked if name not in known]
    if unknown:
        has = ", ".join(known) or "none: no cell is tagged `parameters`"
        message = (
            f"Notebook {path.name} has no parameter {unknown[0]!r}.{did_you_mean(unknown[0], known)} "
            f"Its parameters are {has}. It would ignore the value, so nothing was run."
        )
        raise ReportError(message)
    values = {**asked, **{name: value for name, value in optional.items() if name in known}}
    return {name: value if isinstance(value, bool | int | str) else str(value) for name, value in values.items()}


def _failure(path: Path, node: nbformat.NotebookNode, error: PapermillExecutionError) -> str:
    said = COLOR.sub("", f"{error.ename}: {error.evalue}").strip()
    found = [n for n, cell in enumerate(node.cells) if cell.source == error.source]
    where = cell_name(node.cells, found[0]) if found else "the cell of parameters"
    return (
        f"Notebook {path.name} failed in {where}: {said}\n"
        "No report was written: a report with a part missing would mislead. "
        "Open the notebook in JupyterLab, set the same parameters and run that cell to see more."
    )
