"""Whether this machine has what a report needs."""

import importlib.util
import os
import shutil
import sys
from typing import Any

from lmanalytics.commands import Result
from lmanalytics.errors import RunError
from lmanalytics.evidence.digests import versions
from lmanalytics.workspace import Workspace


def doctor(workspace: Workspace) -> Result:
    """Check versions, publishers, fonts, memory and the right to write."""
    found: dict[str, Any] = {"python": sys.version.split()[0], **versions()}
    found["publisher"] = "Quarto" if shutil.which("quarto") else "built in (quarto is not on PATH)"
    found["notebooks"] = len(list(workspace.notebooks.glob("*.ipynb")))
    found["memory_gib"] = (
        round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30) if hasattr(os, "sysconf") else None
    )
    missing = [
        m
        for m in ("papermill", "typst", "pypandoc", "vl_convert", "great_tables")
        if importlib.util.find_spec(m) is None
    ]
    found["missing"] = missing
    found["can_write"] = os.access(workspace.root, os.W_OK)
    lines = [f"{key}: {value if value != [] else 'nothing'}" for key, value in found.items()]
    if missing or not found["can_write"]:
        what = f"{', '.join(missing)} cannot be imported" if missing else f"{workspace.root} cannot be written to"
        return Result(found, lines, [], RunError(f"A report cannot be made here: {what}."))
    return Result(found, lines)
