"""What makes a command safe to schedule: one at a time in a workspace, a log, one line for machines, an exit code.

`work` is done under the workspace's lock. With `--json` the last line of standard output is one JSON document, also
when the command fails. Whatever happens is told in the log before the program ends.
"""

import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from lmanalytics.commands import Progress, Result
from lmanalytics.errors import LmError
from lmanalytics.lock import held
from lmanalytics.log import log_to
from lmanalytics.showing import document, show, tell
from lmanalytics.workspace import Workspace

FAULT = 70
"""Exit code of a fault of the program, which prints its traceback."""
INTERRUPTED, TERMINATED = 130, 143


def scheduled(workspace: Workspace, options: dict[str, Any], work: Callable[[Progress], Result]) -> None:
    """Do the work of a command, and tell of it wherever that was asked for.

    Raises:
        LmError: the command failed, or ended with an error such as a shortage; all was told but to the terminal.

    """
    as_json, what = options["as_json"], click.get_current_context().command_path
    with log_to(options["log"]) as log:
        log.info("%s", shlex.join(["lmanalytics", *sys.argv[1:]]))

        def progress(stage: str) -> None:
            log.info("%s", stage)
            tell(stage)

        try:
            with held(workspace, what, options["wait"]):
                result = work(progress)
        except LmError as error:
            log.error("exit code %d: %s", error.exit_code, error)  # noqa: TRY400 (a user's error has no traceback)
            if as_json:
                click.echo(document({"status": "failed", "exit_code": error.exit_code, "error": str(error)}))
            raise
        except BaseException as error:
            log.info("exit code %d", code_of(error), exc_info=error)
            raise
        for line in result.lines:
            log.info("%s", line)
        for warning in result.warnings:
            log.warning("%s", warning)
        code = result.error.exit_code if result.error else 0
        log.info("exit code %d%s", code, f": {result.error}" if result.error else "")
    ended = {"status": "short" if code else "done", "exit_code": code}
    show(replace(result, data=result.data | ended), as_json=as_json)


def end_when_told() -> None:
    """Let a scheduler's SIGTERM end the program as an interrupt does, so that nothing half-written stays."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))


def code_of(error: BaseException) -> int:
    """Return the exit code of what ends the program and is no user's error."""
    if isinstance(error, SystemExit):
        return int(error.code or 0)
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAULT
