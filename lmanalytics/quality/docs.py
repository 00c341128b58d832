"""Great Expectations' Data Docs of a run, as pages that open offline and hold nothing active.

The pages are rendered by Great Expectations. Of what it renders only the sections are kept, tag by tag and
attribute by attribute from a closed list; scripts, styles, images and links to elsewhere do not come through.
Values from exports never meet its templates as markup: the characters that could be are replaced beforehand
and come back escaped.
"""

import json
from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser
from pathlib import Path

from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView

from lmanalytics.quality.checks import KEY
from lmanalytics.quality.reports import Report, text

SECTION = "ge-section"
TAGS = frozenset(
    ["div", "span", "strong", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "p", "i", "ul", "li", "br"]
)
VOID = frozenset({"br"})
SILENT = frozenset({"script", "style", "template", "iframe", "object", "svg", "math", "title", "textarea"})
ACTIVE = "<>&\"'$\\{}"
HIDDEN = {ord(character): chr(0xE000 + n) for n, character in enumerate(ACTIVE)}
SHOWN = {0xE000 + n: escape(character) for n, character in enumerate(ACTIVE)}
FATES = {"error": "The rows are quarantined.", "warning": "The rows are used, with this warning."}
FIRST_IS_KEPT = "The first row is used, equal copies count once, the others are quarantined."
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def write_docs(quality: Path, into: Path) -> list[Path]:
    """Write a page per table and an index.

    Args:
        quality: holds `<table>.json` as the gate wrote them.
        into: gets `index.html` and `<table>.html`; the same results give the same bytes.

    Returns:
        The files, the index first.

    """
    into.mkdir(parents=True, exist_ok=True)
    reports = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(quality.glob("*.json"))}
    pages = {"index": _page("Data quality", _index(reports))}
    view = DefaultJinjaPageView()  # one for all pages: each compiles its templates
    pages |= {name: _page(f"Data quality: {name}", _sections(name, report, view)) for name, report in reports.items()}
    for name, html in pages.items():
        (into / f"{name}.html").write_text(html, encoding="utf-8", newline="\n")
    return [into / f"{name}.html" for name in pages]


def _page(title: str, body: str) -> str:
    style = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    return PAGE.format(policy=POLICY, title=escape(title), style=style, body=f"<h1>{escape(title)}</h1>\n{body}")


def _index(reports: Mapping[str, Report]) -> str:
    rows = "\n".join(_line(table, report) for table, report in reports.items())
    heading = "<th></th><th>Table</th>"
    heading += "".join(f'<th class="number">{name}</th>' for name in ("Rows", "Checks", "Errors", "Warnings"))
    return f"<table><thead><tr>{heading}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"


def _line(table: str, report: Report) -> str:
    failed = [one["expectation_config"]["severity"] for one in report["results"] if not one["success"]]
    rows = next(one["result"]["observed_value"] for one in report["results"] if "observed_value" in one["result"])
    found = (rows, len(report["results"]), failed.count("critical"), failed.count("warning"))
    state = "danger" if found[2] else "warning" if found[3] else "success"
    numbers = "".join(f'<td class="number">{number:,}</td>' for number in found)
    name = escape(table)
    return f'<tr><td><i class="text-{state}"></i></td><td><a href="{name}.html">{name}</a></td>{numbers}</tr>'


def _sections(table: str, report: Report, view: DefaultJinjaPageView) -> str:
    """Render one report with Great Expectations and keep its sections."""
    result = ExpectationSuiteValidationResultSchema().load(_harmless(table, report))
    page = ValidationResultsPageRenderer(run_info_at_end=True).render(result)
    page.sections = page.sections[:-1]
    keeper = _Keeper()
    keeper.feed(view.render(page))  # type: ignore[no-untyped-call]
    keeper.close()
    links = "\n".join(f'<a href="#{anchor}">{heading}</a>' for anchor, heading in keeper.headings.items())
    version = escape(report["meta"]["great_expectations_version"])
    credit = f'<p>Great Expectations {version}, evaluated by Polars. <a href="index.html">All tables</a></p>'
    return f"{credit}\n<nav>\n{links}\n</nav>\n{''.join(keeper.kept)}"


def _harmless(table: str, report: Report) -> Report:
    """Return the report with values as text without active characters, and with what to do about failures."""
    results = []
    for one in report["results"]:
        config, result = dict(one["expectation_config"]), dict(one["result"])
        severity, sentence = config["meta"]["severity"], config["meta"]["sentence"]
        if not one["success"]:
            fate = FIRST_IS_KEPT if config["meta"]["check"] == KEY else FATES[severity]
            config["description"] = f"{sentence} {config['meta']['action']} {fate}"
        if values := result.get("partial_unexpected_list"):
            result["partial_unexpected_list"] = [hide(text(value)) for value in values]
        results.append(one | {"expectation_config": config, "result": result})
    return report | {"results": results, "meta": report["meta"] | {"batch_spec": {"data_asset_name": table}}}


def hide(value: str) -> str:
    """Replace characters that could be markup by private ones, which `_Keeper` turns into entities."""
    return "".join("\ufffd" if "\ue000" <= c <= "\uf8ff" else c for c in value).translate(HIDDEN)


class _Keeper(HTMLParser):
    """Keep the sections of a page: known tags, their class, and the anchors of sections."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self.headings: dict[str, str] = {}
        self._open: list[str] = []
        self._silent = 0
        self._anchor = ""
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        starts = tag == "div" and SECTION in given.get("class", "").split()
        if tag in SILENT:
            self._silent += 1
        if (not self._open and not starts) or tag not in TAGS or self._silent:
            return
        kept = [f' class="{escape(given["class"])}"'] if given.get("class") else []
        kept += [" hidden"] if "hidden" in given else []
        if starts:
            self._anchor = given["id"]
            kept.append(f' id="{escape(self._anchor)}"')
        self._in_heading = tag == "h5"
        self.kept.append(f"<{tag}{''.join(kept)}>")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT and self._silent:
            self._silent -= 1
        if tag == "h5":
            self._in_heading = False
        if tag in self._open:
            while (last := self._open.pop()) != tag:
                self.kept.append(f"</{last}>")
            self.kept.append(f"</{tag}>")
            if not self._open:
                self.kept.append("\n")

    def handle_data(self, data: str) -> None:
        if self._open and not self._silent:
            shown = escape(" ".join(data.split()) if data.isspace() else data).translate(SHOWN)
            self.kept.append(shown or " ")
            if self._in_heading and data.strip():
                self.headings[self._anchor] = shown.strip()
