"""The book that both publishers publish: `_quarto.yml`, read and staged beside the executed notebooks."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lmanalytics.errors import ReportError, did_you_mean

NAME = "_quarto.yml"
HEADER = "vega.html"
FILTER = "leads.lua"
"""Drops from Quarto's PDF what leads to the pages of lines."""
INDEX = "index.ipynb"
PAPERS: Mapping[str, str] = {"a4": "a4", "letter": "us-letter"}
"""Papers by the names that users give, with the names that Typst gives them."""
KNOWN: Mapping[str, tuple[str, ...]] = {
    "": ("project", "book", "lang", "execute", "number-sections", "toc", "toc-depth", "format"),
    "project": ("type", "output-dir"),
    "book": ("title", "subtitle", "author", "date", "chapters"),
    "execute": ("enabled", "echo", "warning"),
    "format": ("html", "typst"),
}


@dataclass(frozen=True)
class Book:
    """What `_quarto.yml` says, as far as every publisher honors it.

    Args:
        title: the report's title.
        subtitle: the line below it, or nothing.
        author: who answers for it, or nothing.
        chapters: names of the notebooks, in order; the first is the cover, `index.ipynb`.
        lang: language of the text, as in `en`.
        execute: `echo` and `warning` of cells that do not say.
        number_sections: whether headings have numbers.
        toc_depth: levels of headings in the table of contents; 0 for none.
        paper: `a4` or `letter`.

    """

    title: str
    subtitle: str
    author: str
    chapters: tuple[str, ...]
    lang: str
    execute: Mapping[str, bool]
    number_sections: bool
    toc_depth: int
    paper: str = "a4"


@dataclass(frozen=True)
class Edition:
    """One printing of a book: the run, the position date, whose position it is and what that comes to, the paper."""

    book: Book
    run_id: str
    as_of: date
    customer: str = ""
    status: str = ""
    paper: str = "a4"


def read_book(path: Path) -> Book:
    """Read `_quarto.yml`.

    Raises:
        ReportError: it is absent, no book, or holds a setting that only one publisher would honor.

    """
    document = _document(path)
    for part, known in KNOWN.items():
        _check_names(path, part, document.get(part, {}) if part else document, known)
    book = document.get("book", {})
    chapters = book.get("chapters", [])
    named = isinstance(chapters, list) and all(isinstance(name, str) and Path(name).name == name for name in chapters)
    if not named or not chapters or chapters[0] != INDEX:
        message = (
            f"{path}: book.chapters must be a list of notebooks, without folders or parts, that starts with "
            f"{INDEX}, the cover. It is {chapters!r}."
        )
        raise ReportError(message)
    if document.get("execute", {}).get("enabled"):
        message = f"{path}: execute.enabled must be false. Notebooks are executed once, by papermill, before."
        raise ReportError(message)
    return Book(
        title=str(book.get("title", "")),
        subtitle=str(book.get("subtitle", "")),
        author=str(book.get("author", "")),
        chapters=tuple(chapters),
        lang=str(document.get("lang", "en")),
        execute={name: bool(v) for name, v in document.get("execute", {}).items() if name in {"echo", "warning"}},
        number_sections=bool(document.get("number-sections", False)),
        toc_depth=int(document.get("toc-depth", 3)) if document.get("toc", True) else 0,
        paper=_paper(path, document),
    )


def stage(path: Path, edition: Edition, into: Path, header: str) -> None:
    """Write into the folder of executed notebooks what Quarto needs beside them.

    Args:
        path: the `_quarto.yml` to stage; the run and its date are added to the copy.
        edition: the run and the date.
        into: the folder with the executed notebooks.
        header: HTML for the head of each page, which makes charts interactive.

    """
    document = _document(path)
    document["book"] = document["book"] | {"date": edition.as_of.isoformat()}
    document["run-id"] = edition.run_id
    typst = (document.get("format") or {}).get("typst") or {}
    own = {"papersize": PAPERS[edition.paper], "filters": [{"path": FILTER, "at": "post-quarto"}]}
    document["format"] = {**(document.get("format") or {}), "typst": {**typst, **own}}
    shutil.copyfile(Path(__file__).parent / "assets" / FILTER, into / FILTER)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    (into / NAME).write_text(text, encoding="utf-8")
    (into / HEADER).write_text(header, encoding="utf-8")


def _paper(path: Path, document: Mapping[str, Any]) -> str:
    typst = (document.get("format") or {}).get("typst")
    size = str((typst if isinstance(typst, dict) else {}).get("papersize", PAPERS["a4"]))
    found = next((name for name, known in PAPERS.items() if size in {name, known}), "")
    if not found:
        message = f"{path}: format.typst.papersize is {size!r}. It may be {' or '.join(PAPERS.values())}."
        raise ReportError(message)
    return found


def _document(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path} is absent. It lists the report's chapters: `lmanalytics init` lays a new one."
        raise ReportError(message) from None
    except yaml.YAMLError as error:
        message = f"{path} is no YAML: {error}"
        raise ReportError(message) from None
    if not isinstance(document, dict) or document.get("project", {}).get("type") != "book":
        message = f"{path} describes no book: project.type must be `book`."
        raise ReportError(message)
    return document


def _check_names(path: Path, part: str, section: object, known: tuple[str, ...]) -> None:
    if not isinstance(section, dict):
        message = f"{path}: {part} must hold `name: value` lines, and is {section!r}."
        raise ReportError(message)
    for name in section:
        if name not in known:
            message = (
                f"{path}: {part}{'.' if part else ''}{name} is not supported by every publisher."
                f"{did_you_mean(str(name), known)} Supported are {', '.join(known)}."
            )
            raise ReportError(message)
