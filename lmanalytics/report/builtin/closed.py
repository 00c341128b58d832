"""Which constructs the text of a report may hold: what an author wrote is checked, what data says is made inert."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from lmanalytics.errors import ReportError
from lmanalytics.report import leads
from lmanalytics.report.builtin.pandoc import Node, Nodes, opened, plain, rewrite, visible

CALLOUTS = {
    "callout-note": "Note",
    "callout-tip": "Tip",
    "callout-warning": "Warning",
    "callout-important": "Important",
    "callout-caution": "Caution",
}
_LINK = re.compile(r"^(https?://|mailto:|#|[\w.-]+\.ipynb(#[\w-]+)?$)")
_SAFE = re.compile(r"^(https?://|mailto:|#)", re.IGNORECASE)
_REFUSED = {
    "Image": "an image from a file or an address; draw it in a code cell",
    "Span": "a bracketed span with attributes",
    "LineBlock": "a line block",
    "DefinitionList": "a definition list",
}


def authored(where: str, blocks: Nodes) -> Nodes:
    """Check what an author wrote and turn callouts into their node.

    Raises:
        ReportError: a construct is outside the closed list.

    """

    def change(node: Node) -> Nodes | None:
        kind, inner = opened(node)
        if kind in _REFUSED:
            raise _error(where, _REFUSED[kind])
        if kind in {"RawInline", "RawBlock"}:
            if inner[1].startswith("<!--"):
                return []
            raise _error(where, f"HTML or another language in markdown, {inner[1][:40]!r},")
        if kind == "Str" and "{{<" in inner:
            raise _error(where, "a Quarto shortcode")
        if kind == "Link" and not _LINK.match(inner[2][0]):
            raise _error(where, f"the link to {inner[2][0]!r}; link to https://, a chapter (.ipynb) or #label; this")
        if kind == "Header":
            _, (_, classes, pairs), _ = inner
            if pairs or set(classes) - {"unnumbered", "unlisted"}:
                raise _error(where, "a heading with attributes other than #label, .unnumbered and .unlisted")
        if kind == "Div":
            return [_callout(where, node)]
        return None

    changed: Nodes = rewrite(blocks, change)
    return changed


def inert(blocks: Nodes) -> Nodes:
    """Leave of what data said only text, tables and structure: no raw code, picture or active link."""

    def change(node: Node) -> Nodes | None:
        kind, inner = opened(node)
        if kind == "Link" and (_SAFE.match(inner[2][0]) or leads.is_inward(inner[2][0])):
            return None
        return _INERT[kind](inner) if kind in _INERT else None

    changed: Nodes = rewrite(blocks, change)
    return changed


_INERT: Mapping[str, Callable[[Any], Nodes]] = {
    "RawInline": lambda _: [],
    "RawBlock": lambda _: [],
    "Image": lambda inner: list(inner[1]),
    "Link": lambda inner: list(inner[1]),
    "Span": lambda inner: list(inner[1]),
    "Div": lambda inner: list(inner[1]),
    "Str": lambda inner: [{"t": "Str", "c": visible(inner)}],
    "Code": lambda inner: [{"t": "Code", "c": [["", [], []], visible(inner[1])]}],
    "CodeBlock": lambda inner: [{"t": "CodeBlock", "c": [["", [], []], visible(inner[1])]}],
    "Header": lambda inner: [{"t": "Header", "c": [inner[0], ["", [], []], inner[2]]}],
}


def _callout(where: str, node: Node) -> Node:
    (label, classes, pairs), blocks = node["c"]
    settings = dict(pairs)
    if label or len(classes) != 1 or classes[0] not in CALLOUTS or settings.keys() - {"title"}:
        said = " ".join(f".{name}" for name in classes) or "a division"
        raise _error(
            where, f"a division other than {', '.join(CALLOUTS)} with a title ({said}, {plain(blocks)[:30]!r})"
        )
    kind = classes[0]
    title: Nodes = [{"t": "Str", "c": settings.get("title", CALLOUTS[kind])}]
    if "title" not in settings and blocks and blocks[0]["t"] == "Header":
        title, blocks = blocks[0]["c"][2], blocks[1:]
    return {"t": "Callout", "c": [kind.removeprefix("callout-"), title, blocks]}


def _error(where: str, what: str) -> ReportError:
    return ReportError(f"{where}: {what} is not supported in a report, because publishers would show it differently.")
