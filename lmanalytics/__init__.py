"""What Microsoft licenses an organization needs, owns, lacks and must order.

For notebooks and scripts:

    import lmanalytics as lm
    run = lm.open_run("latest")          # or a folder, an id, the start of an id
    run.position                         # and every other answer: a lazy Polars frame
    run.unlicensed()                     # which hosts, OSEs and others lack licenses
    run.explain("SUBJECT")               # the arithmetic and the clause behind a subject's answers
    run.diff("2026-03-31")               # what changed since an earlier run, by cause
    done = lm.run(Path("data/raw"), lm.Workspace(Path()), as_of=date(2026, 6, 30))
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "run": "lmanalytics.pipeline",
    "Workspace": "lmanalytics.workspace",
    "open_run": "lmanalytics.report.run",
    "LmError": "lmanalytics.errors",
}
__all__ = ["LmError", "Workspace", "open_run", "run"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
