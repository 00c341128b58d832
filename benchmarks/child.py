"""The process in which stages run: `python -m benchmarks.child STAGE ENGINE FOLDER …` prints what each lap took."""

import sys
from importlib import import_module
from pathlib import Path

from benchmarks import clock


def main() -> None:
    """Import, do what the engine does before a stage, then start the clock and run."""
    stage, engine, work, *given = sys.argv[1:]
    module = import_module(f"benchmarks.engines.{engine}")
    function = getattr(module, stage)
    if before := getattr(module, f"before_{stage}", None):
        before(Path(work), *given)
    clock.begin(stage)
    function(Path(work), *given)
    clock.end()


if __name__ == "__main__":
    main()
