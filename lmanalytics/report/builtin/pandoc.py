"""Pandoc, from its wheel: reads markdown and HTML into its document tree, and writes trees as HTML and Typst.

Text never passes from one language to another as text: it is parsed once and written with each writer's
own escapes. A tree is Pandoc's JSON: nodes are `{"t": type, "c": content}`.
"""

import json
import subprocess
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pypandoc  # type: ignore[import-untyped]  # (it ships no types)

from lmanalytics.errors import ReportError

Node = dict[str, Any]
Nodes = list[Node]
AUTHORED = "markdown-auto_identifiers-raw_tex+table_attributes"
COMPUTED = (
    "markdown-auto_identifiers-raw_tex-raw_html-raw_attribute-native_divs-native_spans-markdown_in_html_blocks"
    "-tex_math_dollars-footnotes-link_attributes-header_attributes-fenced_code_attributes-inline_code_attributes"
    "-fenced_divs-bracketed_spans+table_attributes"
)
HTML = "html-native_divs-native_spans+empty_paragraphs"
ASSETS = Path(__file__).parents[1] / "assets"
_VERSION = [1, 23, 1]


def parse(parts: Sequence[tuple[str, str]]) -> list[Nodes]:
    """Read each part, a format and a text, into the blocks of a document of its own."""
    asked = [{"format": kind, "text": text} for kind, text in parts]
    said = _run(["lua", str(ASSETS / "parse.lua")], json.dumps(asked, ensure_ascii=False))
    return [document["blocks"] for document in json.loads(said)]


def write(blocks: Nodes, kind: str, *options: str) -> str:
    """Write blocks as HTML (`html5`) or Typst (`typst`)."""
    document = {"pandoc-api-version": _VERSION, "meta": {}, "blocks": blocks}
    return _run(["-f", "json", "-t", kind, "--wrap=none", *options], json.dumps(document, ensure_ascii=False))


def opened(node: Node) -> tuple[str, Any]:
    """Return a node's type and content."""
    return node["t"], node.get("c")


def rewrite(value: Any, change: Callable[[Node], Nodes | None]) -> Any:
    """Return the tree with each node replaced, innermost first, by what `change` gives for it (None: as it is)."""
    if isinstance(value, list):
        result: list[Any] = []
        for item in value:
            new = rewrite(item, change)
            replaced = change(new) if isinstance(new, dict) and "t" in new else None
            result.extend([new] if replaced is None else replaced)
        return result
    if isinstance(value, dict):
        return {key: rewrite(inner, change) for key, inner in value.items()}
    return value


def plain(value: Any) -> str:
    """Return the text of a tree."""
    if isinstance(value, list):
        return "".join(plain(item) for item in value)
    if not isinstance(value, dict):
        return ""
    kind, content = opened(value) if "t" in value else ("", None)
    if kind in {"Str", "Code", "CodeBlock", "Math"}:
        return str(content) if kind == "Str" else str(content[1] if content else "")
    if kind in {"Space", "SoftBreak", "LineBreak"}:
        return " "
    return plain(content) if isinstance(content, list) else ""


def texts(text: str) -> Nodes:
    """Return inline nodes that say just this."""
    nodes: Nodes = []
    for number, word in enumerate(text.split(" ")):
        nodes.extend([{"t": "Space"}] if number else [])
        nodes.extend([{"t": "Str", "c": word}] if word else [])
    return nodes


def visible(text: str) -> str:
    """Drop characters that draw nothing and can only mislead: controls, and marks that turn the direction."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t\u00ad" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def raw(kind: str, text: str) -> Node:
    """Return a block that one writer copies as it is."""
    return {"t": "RawBlock", "c": [kind, text]}


def div(classes: list[str], blocks: Nodes) -> Node:
    """Return a division."""
    return {"t": "Div", "c": [["", classes, []], blocks]}


def _run(arguments: Sequence[str], text: str) -> str:
    command = [pypandoc.get_pandoc_path(), *arguments]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)  # noqa: S603 (own arguments)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        message = f"Pandoc could not read or write the report: {' '.join(last)}. `lmanalytics doctor` checks it."
        raise ReportError(message)
    return done.stdout.decode()
