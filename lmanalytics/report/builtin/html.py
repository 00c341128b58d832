"""The built-in publisher's page: every chapter in one HTML file that loads nothing from anywhere."""

import base64
import hashlib
import html
import re
from collections.abc import Callable, Mapping

from lmanalytics.errors import ReportError
from lmanalytics.report import leads
from lmanalytics.report.book import Edition
from lmanalytics.report.builtin.document import Document
from lmanalytics.report.builtin.numbers import Heading, Mark
from lmanalytics.report.builtin.pandoc import ASSETS, Node, Nodes, div, opened, raw, rewrite, texts, visible, write
from lmanalytics.report.builtin.tables import html_table
from lmanalytics.report.charts.vega import scripts
from lmanalytics.report.texts import told
from lmanalytics.report.written import shown_day

_ACTIVE = re.compile(r"<(script|foreignObject)\b", re.IGNORECASE)
_HOST = re.compile(r'id="(vis-[0-9a-f]+)"')
_NAMED = re.compile(r'(\bid="|url\(#|href="#)([a-zA-Z][\w-]*)')
_SPEC = re.compile(r'<script type="application/json" class="vl-spec" data-for="vis-[0-9a-f]+">[^<]*</script>\s*$')


def write_html(document: Document, edition: Edition) -> str:
    """Return the page: navigation at the side, chapters, live charts; the same document gives the same bytes.

    Raises:
        ReportError: a chart holds what could run as a program.

    """
    blocks = [node for chapter in document.chapters for node in _chapter(chapter)]
    body = write(blocks, "html5", "--mathml", "--syntax-highlighting=none", "--email-obfuscation=none")
    programs = [*scripts(), (ASSETS / "report.js").read_text(encoding="utf-8")]
    title = html.escape(edition.book.title)
    lines = f'<a href="{leads.to_lines("index")}">{html.escape(told("lines.heading"))}</a>'
    facts = f"Position as of {html.escape(shown_day(edition.as_of))}<br>Run {html.escape(edition.run_id)}"
    return "".join(
        [
            f'<!DOCTYPE html>\n<html lang="{html.escape(edition.book.lang)}">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(programs)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{title}, {edition.as_of.isoformat()}</title>\n",
            f"<style>\n{_style(edition)}</style>\n",
            *(f"<script>{program}</script>\n" for program in programs),
            '</head>\n<body>\n<a class="skip" href="#report">Skip to the report</a>\n',
            f'<nav id="contents" aria-label="Contents"><details open><summary>{title}</summary>\n',
            f'<p class="facts">{facts}<br>{lines}</p>\n',
            f"{_contents(document.headings, edition.book.toc_depth)}</details></nav>\n",
            f'<main id="report">\n<header class="cover"><p class="title">{title}</p>',
            f'<p class="subtitle">{html.escape(edition.book.subtitle)}</p>' if edition.book.subtitle else "",
            f'<p class="author">{html.escape(edition.book.author)}</p>' if edition.book.author else "",
            f'<p class="customer">{html.escape(visible(edition.customer))}</p>' if edition.customer else "",
            f'<p class="status">{_status(edition)}</p>' if edition.status else "",
            f'<p class="facts">{facts}</p></header>\n{body}\n</main>\n</body>\n</html>\n',
        ]
    )


def _status(edition: Edition) -> str:
    """Write what the position comes to as a link to its lines."""
    return f'<a href="{leads.to_lines("position")}">{html.escape(visible(edition.status))}</a>'


def _style(edition: Edition) -> str:
    style = (ASSETS / "report.css").read_text(encoding="utf-8")
    return style.replace("size: A4", f"size: {edition.paper}")


def _policy(programs: list[str]) -> str:
    """Allow these programs and no other, and no address at all: whatever slips in stays dead."""
    digests = [base64.b64encode(hashlib.sha256(program.encode()).digest()).decode() for program in programs]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _contents(headings: list[Heading], depth: int) -> str:
    lines, level = [], 0
    for heading in (h for h in headings if h.level <= depth):
        lines.append("</li>" * (level >= heading.level) + "</ul></li>" * (level - heading.level))
        lines.append("<ul>" * (heading.level - level))
        number = f'<span class="number">{heading.number}</span> ' if heading.number else ""
        lines.append(f'\n<li><a href="#{heading.anchor}">{number}{html.escape(visible(heading.text))}</a>')
        level = heading.level
    return "".join(lines) + "</li></ul>" * level + "\n"


def _chapter(blocks: Nodes) -> Nodes:
    shown: Nodes = rewrite(blocks, _node)
    return [raw("html", '<section class="chapter">'), *shown, raw("html", "</section>")]


def _node(node: Node) -> Nodes | None:
    """Turn our own nodes into Pandoc's; texts stay in the tree, so that Pandoc escapes them."""
    kind, inner = opened(node)
    if kind == "Header":
        return _header(node)
    return _SHOWN[kind](*inner) if kind in _SHOWN else None


def _header(node: Node) -> Nodes:
    level, attributes, content = node["c"]
    number = node.get("number", "")
    label = f"Chapter\N{NO-BREAK SPACE}{number}" if level == 1 else number
    prefix: Nodes = [{"t": "Span", "c": [["", ["number"], []], texts(label)]}, {"t": "Space"}] if number else []
    return [{"t": "Header", "c": [level, [attributes[0], [], []], [*prefix, *content]]}]


def _source(code: str, fold: str) -> Nodes:
    block: Node = {"t": "CodeBlock", "c": [["", ["python"], []], code]}
    start = f"<details><summary>{html.escape(fold)}</summary>"
    return [raw("html", start), block, raw("html", "</details>")] if fold else [block]


def _picture(_: str, data: str, description: str) -> Nodes:
    return [raw("html", f'<img src="data:image/png;base64,{html.escape(data)}" alt="{html.escape(description)}">')]


def _callout(kind: str, title: Nodes, blocks: Nodes) -> Nodes:
    return [div(["callout", kind], [div(["callout-title"], [{"t": "Plain", "c": title}]), *blocks])]


def _float(label: str, mark: Mark, caption: Nodes, blocks: Nodes) -> Nodes:
    said: Node = {"t": "Span", "c": [["", ["number"], []], [{"t": "Str", "c": mark.said}]]}
    text: Node = {"t": "Plain", "c": [said, {"t": "Space"}, *caption]}
    line = [raw("html", "<figcaption>"), text, raw("html", "</figcaption>")]
    body = [*line, *blocks] if label.startswith("tbl-") else [*blocks, *line]
    return [raw("html", f'<figure id="{label}" class="{label[:3]}">'), *body, raw("html", "</figure>")]


def _chart(where: str, page: str, svg: str, description: str) -> Nodes:
    """Return a chart's host and specification, its inner names made unique in the page."""
    host, spec = _HOST.search(page), _SPEC.search(page)
    if _ACTIVE.search(svg) or (page and not (host and spec)) or (spec and _ACTIVE.search(page[: spec.start()])):
        message = f"{where}: the chart holds something that could run as a program. Show charts with Altair."
        raise ReportError(message)
    made = host[1] if host else f"svg-{hashlib.sha256(svg.encode()).hexdigest()[:16]}"
    name = f"{made}-{hashlib.sha256(where.encode()).hexdigest()[:6]}"  # two cells may show the same chart
    unique = _NAMED.sub(lambda m: f"{m[1]}{name}-{m[2]}", svg)
    said = html.escape(visible(" ".join(description.split())))
    drawn = f'<div class="vega-embed-host" id="{name}" role="img" aria-label="{said}">{unique}</div>'
    told = spec[0].strip().replace(f'data-for="{made}"', f'data-for="{name}"', 1) if spec else ""
    return [raw("html", f'<div class="chart">{drawn}{told}</div>')]


_SHOWN: Mapping[str, Callable[..., Nodes]] = {
    "Grid": lambda grid: [div(["scroll"], [html_table(grid)])],
    "Chart": _chart,
    "Picture": _picture,
    "Source": _source,
    "Callout": _callout,
    "Float": _float,
}
