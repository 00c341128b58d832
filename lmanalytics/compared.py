"""Two runs compared, for those who show a difference and do not compute it: the report's way to `whatif`."""

from pathlib import Path
from typing import Any

from lmanalytics.evidence import manifest
from lmanalytics.evidence.digests import file_digest
from lmanalytics.whatif import diff
from lmanalytics.whatif.diff_sides import todays


def question(first: Path, second: Path) -> dict[str, Any]:
    """Name everything that a difference depends on: both runs, byte by byte, and today's program.

    Args:
        first: the folder of the run from which.
        second: the folder of the run to which.

    """
    return {"program": todays(), "runs": [file_digest(path / manifest.NAME) for path in (first, second)]}


def compare(first: Path, second: Path, into: Path) -> dict[str, Any]:
    """Write the tables and pictures of a difference to a folder.

    Returns:
        before and after (the ids of the runs), before_as_of (ISO), and notes: what a reader should know.

    Raises:
        RunError: a folder is not a finished run, or its files are not as they were written.
        UsageError: the runs are of different companies.

    """
    found = diff.diff(first, second)
    diff.save(found, into)
    day = manifest.read(first)["as_of"]
    return {"before": found.before, "before_as_of": day, "after": found.after, "notes": found.notes}
