"""The built-in publisher's document: chapters parsed, numbered and cross-referenced as Quarto does for a book.

The result is Pandoc's tree with five kinds of node of our own, which each writer turns into its language:
Grid (a table), Chart, Picture, Source (code of a cell), Callout and Float (what has a caption and a number).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lmanalytics.errors import ReportError, did_you_mean
from lmanalytics.report.builtin.closed import authored, inert
from lmanalytics.report.builtin.numbers import Heading, Mark, Numbers
from lmanalytics.report.builtin.pandoc import (
    AUTHORED,
    COMPUTED,
    HTML,
    Node,
    Nodes,
    parse,
    plain,
    rewrite,
    texts,
    visible,
)
from lmanalytics.report.builtin.tables import read_grid
from lmanalytics.report.cells import Cell, Chapter, Output

_FORMATS = {"markdown": AUTHORED, "computed": COMPUTED, "page": HTML}


@dataclass(frozen=True)
class Document:
    """All chapters, one list of blocks each, and the headings in order."""

    chapters: list[Nodes]
    headings: list[Heading]


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
    numbers = Numbers()
    for chapter, parts in zip(chapters, parsed, strict=True):
        numbers.chapter(chapter.name, [(part.cell.where, _counted(part), part.cell.label) for part in parts])
    composed = [[node for part in parts for node in _compose(part, numbers)] for parts in parsed]
    return Document(composed, numbers.headings)


def _counted(part: _Part) -> Nodes:
    return [node for blocks in (part.blocks, *part.outputs) for node in blocks if node["t"] in {"Header", "Table"}]


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
    return {"t": "CodeBlock", "c": [["", ["output"], []], visible(output.text).rstrip("\n")]}


def _compose(part: _Part, numbers: Numbers) -> Nodes:
    cell = part.cell

    def finish(nodes: Nodes, *, is_data: bool) -> Nodes:
        resolved = rewrite(nodes, lambda node: _resolved(node, cell.where, numbers, is_data=is_data))
        return list(rewrite(resolved, lambda node: _table(node, cell.where, numbers.marks)))

    blocks = finish(part.blocks, is_data=False)
    if cell.code:
        blocks.append({"t": "Source", "c": (cell.code, cell.fold)})
    shown = [node for output in part.outputs for node in finish(output, is_data=True)]
    if not cell.label:
        return blocks + shown
    caption = finish(part.caption, is_data=False)
    return [*blocks, {"t": "Float", "c": [cell.label, numbers.marks[cell.label], caption, shown]}]


def _resolved(node: Node, where: str, numbers: Numbers, *, is_data: bool) -> Nodes | None:
    """Replace a reference by a link; in what data said, `@name` is text unless it is a label."""
    marks, files = numbers.marks, numbers.files
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
            message = f"{where}: the reference @{label} {detail} References start with fig-, tbl- or sec-."
            raise ReportError(message)
        mark = marks[label]
        said = mark.number if citation["citationMode"]["t"] == "SuppressAuthor" else mark.said
        links += texts(", ") if links else []
        links.append({"t": "Link", "c": [["", ["xref"], []], [{"t": "Str", "c": said}], [f"#{label}", ""]]})
    return links


def _table(node: Node, where: str, marks: dict[str, Mark]) -> Nodes | None:
    if node["t"] != "Table":
        return None
    label, caption = node["c"][0][0], node["c"][1][1]
    grid: dict[str, Any] = {"t": "Grid", "c": (read_grid(where, node),)}
    if label in marks:
        return [{"t": "Float", "c": [label, marks[label], caption[0]["c"] if caption else [], [grid]]}]
    return [grid, *caption]
