"""Text for Typst: string literals, so that no character of it can be markup, with glyphs that the fonts have."""

import functools
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lmanalytics.report import leads
from lmanalytics.report.builtin.pandoc import ASSETS, Node, Nodes, opened, plain, visible

FONTS = ASSETS / "fonts"
SYMBOLS = frozenset("\N{CHECK MARK}\N{BALLOT X}\N{WARNING SIGN}\N{REPLACEMENT CHARACTER}")
LONG_WORD = 18
BREAK = "\N{ZERO WIDTH SPACE}"
_WORD = re.compile(rf"\S{{{LONG_WORD},}}")
_JOINT = re.compile(r"([-_./\\:@,;=])(?=\w)|(\w{12})(?=\w{4})")
_WRAPS = {
    "Strong": "strong",
    "Emph": "emph",
    "Superscript": "super",
    "Subscript": "sub",
    "Strikeout": "strike",
    "Underline": "underline",
}


def string(text: str) -> str:
    """Write text as a Typst string literal."""
    return _quoted(covered(visible(text)))


def covered(text: str) -> str:
    """Replace each character that no shipped font draws by its code point, as in [U+4E2D]: none is lost.

    A PDF for archives must not hold a character that cannot be shown.
    """
    if text.isascii():
        return text
    return "".join(c if c.isascii() or c in _glyphs() else f"[U+{ord(c):04X}]" for c in text)


def content(blocks: Nodes) -> str:
    """Write the blocks of a table's cell as Typst content; paragraphs and items become lines."""
    lines = [line for block in blocks for line in _lines(block)]
    return "#linebreak()".join(lines)


def inlines(nodes: Nodes) -> str:
    """Write inline nodes as Typst content; runs of text are one literal."""
    parts: list[str] = []
    text = ""
    for node in nodes:
        said = _said(node)
        if said is not None:
            text += said
            continue
        parts += [_literal(text)] if text else []
        text = ""
        parts.append(_marked(node))
    return "".join([*parts, _literal(text)] if text else parts)


def _lines(block: Node) -> list[str]:
    kind, inner = opened(block)
    if kind in {"Plain", "Para"}:
        return [inlines(inner)]
    if kind == "Header":
        return [f"#strong[{inlines(inner[2])}]"]
    if kind == "CodeBlock":
        return [f"#raw({string(inner[1])})"]
    if kind in {"Div", "BlockQuote"}:
        return [line for b in (inner[1] if kind == "Div" else inner) for line in _lines(b)]
    if kind in {"BulletList", "OrderedList"}:
        items = inner if kind == "BulletList" else inner[1]
        return [f"#{string('• ')}{content(item)}" for item in items]
    return [_literal(plain(block))]


def _said(node: Node) -> str | None:
    if node["t"] == "Str":
        return str(node["c"])
    return " " if node["t"] in {"Space", "SoftBreak"} else None


def _marked(node: Node) -> str:
    kind, inner = opened(node)
    if kind in _WRAPS:
        return f"#{_WRAPS[kind]}[{inlines(inner)}]"
    return _MARKED[kind](inner) if kind in _MARKED else _literal(plain(node))


def _quotation(inner: Any) -> str:
    mark = string("'" if inner[0]["t"] == "SingleQuote" else '"')
    return f"#{mark}{inlines(inner[1])}#{mark}"


def _link(inner: Any) -> str:
    target = inner[2][0]
    if leads.is_inward(target):  # a paper has no pages beside it
        return inlines(inner[1])
    place = f"<{target[1:]}>" if target.startswith("#") else string(target)
    return f"#link({place})[{inlines(inner[1])}]"


_MARKED: Mapping[str, Callable[[Any], str]] = {
    "LineBreak": lambda _: "#linebreak()",
    "Code": lambda inner: f"#raw({string(inner[1])})",
    "Quoted": _quotation,
    "Link": _link,
    "Span": lambda inner: inlines(inner[1]),
    "Cite": lambda inner: inlines(inner[1]),
    "Math": lambda inner: f"#{string(inner[1])}",
}


def _literal(text: str) -> str:
    """Write a run of text; long words, as names and digests are, may break at joints."""
    return "#" + _quoted(_WORD.sub(_with_breaks, covered(visible(text))))


def _quoted(text: str) -> str:
    for sign, escaped in {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": " ", BREAK: "\\u{200b}"}.items():
        text = text.replace(sign, escaped)
    return f'"{text}"'


def pieces(text: str) -> list[str]:
    """Cut text where a long word of it may break."""
    return _WORD.sub(_with_breaks, text.replace(BREAK, "")).split(BREAK)


def _with_breaks(match: re.Match[str]) -> str:
    return _JOINT.sub(lambda m: (m[1] or m[2]) + BREAK, match[0])


@functools.cache
def _glyphs() -> frozenset[str]:
    sets = [_cmap(path) for path in sorted(FONTS.glob("*.ttf"))]
    return frozenset.intersection(*sets) | SYMBOLS


def _cmap(path: Path) -> frozenset[str]:
    """Read which characters a font has: the Windows Unicode part, format 4, of its `cmap` table."""
    data = path.read_bytes()

    def numbers(form: str, at: int) -> tuple[Any, ...]:
        return struct.unpack_from(">" + form, data, at)

    tables = {data[at : at + 4]: numbers("I", at + 8)[0] for at in range(12, 12 + 16 * numbers("H", 4)[0], 16)}
    start = tables[b"cmap"]
    parts = [numbers("HHI", start + 4 + 8 * n) for n in range(numbers("H", start + 2)[0])]
    at = start + next(offset for platform, encoding, offset in parts if (platform, encoding) == (3, 1))
    count = numbers("H", at + 6)[0] // 2
    ends, starts = numbers(f"{count}H", at + 14), numbers(f"{count}H", at + 16 + 2 * count)
    steps = numbers(f"{count}H", at + 16 + 4 * count)
    places = at + 16 + 6 * count
    found = set()
    for n, (first, last, step) in enumerate(zip(starts, ends, steps, strict=True)):
        offset = numbers("H", places + 2 * n)[0]
        for code in range(first, last + 1):
            if offset:
                (glyph,) = numbers("H", places + 2 * n + offset + 2 * (code - first))
            else:
                glyph = (code + step) & 0xFFFF
            if glyph and code != 0xFFFF:  # noqa: PLR2004 (the mark that ends the table)
                found.add(chr(code))
    return frozenset(found)
