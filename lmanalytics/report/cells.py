"""What a notebook of the report may hold: a closed list, the same for Quarto and for the built-in publisher.

A `#|` option, a kind of output or a construct outside the list is an error that names the cell, so that
no chapter looks different by silence.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat
import yaml

from lmanalytics.errors import ReportError
from lmanalytics.report.cells_options import read_options, split_options

PRINTED = "text/plain"
PAGE = "text/html"
MARKDOWN = "text/markdown"
SVG = "image/svg+xml"
PNG = "image/png"
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*(\{.*\})?$", re.MULTILINE)
_CHART = 'class="vl-spec"'

Kind = Literal["markdown", "computed", "page", "chart", "picture", "printed"]


@dataclass(frozen=True)
class Output:
    """One thing that a cell showed: markdown, HTML, a chart (HTML and SVG), a picture (PNG) or plain text."""

    kind: Kind
    text: str
    svg: str = ""
    description: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a chapter as the report shows it; `where` names it for messages."""

    where: str
    markdown: str = ""
    code: str = ""
    fold: str = ""
    label: str = ""
    caption: str = ""
    description: str = ""
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """One notebook: the file's name without its ending, the title in front matter (or none), its cells."""

    name: str
    title: str
    cells: tuple[Cell, ...]


def read_chapter(path: Path, node: nbformat.NotebookNode, defaults: Mapping[str, object]) -> Chapter:
    """Turn an executed notebook into what the report shows of it.

    Args:
        path: where the notebook is; its name is the chapter's.
        node: the executed notebook.
        defaults: `execute` of `_quarto.yml`: echo and warning where a cell says nothing.

    Raises:
        ReportError: something is outside the closed list.

    """
    title, cells = "", []
    for index, raw in enumerate(node.cells):
        where = f"{path.name}, {cell_name(node.cells, index)}"
        if raw.cell_type == "markdown":
            if raw.source.strip():
                cells.append(Cell(where, markdown=raw.source))
        elif raw.cell_type == "raw":
            if index:
                message = f"{where} is a raw cell. Only the first may be one, for the title; use markdown."
                raise ReportError(message)
            title = _front_matter(where, raw.source)
        elif "injected-parameters" not in raw.metadata.get("tags", []):
            cell = _code_cell(where, raw, defaults)
            cells.extend([cell] if cell.code or cell.outputs else [])
    return Chapter(path.stem, title, tuple(cells))


def cell_name(cells: Sequence[nbformat.NotebookNode], index: int) -> str:
    """Name a cell as an author finds it: its number (from 1, parameters that were added not counted) and label."""
    own = [c for c in cells[: index + 1] if "injected-parameters" not in c.metadata.get("tags", [])]
    cell = cells[index]
    number = f"cell {len(own)}"
    if cell.cell_type == "markdown":
        heading = _HEADING.search(cell.source)
        return f"{number} ({heading[1]!r})" if heading else number
    options, body = split_options(cell.source)
    label = re.search(r"^label:\s*(\S+)", options, re.MULTILINE)
    first = next((line.strip() for line in body.splitlines() if line.strip()), "")
    return f"{number} ({label[1] if label else repr(first[:50])})" if label or first else number


def _front_matter(where: str, source: str) -> str:
    known = ("title",)
    try:
        front = yaml.safe_load(source.strip().strip("-")) or {}
    except yaml.YAMLError as error:
        message = f"{where}: the front matter is no YAML: {error}"
        raise ReportError(message) from None
    for name in front if isinstance(front, dict) else [front]:
        if name not in known:
            message = (
                f"{where}: front matter {name!r} is not supported; a chapter has a title, the rest is _quarto.yml's."
            )
            raise ReportError(message)
    return str(front.get("title", ""))


def _code_cell(where: str, raw: nbformat.NotebookNode, defaults: Mapping[str, object]) -> Cell:
    text, code = split_options(raw.source)
    options: dict[str, Any] = {"echo": True, "warning": True, **defaults, **read_options(where, text)}
    label = options.get("label", "")
    captions = {name: options[name] for name in ("fig-cap", "tbl-cap") if name in options}
    prefix = label.split("-")[0]
    wanted = {f"{prefix}-cap"} if prefix in {"fig", "tbl"} else set()
    if captions.keys() != wanted:
        message = (
            f"{where}: a label that starts with fig- needs fig-cap, tbl- needs tbl-cap, and a caption needs "
            f"such a label. Here the label is {label!r} and the captions are {', '.join(captions) or 'none'}."
        )
        raise ReportError(message)
    if not options.get("include", True):
        if captions:
            message = f"{where}: it has a caption, but `include: false` hides it. Drop one of them."
            raise ReportError(message)
        return Cell(where)
    outputs = _outputs(where, raw.outputs, options)
    if captions and len(outputs) != 1:
        message = f"{where}: it has a caption, so it must show exactly one thing; it shows {len(outputs)}."
        raise ReportError(message)
    fold = options.get("code-summary", "Code") if options.get("code-fold") else ""
    return Cell(
        where=where,
        code=code if options["echo"] else "",
        fold=fold,
        label=label if captions else "",
        caption=next(iter(captions.values()), ""),
        description=options.get("fig-alt", ""),
        outputs=outputs,
    )


def _outputs(where: str, raw: Sequence[nbformat.NotebookNode], options: Mapping[str, Any]) -> tuple[Output, ...]:
    shown = []
    for output in raw:
        if output.output_type == "error":
            message = f"{where} failed: {output.ename}: {output.evalue}. Run the notebook again without errors."
            raise ReportError(message)
        if output.output_type == "stream":
            if output.name == "stderr" and not options["warning"]:
                continue
            asis = options.get("output") == "asis" and output.name == "stdout"
            shown.append(Output("computed" if asis else "printed", output.text))
        else:
            shown.append(_display(where, output.data))
    return tuple(shown) if options.get("output", True) else ()


def _display(where: str, data: Mapping[str, str]) -> Output:
    """Choose among the forms of one output. Charts keep two: HTML for the page, SVG for print."""
    page, plain = data.get(PAGE, ""), data.get(PRINTED, "")
    if SVG in data:
        return Output("chart", page if _CHART in page else "", svg=data[SVG], description=plain)
    if MARKDOWN in data:
        return Output("computed", data[MARKDOWN])
    if page:
        return Output("page", page)
    if PNG in data:
        return Output("picture", data[PNG].replace("\n", ""), description=plain)
    if PRINTED in data:
        return Output("printed", plain)
    message = f"{where}: an output of type {', '.join(data)} is not supported. Show a table, chart or text."
    raise ReportError(message)
