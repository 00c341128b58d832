"""Numbers of chapters, sections, figures and tables, as Quarto gives them in a book, and what refers to them.

Figures and tables count within their chapter: Figure 2.1. A chapter marked `.unnumbered` has no number, nor
have its sections, and its figures count without one: Figure 1.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from lmanalytics.errors import ReportError
from lmanalytics.report.builtin.pandoc import Node, Nodes, plain

WORDS = {"fig": "Figure", "tbl": "Table", "sec": "Section"}
DEEPEST = 6
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Heading:
    """A line of the table of contents."""

    level: int
    number: str
    text: str
    anchor: str


@dataclass(frozen=True)
class Mark:
    """What a cross-reference to a label says: `Table` and `2.1`, or the text of a heading without number."""

    word: str
    number: str
    where: str

    @property
    def said(self) -> str:
        """The words of a reference; they stay on one line."""
        return "\N{NO-BREAK SPACE}".join(part for part in (self.word, self.number) if part)


class Numbers:
    """Counts through a book, chapter by chapter.

    Headings get their number (as `number` of the node) and their anchor; `headings` and `marks` grow.
    """

    def __init__(self) -> None:
        self.headings: list[Heading] = []
        self.marks: dict[str, Mark] = {}
        self.files: dict[str, str] = {}
        self._chapters = 0
        self._counts: list[int] = []
        self._floats: dict[str, int] = {}
        self._taken: dict[str, int] = {}

    def chapter(self, name: str, parts: Iterable[tuple[str, Nodes, str]]) -> None:
        """Count through a chapter.

        Args:
            name: the notebook's name without its ending.
            parts: for each cell: where it is, its headings and tables, and its label if it has a caption.

        Raises:
            ReportError: the chapter does not begin with its title, or a label is taken.

        """
        self._counts, self._floats = [], {"fig": 0, "tbl": 0}
        for where, nodes, label in parts:
            for node in nodes:
                if node["t"] == "Header":
                    self._heading(name, where, node)
                elif node["c"][0][0].startswith("tbl-"):
                    self._float(node["c"][0][0], where)
            if label:
                self._float(label, where)
        if not self._counts:
            message = f"{name}.ipynb has no title: begin it with a raw cell (---, title: ..., ---) or with `# Title`."
            raise ReportError(message)

    def _heading(self, chapter: str, where: str, node: Node) -> None:
        level, (anchor, classes, _), content = node["c"]
        text = plain(content)
        if (level == 1) == bool(self._counts):
            message = (
                f"{where}: the heading {text[:40]!r} is of level {level}. A chapter begins with one heading of "
                "level 1, its title, and has deeper ones only after it."
            )
            raise ReportError(message)
        if level == 1:
            self._chapters += "unnumbered" not in classes
            self._counts = [0 if "unnumbered" in classes else self._chapters, *[0] * (DEEPEST - 1)]
        if not self._counts[0] and "unnumbered" not in classes:
            classes.append("unnumbered")
        number = "" if "unnumbered" in classes else self._next(level)
        if anchor:
            word = ("Chapter" if level == 1 else WORDS["sec"]) if number else text
            self._mark(anchor, Mark(word, number, where))
        anchor = anchor or self._anchor(f"{_slug(chapter)}-{_slug(text)}" if level > 1 else f"ch-{_slug(chapter)}")
        if level == 1:
            self.files[f"{chapter}.ipynb"] = anchor
        node["c"][1][0], node["number"] = anchor, number
        if "unlisted" not in classes:
            self.headings.append(Heading(level, number, text, anchor))

    def _next(self, level: int) -> str:
        if level > 1:
            self._counts[level - 1] += 1
            self._counts[level:] = [0] * (DEEPEST - level)
        return ".".join(str(count) for count in self._counts[:level])

    def _float(self, label: str, where: str) -> None:
        kind = label.split("-", maxsplit=1)[0]
        self._floats[kind] += 1
        chapter = self._counts[0] if self._counts else 0
        said = f"{chapter}.{self._floats[kind]}" if chapter else str(self._floats[kind])
        self._mark(label, Mark(WORDS[kind], said, where))

    def _mark(self, label: str, mark: Mark) -> None:
        if label in self.marks:
            taken = self.marks[label].where
            message = f"{mark.where}: the label {label!r} is taken by {taken}. Labels are unique in the book."
            raise ReportError(message)
        self.marks[label] = mark

    def _anchor(self, wanted: str) -> str:
        count = self._taken[wanted] = self._taken.get(wanted, 0) + 1
        return wanted if count == 1 else f"{wanted}-{count}"


def _slug(text: str) -> str:
    plain_letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _SLUG.sub("-", plain_letters).strip("-") or "part"
