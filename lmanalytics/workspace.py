"""Where things are: notebooks, exports, runs and reports of one workspace."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from lmanalytics.errors import RunError, UsageError, did_you_mean

_PACKAGED = Path(__file__).parent / "_workspace"
TEMPLATE = _PACKAGED if _PACKAGED.exists() else Path(__file__).parents[1]
GITIGNORE = "data/raw/*\ndata/runs/\ndata/kept/\nreports/*\n.lmanalytics.*\n"


@dataclass(frozen=True)
class Workspace:
    """A folder with `data/raw`, `data/runs` and `reports`, and its own notebooks where it has them."""

    root: Path

    @property
    def runs(self) -> Path:
        """Answers, one folder a run."""
        return self.root / "data" / "runs"

    @property
    def kept(self) -> Path:
        """What runs leave for later runs; it may be deleted at any time."""
        return self.root / "data" / "kept"

    @property
    def reports(self) -> Path:
        """HTML, PDF and executed notebooks, one folder a run."""
        return self.root / "reports"

    @property
    def lock_file(self) -> Path:
        """What a command holds while it writes here."""
        return self.root / ".lmanalytics.lock"

    @property
    def lock_note(self) -> Path:
        """Which command holds the lock."""
        return self.root / ".lmanalytics.holder"

    @property
    def notebooks(self) -> Path:
        """The workspace's notebooks, or those that came with the package."""
        own = self.root / "notebooks"
        return own if own.is_dir() else TEMPLATE / "notebooks"

    @property
    def quarto_yml(self) -> Path:
        """The book's description, likewise."""
        own = self.root / "_quarto.yml"
        return own if own.is_file() else TEMPLATE / "_quarto.yml"

    def finished(self) -> list[Path]:
        """List the folders of finished runs in the order in which they were made, the newest last."""
        done = [path for path in self.runs.glob("*/manifest.json") if not path.parent.name.startswith(".")]
        return [p.parent for p in sorted(done, key=lambda p: (p.stat().st_mtime_ns, p.parent.name))]

    def run(self, name: str | Path) -> Path:
        """Find a run by its folder, its id, the start of its id, or `latest`.

        Raises:
            RunError: there is none, or several begin that way.

        """
        path = Path(name)
        if (path / "manifest.json").is_file():
            return path
        done = self.finished()
        if str(name) == "latest" and done:
            return done[-1]
        found = sorted(p for p in done if p.name.startswith(str(name)))
        if len(found) == 1:
            return found[0]
        if found:
            message = f"{len(found)} runs begin with {name!r}: {', '.join(p.name for p in found)}. Give more of the id."
            raise RunError(message)
        hint = did_you_mean(str(name), [p.name for p in done])
        message = f"There is no run {str(name)!r} in {self.runs}.{hint} `lmanalytics run EXPORTS` makes one."
        raise RunError(message)


def init(directory: Path) -> list[Path]:
    """Lay a workspace: folders, notebooks and `_quarto.yml`; files that are there already stay as they are.

    Returns:
        The files that were written.

    Raises:
        UsageError: `directory` is a file.

    """
    if directory.is_file():
        message = f"{directory} is a file; give a folder to lay the workspace in."
        raise UsageError(message)
    for folder in ("data/raw", "data/runs", "reports", "notebooks/guide"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    shipped = [
        path for pattern in ("*.ipynb", "guide/*.ipynb") for path in sorted((TEMPLATE / "notebooks").glob(pattern))
    ]
    sources = {path: directory / path.relative_to(TEMPLATE) for path in shipped}
    sources[TEMPLATE / "_quarto.yml"] = directory / "_quarto.yml"
    written = []
    for source, target in sources.items():
        if not target.exists():
            shutil.copyfile(source, target)
            written.append(target)
    ignore = directory / ".gitignore"
    if not ignore.exists():
        ignore.write_text(GITIGNORE, encoding="utf-8")
        written.append(ignore)
    return written
