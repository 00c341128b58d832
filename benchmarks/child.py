"""The process in which one stage runs: `python -m benchmarks.child STAGE ENGINE FOLDER …` prints what it took."""

import json
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time


def main() -> None:
    """Import, do what the engine does before a stage, then start the clock, run and print."""
    stage, engine, work, *given = sys.argv[1:]
    module = import_module(f"benchmarks.engines.{engine}")
    function = getattr(module, stage)
    if before := getattr(module, f"before_{stage}", None):
        before(Path(work), *given)
    began, used = perf_counter(), process_time()
    function(Path(work), *given)
    took = {"seconds": perf_counter() - began, "cpu_seconds": process_time() - used}
    print(json.dumps(took | {"peak_mib": peak_mib()}))


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


if __name__ == "__main__":
    main()
