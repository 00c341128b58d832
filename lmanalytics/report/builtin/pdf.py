"""The built-in publisher's PDF: a tagged PDF/A-2a with its fonts inside, from Pandoc's tree through Typst."""

import base64
from typing import TYPE_CHECKING, Any

import typst

from lmanalytics.errors import ReportError
from lmanalytics.report import leads
from lmanalytics.report.book import PAPERS, Edition
from lmanalytics.report.builtin.document import Document
from lmanalytics.report.builtin.numbers import Mark
from lmanalytics.report.builtin.pandoc import ASSETS, Node, Nodes, opened, raw, rewrite, visible, write
from lmanalytics.report.builtin.tables import typst_table
from lmanalytics.report.builtin.typst import FONTS, covered, string
from lmanalytics.report.execute import epoch
from lmanalytics.report.written import shown_day

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STANDARDS = ("a-2a", "ua-1")
_COMPILE: Any = typst.compile  # its types do not know files in memory
_HINT = "If a notebook was changed, undo that; otherwise this is a fault of the publisher: report it with this message."


def write_pdf(document: Document, edition: Edition) -> bytes:
    """Return the PDF; the same document, run and date give the same bytes.

    Raises:
        ReportError: Typst refuses the document.

    """
    files = _Files()
    blocks: Nodes = rewrite([node for chapter in document.chapters for node in _kept_together(chapter)], files.node)
    body = write(blocks, "typst", f"--lua-filter={ASSETS / 'typst.lua'}", "--syntax-highlighting=none")
    files.named["main.typ"] = (_head(edition) + body).encode()
    files.named["report.typ"] = (ASSETS / "report.typ").read_bytes()
    try:
        made = _COMPILE(
            files.named,
            format="pdf",
            font_paths=[FONTS],
            ignore_system_fonts=True,
            pdf_standards=list(STANDARDS),
            timestamp=epoch(edition.as_of),
        )
    except typst.TypstError as error:
        message = f"Typst refused the report: {error}. {_HINT}"
        raise ReportError(message) from None
    return bytes(made)


def _head(edition: Edition) -> str:
    book, day = edition.book, edition.as_of
    settings = {
        "title": string(book.title),
        "subtitle": string(book.subtitle),
        "author": string(book.author),
        "customer": string(edition.customer),
        "status": string(edition.status),
        "lang": string(book.lang.split("-")[0]),
        "run": string(edition.run_id),
        "said-day": string(shown_day(day)),
        "day": f"datetime(year: {day.year}, month: {day.month}, day: {day.day})",
        "depth": str(book.toc_depth),
        "paper": string(PAPERS[edition.paper]),
        "numbered": str(book.number_sections).lower(),
    }
    said = ", ".join(f"{name}: {value}" for name, value in settings.items())
    return f'#import "report.typ": *\n#show: report.with({said})\n\n'


class _Files:
    """The files that Typst reads, in memory: pictures are added as nodes are turned into Typst."""

    def __init__(self) -> None:
        self.named: dict[str, bytes] = {}
        self._turned: Mapping[str, Callable[..., Nodes]] = {
            "Grid": lambda grid: [raw("typst", typst_table(grid))],
            "Chart": lambda _where, _page, svg, said: self._image("svg", covered(svg).encode(), said),
            "Picture": lambda _where, data, said: self._image("png", base64.b64decode(data), said),
            "Source": lambda code, _: [{"t": "CodeBlock", "c": [["", ["python"], []], _shown(code)]}],
            "Callout": _callout,
            "Float": _float,
            "Code": lambda attributes, text: [{"t": "Code", "c": [attributes, _shown(text)]}],
            "CodeBlock": lambda attributes, text: [{"t": "CodeBlock", "c": [attributes, _shown(text)]}],
        }

    def node(self, node: Node) -> Nodes | None:
        """Turn our own nodes into Typst, and texts into texts that the fonts can show."""
        kind, inner = opened(node)
        if kind == "Str":
            return [{"t": "Str", "c": _shown(inner)}]
        if kind == "Link" and leads.is_inward(inner[2][0]):  # a paper has no pages beside it
            said: Nodes = inner[1]
            return said
        return self._turned[kind](*inner) if kind in self._turned else None

    def _image(self, ending: str, data: bytes, description: str) -> Nodes:
        name = f"picture-{len(self.named) + 1}.{ending}"
        self.named[name] = data
        return [raw("typst", f"#image({string(name)}, alt: {string(description or 'Figure')})")]


def _kept_together(blocks: Nodes) -> Nodes:
    """Keep the paragraphs between a heading and a table or figure with both."""
    kept: Nodes = []
    is_near = False
    for node in reversed(blocks):
        is_near = node["t"] == "Float" or (is_near and node["t"] == "Para")
        wrapped = [raw("typst", "]"), node, raw("typst", "#block(sticky: true)[")]
        kept += wrapped if is_near and node["t"] == "Para" else [node]
    return kept[::-1]


def _shown(text: str) -> str:
    return covered(visible(text))


def _callout(kind: str, title: Nodes, blocks: Nodes) -> Nodes:
    return _call(f"#callout({string(kind)}, [", [{"t": "Plain", "c": title}], "], [", blocks, "])")


def _float(label: str, mark: Mark, caption: Nodes, blocks: Nodes) -> Nodes:
    kind = "table" if label.startswith("tbl-") else "image"
    start = f"#numbered({kind}, {string(mark.word)}, {string(mark.number)}, ["
    return _call(start, [{"t": "Plain", "c": caption}], "], [", blocks, f"]) <{label}>")


def _call(start: str, first: Nodes, between: str, second: Nodes, end: str) -> Nodes:
    return [raw("typst", start), *first, raw("typst", between), *second, raw("typst", end)]
