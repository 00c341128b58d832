"""The built-in publisher's document: chapters parsed, numbered and cross-referenced as Quarto does for a book.

The result is Pandoc's tree with five kinds of node of our own, which each writer turns into its language:
Grid (a table), Chart, Picture, Source (code of a cell), Callout and Float (what has a caption and a number).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lmanalytics.errors import ReportError, did_you_mean
from lmanalytics.report.builtin_closed import authored, inert
from lmanalytics.report.builtin_pandoc import AUTHORED, COMPUTED, HTML, Node, Nodes, parse, plain, rewrite, texts
from lmanalytics.report.builtin_tables import read_grid
from lmanalytics.report.cells import Cell, Chapter, Output

WORDS = {"fig": "Figure", "tbl": "Table", "sec": "Section"}
_FORMATS = {"markdown": AUTHORED, "computed": COMPUTED, "page": HTML}
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


@dataclass
class Document:
    """All chapters, one list of blocks each, and the headings in order."""

    chapters: list[Nodes] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)


@dataclass(frozen=True)
class _Part:
    """A cell with its texts parsed: what an author wrote, the caption, and what each output says."""

    cell: Cell
    blocks: Nodes
    caption: Nodes
    outputs: tuple[Nodes, ...]


def build(chapters: Sequence[Chapter]) -> Document:
    """Parse, number and cross-reference chapters.

    Raises:
        ReportError: a construct is not supported, a label occurs twice, or a reference leads nowhere.

    """
    parsed = _parse(chapters)
    document = Document()
    marks: dict[str, Mark] = {}
    anchors = _Anchors()
    number = 0
    for chapter, parts in zip(chapters, parsed, strict=True):
        title = _title(chapter, parts)
        is_numbered = "unnumbered" not in title["c"][1][1]
        number += is_numbered
        headings = _number(chapter, parts, number if is_numbered else 0, marks, anchors)
        document.headings += headings
    files = {f"{chapter.name}.ipynb": anchors.chapter(chapter.name) for chapter in chapters}
    for parts in parsed:
        document.chapters.append([node for part in parts for node in _compose(part, marks, files)])
    return document


def _parse(chapters: Sequence[Chapter]) -> list[list[_Part]]:
    """Parse every text of every chapter in one go; what comes from data can only be text."""
    asked: list[tuple[str, str]] = []
    for chapter in chapters:
        asked.append((AUTHORED, f"# {chapter.title}\n" if chapter.title else ""))
        for cell in chapter.cells:
            asked += [(AUTHORED, cell.markdown), (AUTHORED, cell.caption)]
            asked += [(_FORMATS[o.kind], o.text) for o in cell.outputs if o.kind in _FORMATS]
    answers: Iterator[Nodes] = iter(parse(asked))
    result = []
    for chapter in chapters:
        title = next(answers)
        parts = [_Part(Cell(f"{chapter.name}.ipynb, the title"), title, [], ())] if title else []
        for cell in chapter.cells:
            where = cell.where
            blocks = authored(where, next(answers))
            caption = authored(where, next(answers))
            outputs = tuple(inert(next(answers)) if o.kind in _FORMATS else [_shown(o, cell)] for o in cell.outputs)
            parts.append(_Part(cell, blocks, caption[0]["c"] if caption else [], outputs))
        result.append(parts)
    return result


def _shown(output: Output, cell: Cell) -> Node:
    description = cell.description or output.description or cell.caption
    if output.kind == "chart":
        return {"t": "Chart", "c": (cell.where, output.text, output.svg, description)}
    if output.kind == "picture":
        return {"t": "Picture", "c": (cell.where, output.text, description)}
    return {"t": "CodeBlock", "c": [["", ["output"], []], output.text.rstrip("\n")]}


def _title(chapter: Chapter, parts: Sequence[_Part]) -> Node:
    first: list[Node] = parts[0].blocks if parts else []
    if not first or first[0]["t"] != "Header" or first[0]["c"][0] != 1:
        raise ReportError(
            f"{chapter.name}.ipynb has no title: begin it with a raw cell (---, title: ..., ---) or with `# Title`."
        )
    return first[0]


def _headers(part: _Part) -> Iterator[Node]:
    for blocks in (part.blocks, *part.outputs):
        yield from (node for node in blocks if node["t"] in {"Header", "Table"})


def _number(
    chapter: Chapter, parts: Sequence[_Part], number: int, marks: dict[str, Mark], anchors: "_Anchors"
) -> list[Heading]:
    """Give headings, figures and tables of a chapter their numbers; 0 is a chapter without."""
    headings: list[Heading] = []
    counts = [number, 0, 0, 0, 0, 0]
    floats = {"fig": 0, "tbl": 0}

    def count(kind: str, label: str, where: str) -> None:
        floats[kind] += 1
        said = f"{number}.{floats[kind]}" if number else str(floats[kind])
        _mark(marks, label, Mark(WORDS[kind], said, where))

    for part in parts:
        where = part.cell.where
        for node in _headers(part):
            if node["t"] == "Table":
                if node["c"][0][0].startswith("tbl-"):
                    count("tbl", node["c"][0][0], where)
                continue
            level, (anchor, classes, _), content = node["c"]
            if level == 1 and headings:
                raise ReportError(f"{where}: a second heading of the first level. A chapter has one; use ## below it.")
            if not number and "unnumbered" not in classes:
                classes.append("unnumbered")
            said = ""
            if "unnumbered" not in classes:
                if level > 1:
                    counts[level - 1] += 1
                    counts[level:] = [0] * (len(counts) - level)
                said = ".".join(str(n) for n in counts[:level])
            text = plain(content)
            if anchor.startswith("sec-"):
                word = ("Chapter" if level == 1 else WORDS["sec"]) if said else text
                _mark(marks, anchor, Mark(word, said, where))
            anchor = anchor or (anchors.chapter(chapter.name) if level == 1 else anchors.heading(chapter.name, text))
            if level == 1:
                anchors.rename(chapter.name, anchor)
            node["c"][1][0] = anchor
            node["number"] = said
            headings.append(Heading(level, said, text, anchor))
        if part.cell.label:
            count(part.cell.label.split("-")[0], part.cell.label, where)
    return headings


def _mark(marks: dict[str, Mark], label: str, mark: Mark) -> None:
    if label in marks:
        message = f"{mark.where}: the label {label!r} is taken by {marks[label].where}. Labels are unique in the book."
        raise ReportError(message)
    marks[label] = mark


def _compose(part: _Part, marks: dict[str, Mark], files: dict[str, str]) -> Nodes:
    cell = part.cell

    def finish(nodes: Nodes, *, is_data: bool) -> Nodes:
        resolved = rewrite(nodes, lambda node: _resolved(node, cell.where, marks, files, is_data=is_data))
        return list(rewrite(resolved, lambda node: _table(node, cell.where, marks)))

    blocks = finish(part.blocks, is_data=False)
    if cell.code:
        blocks.append({"t": "Source", "c": (cell.code, cell.fold)})
    shown = [node for output in part.outputs for node in finish(output, is_data=True)]
    if not cell.label:
        return blocks + shown
    caption = finish(part.caption, is_data=False)
    return [*blocks, {"t": "Float", "c": [cell.label, marks[cell.label], caption, shown]}]


def _resolved(
    node: Node, where: str, marks: dict[str, Mark], files: dict[str, str], *, is_data: bool
) -> Nodes | None:
    """Replace a reference by a link; in what data said, `@name` is text unless it is a label."""
    if node["t"] == "Link" and node["c"][2][0].split("#")[0] in files:
        file, _, place = node["c"][2][0].partition("#")
        node["c"][2][0] = f"#{place or files[file]}"
        return None
    if node["t"] != "Cite":
        return None
    links: Nodes = []
    for citation in node["c"][0]:
        label = citation["citationId"]
        extra = plain(citation["citationPrefix"]) + plain(citation["citationSuffix"])
        if label not in marks or extra:
            if is_data:
                return list(node["c"][1])
            hint = did_you_mean(label, marks)
            detail = "has words inside its brackets" if label in marks else f"leads nowhere.{hint}"
            raise ReportError(f"{where}: the reference @{label} {detail} References start with fig-, tbl- or sec-.")
        mark = marks[label]
        said = mark.number if citation["citationMode"]["t"] == "SuppressAuthor" else mark.said
        links += texts(", ") if links else []
        links.append({"t": "Link", "c": [["", ["xref"], []], [{"t": "Str", "c": said}], [f"#{label}", ""]]})
    return links


def _table(node: Node, where: str, marks: dict[str, Mark]) -> Nodes | None:
    if node["t"] != "Table":
        return None
    label, caption = node["c"][0][0], node["c"][1][1]
    grid: dict[str, Any] = {"t": "Grid", "c": read_grid(where, node)}
    if label in marks:
        return [{"t": "Float", "c": [label, marks[label], caption[0]["c"] if caption else [], [grid]]}]
    return [grid, *caption]


class _Anchors:
    """Names for places in the document, each given once."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        self._chapters: dict[str, str] = {}

    def chapter(self, name: str) -> str:
        """Name a chapter's start."""
        return self._chapters.setdefault(name, f"ch-{_slug(name)}")

    def rename(self, name: str, anchor: str) -> None:
        """Note the name that an author gave to a chapter's start."""
        self._chapters[name] = anchor

    def heading(self, chapter: str, text: str) -> str:
        """Name a heading after its chapter and its text."""
        anchor = f"{_slug(chapter)}-{_slug(text)}"
        count = self._taken[anchor] = self._taken.get(anchor, 0) + 1
        return anchor if count == 1 else f"{anchor}-{count}"


def _slug(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _SLUG.sub("-", ascii_only).strip("-") or "part"
