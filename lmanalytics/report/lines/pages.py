"""The form of a page beside the report: static HTML that says what it shows, and scripts that hold its lines."""

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmanalytics.report.leads import EXPLANATION
from lmanalytics.report.locales import locale
from lmanalytics.report.run import Run
from lmanalytics.report.texts import say, told
from lmanalytics.report.written import shown_day

RULES = "rules"
_POLICY = "default-src 'none'; script-src 'self' file:; style-src 'self' file:; base-uri 'none'; form-action 'none'"


def write_script(path: Path, value: object) -> None:
    """Write a part of the lines, as a script that hands it to the page."""
    path.write_text(f"lines({_json(value)});\n", encoding="utf-8")


def write_page(
    path: Path, run: Run, heading: str, body: str, home: str, about: Mapping[str, Any] | None = None, file: str = ""
) -> None:
    """Write a page.

    Args:
        path: the page; its name is the table's.
        run: the run that it shows.
        heading: its title.
        body: HTML under the title.
        home: the report's page, as seen from there.
        about: what the page's script must know of its lines; nothing for a page without lines.
        file: the file of the run folder with the same lines, for a browser without scripts.

    """
    signs = locale()
    links = {
        home: told("lines.back"),
        "index.html": told("lines.index"),
        f"{RULES}.html": told("lines.rules"),
        f"{EXPLANATION}.html": told("lines.explanation"),
    }
    here = {path.name: ' aria-current="page"'}
    nav = "".join(f'<a href="{to}"{here.get(to, "")}>{html.escape(said)}</a>' for to, said in links.items())
    live = ""
    if about is not None:
        file = file or f"{run.run_id}/manifest.json"
        body += (
            f'<noscript><p>{html.escape(say("lines.no_script", file=file))}</p></noscript>\n<div id="lines"></div>\n'
        )
        known = {"table": path.stem, "said": told("lines.said"), "decimal": signs.decimal, "group": signs.group}
        known |= {"rulesPage": f"{RULES}.html", "missing": say("lines.missing", file=file)}
        data = f'<script type="application/json" id="about">{_json({**known, **about})}</script>'
        live = f'{data}\n<script src="lines.js"></script>\n'
    facts = " \N{MIDDLE DOT} ".join((run.customer, shown_day(run.as_of), run.run_id))
    path.write_text(
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(heading)}, {html.escape(run.run_id)}</title>\n"
        f'<link rel="stylesheet" href="lines.css">\n</head>\n<body>\n<nav aria-label="Pages">{nav}</nav>\n'
        f'<main>\n<p class="facts">{html.escape(facts)}</p>\n<h1>{html.escape(heading)}</h1>\n{body}</main>\n'
        f"{live}</body>\n</html>\n",
        encoding="utf-8",
    )


def _json(value: object) -> str:
    """Write what stands in a script; no text in it can end the script."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
