"""Which constructs the text of a report may hold: what an author wrote is checked, what data says is made inert."""

import re

from lmanalytics.errors import ReportError
from lmanalytics.report.builtin_pandoc import Node, Nodes, plain, rewrite, visible

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
        kind, inner = node["t"], node.get("c")
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
        kind, inner = node["t"], node.get("c")
        if kind in {"RawInline", "RawBlock"}:
            return []
        if kind in {"Image", "Span"} or (kind == "Link" and not _SAFE.match(inner[2][0])):
            return list(inner[1])
        if kind == "Div":
            return list(inner[1])
        if kind == "Str":
            return [{"t": "Str", "c": visible(inner)}]
        if kind in {"Code", "CodeBlock"}:
            return [{"t": kind, "c": [["", [], []], visible(inner[1])]}]
        if kind == "Header":
            return [{"t": "Header", "c": [inner[0], ["", [], []], inner[2]]}]
        return None

    changed: Nodes = rewrite(blocks, change)
    return changed


def _callout(where: str, node: Node) -> Node:
    (label, classes, pairs), blocks = node["c"]
    settings = dict(pairs)
    if label or len(classes) != 1 or classes[0] not in CALLOUTS or settings.keys() - {"title"}:
        said = " ".join(f".{name}" for name in classes) or "a division"
        raise _error(where, f"a division other than {', '.join(CALLOUTS)} with a title ({said}, {plain(blocks)[:30]!r})")
    kind = classes[0]
    title: Nodes = [{"t": "Str", "c": settings.get("title", CALLOUTS[kind])}]
    if "title" not in settings and blocks and blocks[0]["t"] == "Header":
        title, blocks = blocks[0]["c"][2], blocks[1:]
    return {"t": "Callout", "c": [kind.removeprefix("callout-"), title, blocks]}


def _error(where: str, what: str) -> ReportError:
    return ReportError(f"{where}: {what} is not supported in a report, because publishers would show it differently.")
