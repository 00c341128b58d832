"""One command at a time computes, publishes or prunes in a workspace."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from lmanalytics.errors import BusyError
from lmanalytics.workspace import Workspace

_LONGEST = 500


@contextmanager
def held(workspace: Workspace, what: str, wait: float = 0) -> Iterator[None]:
    """Hold the workspace's lock; the operating system lets it go when the process ends, however it ends.

    Args:
        workspace: whose folder `lock_file` is in.
        what: the command, which those that find the lock held are told.
        wait: how many seconds to wait until it is free.

    Raises:
        BusyError: another process still holds it.

    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 (a help text needs none)

    path = workspace.lock_file
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=wait)
    try:
        lock.acquire(poll_interval=0.2)
    except Timeout:
        waited = f" after {wait:,.0f} s" if wait else ""
        message = (
            f"The workspace {workspace.root} is in use{waited}: {_holder(workspace)}. "
            "Wait for it, give --wait SECONDS, or use another workspace (-w)."
        )
        raise BusyError(message) from None
    try:
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        workspace.lock_note.write_text(
            f"`{what}`, process {os.getpid()} on {platform.node()}, since {since}", encoding="utf-8"
        )
        yield
    finally:
        workspace.lock_note.unlink(missing_ok=True)
        lock.release()


def _holder(workspace: Workspace) -> str:
    """Say who holds the lock; a note beside it, for Windows lets nobody read a file that is locked."""
    try:
        return " ".join(workspace.lock_note.read_text(encoding="utf-8")[:_LONGEST].split()) or "another command"
    except OSError:
        return "another command"
