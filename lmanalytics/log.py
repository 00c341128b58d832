"""The log file of a scheduled command: one line for each thing that happened, with its time. No answer holds a time."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lmanalytics.errors import UsageError


class _Lines(logging.Formatter):
    """Times in UTC; what has several lines is indented, so that no text of an export can pass for an entry."""

    converter = time.gmtime  # type: ignore[assignment]  # (as the documentation of logging has it)

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(super().format(record).splitlines())


@contextmanager
def log_to(path: Path | None) -> Iterator[logging.Logger]:
    """Give a logger that appends to `path`, or to nothing.

    Raises:
        UsageError: the file cannot be written.

    """
    log = logging.Logger("lmanalytics", logging.INFO)  # noqa: LOG001 (of this command alone, whoever else logs)
    if path is None:
        log.addHandler(logging.NullHandler())
        yield log
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        message = f"--log {path} cannot be written: {error.strerror}."
        raise UsageError(message) from None
    handler.setFormatter(_Lines("%(asctime)sZ %(process)d %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    log.addHandler(handler)
    try:
        yield log
    finally:
        handler.close()
