"""From a finished run to its report: notebooks executed, staged as a book, and published by one publisher."""

import contextvars
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from lmanalytics.errors import ReportError, RunError, UsageError
from lmanalytics.report import leads, locales, quarto
from lmanalytics.report.book import PAPERS, Book, Edition, read_book, stage
from lmanalytics.report.builtin.document import build
from lmanalytics.report.builtin.html import write_html
from lmanalytics.report.builtin.pdf import write_pdf
from lmanalytics.report.cells import Chapter, read_chapter
from lmanalytics.report.charts.vega import header_html
from lmanalytics.report.execute import execute_notebooks
from lmanalytics.report.executed import read_notebook
from lmanalytics.report.lines.folder import lay
from lmanalytics.report.run import open_run
from lmanalytics.report.sentences import status
from lmanalytics.report.since import NONE, difference

Paper = Literal["a4", "letter"]
Publisher = Literal["auto", "quarto", "builtin"]
PAGE, PDF, BOOK, PAGES = "report.html", "report.pdf", "book", "html"
_FORWARD = """<!DOCTYPE html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=html/index.html">
<title>Report</title>
<a href="html/index.html">Open the report</a>
"""


@dataclass(frozen=True)
class Published:
    """What was published and by which publisher: `quarto` or `builtin`."""

    folder: Path
    html: Path
    pdf: Path
    publisher: str


def publish(  # noqa: PLR0913 (each is one thing that a user may ask for)
    run_dir: Path,
    reports: Path,
    notebooks: Path,
    quarto_yml: Path,
    *,
    publisher: Publisher = "auto",
    as_of: date | None = None,
    workers: int = 2,
    since: str | Path | None = None,
    locale: str | None = None,
    paper: Paper | None = None,
) -> Published:
    """Publish the report of a run as `reports/<run id>/`, which appears complete or not at all.

    The folder holds `report.html`, `report.pdf` and `book/`, the executed notebooks. The same run, notebooks
    and publisher give the same bytes.

    Args:
        run_dir: the finished run; its name is the run id.
        reports: the folder of reports.
        notebooks: the folder of notebooks.
        quarto_yml: the book's description, which names the notebooks to publish.
        publisher: `quarto`, `builtin`, or `auto`: Quarto where it is installed.
        as_of: the position date; the one in the run's manifest if not given.
        workers: how many notebooks run at the same time.
        since: the run with which notebooks that have this parameter compare.
        locale: how numbers and days are written, as in `de-DE`; what the run says, or en-US, if not given.
        paper: the paper of the PDF; what the book's description says if not given.

    Raises:
        ReportError: a notebook fails or holds what is not supported, or the publisher fails.
        RunError: the run does not say its position date.
        UsageError: Quarto was asked for and is not installed, or too old; there is no such locale or paper.

    """
    program = _program(publisher)
    if paper is not None and paper not in PAPERS:
        message = f"There is no paper {paper!r}. Choose {' or '.join(PAPERS)}."
        raise UsageError(message)
    reports.mkdir(parents=True, exist_ok=True)
    with (
        locales.writing(locale or str(_manifest(run_dir).get("locale") or locales.DEFAULT)),
        tempfile.TemporaryDirectory(prefix=f".{run_dir.name}.", dir=reports) as unfinished,
    ):
        edition = edition_of(read_book(quarto_yml), run_dir, as_of)
        edition = replace(edition, paper=paper or edition.book.paper)
        folder = Path(unfinished) / edition.run_id
        if since is not None and str(since) != NONE:
            difference(run_dir, Path(since), folder / "difference")
        chapters = _execute(run_dir, notebooks, quarto_yml, edition, folder, workers, since, has_pages=bool(program))
        if program:
            _with_quarto(program, folder, edition)
        else:
            document = build(chapters)
            (folder / PAGE).write_text(write_html(document, edition), encoding="utf-8")
            (folder / PDF).write_bytes(write_pdf(document, edition))
        target = reports / edition.run_id
        _replace(folder, target, Path(unfinished) / "before")
    return Published(target, target / PAGE, target / PDF, "quarto" if program else "builtin")


def edition_of(book: Book, run_dir: Path, as_of: date | None = None) -> Edition:
    """Read from a run what the cover says.

    Raises:
        RunError: the run does not say its position date.

    """
    day = as_of or _position_date(run_dir)
    run = open_run(run_dir)
    return Edition(book, run_dir.name, day, run.customer, status(run))


def _program(publisher: Publisher) -> Path | None:
    program = quarto.find_quarto() if publisher in {"auto", "quarto"} else None
    if publisher == "quarto" and not program:
        oldest = ".".join(map(str, quarto.OLDEST))
        message = f"Quarto {oldest} or later is not on PATH. Install it, or publish with `--publisher builtin`."
        raise UsageError(message)
    return program


def _execute(
    run_dir: Path,
    notebooks: Path,
    quarto_yml: Path,
    edition: Edition,
    folder: Path,
    workers: int,
    since: str | Path | None,
    *,
    has_pages: bool,
) -> list[Chapter]:
    """Execute the book's notebooks into its staged folder, lay the lines beside, and read the chapters."""
    book: Book = edition.book
    run, into = run_dir.resolve(), folder / BOOK
    parameters = {"run_dir": run.name, "as_of": edition.as_of.isoformat()}
    optional = {} if since is None else {"since": _beside(run, Path(since))}
    variables = {leads.VARIABLE: "1", locales.VARIABLE: locales.locale().name}
    with ThreadPoolExecutor(max_workers=1) as beside:
        header = beside.submit(header_html)
        home = "../index.html" if has_pages else f"../{PAGE}"
        lines = beside.submit(contextvars.copy_context().run, lay, open_run(run_dir), folder, home)
        sources = [notebooks / name for name in book.chapters]
        executed = execute_notebooks(
            sources, into, parameters, optional=optional, workers=workers, cwd=run.parent, variables=variables
        )
        stage(quarto_yml, edition, into, header.result())
        lines.result()
    return [read_chapter(path, read_notebook(path), book.execute) for path in executed]


def _beside(run: Path, other: Path) -> str:
    """Name a run as a notebook finds it: by its name where it lies beside the other, without the machine's folders."""
    return other.name if other.resolve().parent == run.parent else str(other)


def _with_quarto(program: Path, folder: Path, edition: Edition) -> None:
    pdf = quarto.render(program, folder / BOOK, folder / PAGES, edition)
    (folder / leads.FOLDER).rename(folder / PAGES / leads.FOLDER)
    (folder / PAGE).write_text(_FORWARD, encoding="utf-8")
    (folder / PDF).write_bytes(pdf)


def _position_date(run_dir: Path) -> date:
    try:
        return date.fromisoformat(_manifest(run_dir)["as_of"])
    except (ValueError, KeyError, TypeError):
        message = f"{run_dir} is not a finished run: its manifest.json names no position date. Run again."
        raise RunError(message) from None


def _manifest(run_dir: Path) -> dict[str, Any]:
    """Read what a run says of itself; nothing where it is no run."""
    try:
        read = json.loads((run_dir / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _replace(folder: Path, target: Path, before: Path) -> None:
    """Put the finished folder in its place; a report of the same run that is there makes room."""
    try:
        if target.exists():
            target.rename(before)
        folder.rename(target)
    except OSError as error:
        if before.exists() and not target.exists():
            before.rename(target)
        message = f"{target} cannot be replaced: {error.strerror}. Close the report where it is open."
        raise ReportError(message) from None
