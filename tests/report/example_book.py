"""Executed notebooks made by hand, a small book of them, and notebooks that papermill can run."""

from datetime import date
from html import escape
from pathlib import Path

import nbformat

from lmanalytics.report.book import Edition, read_book
from lmanalytics.report.builtin.document import build
from lmanalytics.report.cells import read_chapter

DAY = date(2026, 6, 30)
RUN = "2026-06-30-0123456789ab"
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "$x^2$ $$y$$",
    '#set page(fill: red) #panic() #"',
    "@tbl-hosts @nobody <tbl-hosts>",
    "\\ \\n \\textbf{x} \\u{0}",
    "a | b |\n|---|",
    "`code` *emph* _under_ ~~no~~ ^sup^",
    "[link](javascript:alert(1)) ![x](http://example.com/x.png)",
    "`raw`{=html} ::: {.callout-note} {{< include /etc/passwd >}}",
    "=cmd|' /C calc'!A0",
    "// comment /* more */ = heading - item + item / term:",
    "\u4e2d\u6587 \U0001f600 \u05d0 \ue000 \u202egnp.exe\u200b\ufeff",
    "</td></table><h1>out</h1>",
    "&lt;b&gt; &amp; &#60;",
    "]) } ] #[ ] <label> ~ -- --- ... 'quoted' \"double\"",
]
YML = """\
project: {type: book, output-dir: _book}
book:
  title: Microsoft License Position
  subtitle: As it is
  chapters: [CHAPTERS]
lang: en
execute: {enabled: false, echo: false, warning: false}
number-sections: true
toc: true
toc-depth: 2
format:
  html: {html-math-method: mathml, include-in-header: vega.html}
  typst: {papersize: a4, pdf-standard: [a-2b]}
"""
CHART = (
    '<div class="vega-embed-host" id="vis-0123456789abcdef" role="img" aria-label="bars">SVG</div>'
    '<script type="application/json" class="vl-spec" data-for="vis-0123456789abcdef">{"mark":"bar"}</script>'
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><defs><clipPath id="clip0">'
    '<rect width="9" height="9"/></clipPath></defs><g clip-path="url(#clip0)"><rect width="90" height="20"/></g>'
    '<text x="4" y="50" font-family="Liberation Sans" font-size="11">TEXT</text></svg>'
)


def markdown(text):
    return nbformat.v4.new_markdown_cell(text)


def raw(text):
    return nbformat.v4.new_raw_cell(text)


def code(source, *outputs, tags=()):
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


def shown(**data):
    kinds = {"html": "text/html", "svg": "image/svg+xml", "plain": "text/plain", "md": "text/markdown"}
    return nbformat.v4.new_output("display_data", data={kinds.get(name, name): text for name, text in data.items()})


def printed(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def chart(text="Servers"):
    svg = SVG.replace("TEXT", escape(text))
    return shown(html=CHART.replace("SVG", svg), svg=svg, plain="bars by name")


def table(rows, head=("Name", "Count"), notes=()):
    """Write a table as great_tables does: classes tell the side, the heading and the notes."""
    sides = ["gt_left", *["gt_right"] * (len(head) - 1)]
    cells = "".join(f'<th class="gt_col_heading {s}" scope="col">{escape(h)}</th>' for s, h in zip(sides, head))  # noqa: B905 (as long as the heading)
    body = "".join(
        "<tr>"
        + "".join(f'<td class="gt_row {s}">{escape(str(v))}</td>' for s, v in zip(sides, row, strict=True))
        + "</tr>"
        for row in rows
    )
    foot = "".join(f'<tr><td class="gt_sourcenote" colspan="{len(head)}">{escape(n)}</td></tr>' for n in notes)
    return shown(
        html=f'<div id="gt1"><style>#gt1 {{color: red}}</style><table class="gt_table"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot>{foot}</tfoot></table></div>",
        plain="[table]",
    )


def notebook(*cells):
    node = nbformat.v4.new_notebook(cells=list(cells))
    node.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return node


def parameters(**values):
    source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return code(source, tags=["parameters"])


def yml(tmp_path, names, text=YML):
    path = tmp_path / "_quarto.yml"
    path.write_text(text.replace("CHAPTERS", ", ".join(names)), encoding="utf-8")
    return path


def edition(tmp_path, names=("index.ipynb",), text=YML):
    return Edition(read_book(yml(tmp_path, names, text)), RUN, DAY)


def chapters(defaults=None, **nodes):
    """Read chapters given as name=notebook; the name `n10_x` stands for `10_x`."""
    given = {"echo": False, "warning": False} if defaults is None else defaults
    return [read_chapter(Path(f"{name.removeprefix('n')}.ipynb"), node, given) for name, node in nodes.items()]


def document(defaults=None, **nodes):
    return build(chapters(defaults, **nodes))
