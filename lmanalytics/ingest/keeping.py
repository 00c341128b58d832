"""How the reading of exports is cut into steps, so that whoever runs it can keep what they gave."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from lmanalytics.ingest import sources
from lmanalytics.ingest.adapter import Context, Sheet
from lmanalytics.ingest.sources import RawSheet, Wanted

Write = Callable[[], tuple[list[Path], Any]]


class Keeping(Protocol):
    """Computes a step, or gives what is kept of it."""

    def sheets(self, path: Path, file: str, wanted: Wanted) -> Iterable[RawSheet]:
        """Open each sheet of a file, as `sources.sheets` does; what comes is a function of its bytes and its name."""

    def rows(self, name: str, sheets: list[Sheet], context: Context, write: Write) -> Any:
        """Let the rows of some sheets be written; return what `write` tells of them beside the files.

        What it tells is JSON, and with the files a function of the sheets and of `context`.
        """


class Nothing:
    """Keeps nothing: every step is computed."""

    def sheets(self, path: Path, file: str, wanted: Wanted) -> Iterable[RawSheet]:
        """Open each sheet of a file."""
        return sources.sheets(path, file, wanted)

    def rows(self, name: str, sheets: list[Sheet], context: Context, write: Write) -> Any:
        """Let rows be written."""
        del name, sheets, context
        return write()[1]
