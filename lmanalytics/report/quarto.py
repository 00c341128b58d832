"""Publishing with Quarto, where it is installed: its own book project, rendered to HTML and to PDF by Typst."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lmanalytics.errors import ReportError
from lmanalytics.report.book import Edition
from lmanalytics.report.execute import epoch

OLDEST = (1, 9)
LAST_LINES = 15
_VERSION = re.compile(r"(\d+)\.(\d+)")
_REMOTE = re.compile(
    r"<script\b[^>]*\bsrc=[\"']https?://[^>]*>\s*</script>|<link\b[^>]*\bhref=[\"']https?://[^>]*>", re.IGNORECASE
)
_LOADS = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|input)\b[^>]*?\bsrc=[\"']?https?://[^\"'\s>]*"
    r"|<link\b[^>]*?\bhref=[\"']?https?://[^\"'\s>]*"
    r"|<object\b[^>]*?\bdata=[\"']?https?://[^\"'\s>]*"
    r"|@import\s+(?:url\()?[\"']?https?://[^\"')\s]*|url\(\s*[\"']?https?://[^\"')\s]*",
    re.IGNORECASE,
)
_PROGRAM = re.compile(r"(<script\b[^>]*>)(.*?)(</script>)", re.IGNORECASE | re.DOTALL)


def find_quarto() -> Path | None:
    """Return the `quarto` that is on PATH and new enough for Typst books (1.9), or nothing."""
    found = shutil.which("quarto")
    if not found:
        return None
    try:
        done = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.search(done.stdout)
    return Path(found) if version and tuple(map(int, version.groups())) >= OLDEST else None


def render(quarto: Path, folder: Path, pages: Path, edition: Edition) -> bytes:
    """Render the staged book.

    Args:
        quarto: the program.
        folder: the staged book: `_quarto.yml`, the executed notebooks and the header for charts.
        pages: where to put the HTML book: a page for each chapter, and what the pages share.
        edition: the run and the position date, which is also the date in the files.

    Returns:
        The PDF.

    Raises:
        ReportError: Quarto fails or leaves a file out; the message ends with what Quarto said last.

    """
    made = folder / "_book"
    _run([str(quarto), "render", str(folder), "--to", "html", "--no-execute"], folder, edition)
    _check(made / "index.html")
    for page in sorted(made.rglob("*.html")):
        page.write_text(offline(page.read_text(encoding="utf-8"), page.name), encoding="utf-8")
    made.rename(pages)
    _run([str(quarto), "render", str(folder), "--to", "typst", "--no-execute"], folder, edition)
    pdf = next(iter(sorted(made.glob("*.pdf"))), made / "the PDF")
    _check(pdf)
    data = pdf.read_bytes()
    for left in (made, folder / ".quarto"):
        shutil.rmtree(left, ignore_errors=True)
    return data


def _check(path: Path) -> None:
    if not path.is_file():
        message = f"Quarto ended without {path.name}. Publish with `--publisher builtin`, or update Quarto."
        raise ReportError(message)


def offline(page: str, name: str) -> str:
    """Drop the scripts and style sheets that Quarto asks of a content delivery network.

    Raises:
        ReportError: another outside address would still be loaded.

    """
    page = _REMOTE.sub("", page)
    remote = outside(page)
    if remote:
        message = (
            f"{name} would load {remote[0]!r} from outside. A report must open without a network: "
            "look for the setting in _quarto.yml that adds it, or publish with `--publisher builtin`."
        )
        raise ReportError(message)
    return page


def outside(page: str) -> Sequence[str]:
    """Return what a page would load from another address when it is opened; links that a reader follows are none."""
    return _LOADS.findall(_PROGRAM.sub(r"\1\3", page))


def _run(command: Sequence[str], folder: Path, edition: Edition) -> None:
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch(edition.as_of)), "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)  # noqa: S603
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-LAST_LINES:]
        text = "\n  ".join(said).replace(str(folder), ".")
        message = (
            f"`quarto render --to {command[4]}` failed with exit code {done.returncode}. It said last:\n  {text}\n"
            "Publish with `--publisher builtin` until that is mended."
        )
        raise ReportError(message)
