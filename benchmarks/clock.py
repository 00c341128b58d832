"""Laps of the process that is measured: a contestant says when a stage begins, and each lap is told when it ends."""

import json
import os
import sys
from pathlib import Path
from time import monotonic

_CLEAR = Path("/proc/self/clear_refs")
_PEAK = "5"
"""Written to `clear_refs` it makes Linux forget the most memory that was held so far."""
_lap: dict[str, object] = {}


def begin(stage: str) -> None:
    """End the lap that runs, if any, and begin that of a stage."""
    end()
    if _CLEAR.exists():
        _CLEAR.write_text(_PEAK, encoding="ascii")
    _lap.update(stage=stage, began=monotonic(), used=_cpu())


def end() -> None:
    """End the lap that runs and print it: stage, seconds, cpu_seconds, peak_mib, from, until."""
    if not _lap:
        return
    now, began = monotonic(), float(str(_lap["began"]))
    told = {
        "stage": _lap["stage"],
        "seconds": now - began,
        "cpu_seconds": _cpu() - float(str(_lap["used"])),
        "peak_mib": peak_mib(),
        "from": began,
        "until": now,
    }
    _lap.clear()
    print(json.dumps(told), flush=True)


def _cpu() -> float:
    """Seconds of this process on all cores, and of those that it started and that have ended."""
    return sum(os.times()[:4])


def peak_mib() -> int:
    """The most memory this process has held, in MiB.

    Linux tells it of the program that runs; `getrusage` would add what the starting process held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(text for text in status.read_text(encoding="ascii").splitlines() if text.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    if sys.platform == "win32":
        import psutil  # noqa: PLC0415 (only where it is needed)

        return int(psutil.Process().memory_info().peak_wset) // 2**20
    import resource  # noqa: PLC0415 (Windows has none)

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20
