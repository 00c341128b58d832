"""On what a benchmark ran: without it a number of seconds says nothing."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("lmanalytics", "polars", "duckdb", "pandas", "great_expectations", "highspy")


def machine() -> dict[str, object]:
    """Describe processor, memory, system and the versions of the engines; no host name."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": _memory_gib(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gib() -> int | None:
    if not hasattr(os, "sysconf"):
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
