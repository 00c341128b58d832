"""The pages beside a report: every table line by line, the rule register, and how each subject's answer came about.

They open without a server and without a network: each page is static, and its lines are scripts of bounded size in the
same folder, which hold text alone. The same run and locale give the same bytes.
"""

import html
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics.report.leads import ABOUT_MANY, EXPLANATION, FOLDER, SUBJECTS
from lmanalytics.report.lines.explained import SHOWN, Explained, explained_in
from lmanalytics.report.lines.pages import RULES, write_page, write_script
from lmanalytics.report.lines.tables import MOST_LINES, RELATED, Lines, label, lines_of, title
from lmanalytics.report.run import Run
from lmanalytics.report.texts import say, told
from lmanalytics.report.written import amount
from lmanalytics.schemas import ANSWERS, CANONICAL

CHUNK = 2_000
"""Lines in one script."""
SUBJECTS_IN_CHUNK = 100
_NUMBERS = {c.name for table in ANSWERS.values() for c in table.columns.values() if c.type in {"integer", "money"}}
ASSETS = Path(__file__).parents[1] / "assets"
_RULE_COLUMNS = ("rule", "sentence", "unit", "start", "end", "clause", "status")


def lay(run: Run, report: Path, home: str, most: int = MOST_LINES) -> Path:
    """Write the pages.

    Args:
        run: the run.
        report: the folder of the report; the pages are laid in its folder `lines`.
        home: the report's page, as seen from there.
        most: how many lines of a table at most.

    Returns:
        The folder.

    """
    folder = report / FOLDER
    folder.mkdir(parents=True)
    for name in ("lines.css", "lines.js"):
        shutil.copyfile(ASSETS / name, folder / name)
    answers = [name for name in ANSWERS if (run.path / f"{name}.parquet").exists()]
    laid = []
    for name in (*answers, *run.tables):
        lines = lines_of(run, name, most)
        laid.append(lines)
        _table(run, lines, folder, home)
    _rules(run, folder, home)
    _explanations(run, explained_in(run, laid), folder, home)
    listed = {name: _listed(lines for lines in laid if lines.table in tables) for name, tables in _parts(answers)}
    body = "".join(f"<h2>{html.escape(part)}</h2>\n<ul>\n{items}</ul>\n" for part, items in listed.items())
    about = f"<p>{html.escape(told('lines.intro'))}</p>\n"
    write_page(folder / "index.html", run, told("lines.heading"), about + body, home)
    return folder


def _parts(answers: Iterable[str]) -> Iterator[tuple[str, Iterable[str]]]:
    yield told("lines.answers"), tuple(answers)
    yield told("lines.canonical"), tuple(CANONICAL)


def _listed(tables: Iterable[Lines]) -> str:
    return "".join(
        f'<li><a href="{t.table}.html">{html.escape(title(t.table))}</a> '
        f'<span class="count">{amount(t.all)}</span></li>\n'
        for t in tables
    )


def _table(run: Run, lines: Lines, folder: Path, home: str) -> None:
    cells, where = lines.cells, "" if lines.table in ANSWERS else "accepted/"
    file = f"{where}{lines.table}.parquet"
    if cells.height < lines.all:
        order = told("lines.by_money" if lines.is_by_money else "lines.by_order")
        said = say("lines.cut", count=amount(cells.height), all=amount(lines.all), order=order, file=file)
    else:
        said = say("lines.all", count=amount(lines.all))
    if lines.empty and lines.all:
        said += " " + say("lines.empty_columns", columns=", ".join(label(name) for name in lines.empty))
    if lines.same:
        same = "; ".join(f"{label(name)} {value}" for name, value in lines.same.items())
        said += " " + say("lines.same", values=same)
    rules = {} if "rule" not in cells.columns else _clauses(run, cells["rule"].unique().sort().to_list())
    about = {
        "kind": "table",
        "columns": [_column(lines, name) for name in cells.columns],
        "rules": rules,
        "related": [[to, title(to), list(columns)] for to, columns in RELATED.get(lines.table, ())],
        "ask": lines.table in ABOUT_MANY,
        "chunks": _parts_of(cells, folder, lines.table),
    }
    text = f"<p>{html.escape(said)}</p>\n"
    write_page(folder / f"{lines.table}.html", run, title(lines.table), text, home, about, file)


def _column(lines: Lines, name: str) -> dict[str, Any]:
    kind = lines.kinds[name]
    subject = name in SUBJECTS or name.endswith("_ose_id")
    return {"name": name, "label": label(name), "kind": kind} | ({"subject": True} if subject else {})


def _clauses(run: Run, wanted: Iterable[str]) -> dict[str, str]:
    """Return the clause of each rule that has one, by the names that lines give."""
    known = {f"{rule['module']}.{rule['rule']}": str(rule["clause"]) for rule in run.manifest.get("rules", ())}
    return {name: known[name] for name in wanted if name in known}


def _rules(run: Run, folder: Path, home: str) -> None:
    rules = run.manifest.get("rules", ())
    rows = [
        {
            **{name: rule.get(name) or "" for name in (*_RULE_COLUMNS, "href")},
            "rule": f"{rule['module']}.{rule['rule']}",
        }
        for rule in rules
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys((*_RULE_COLUMNS, "href"), pl.String)).sort("rule", "start")
    shown = {"kind": "table", "related": [], "rules": {}, "ask": False}
    columns = [
        {
            "name": name,
            "label": told("lines.said.rule") if name == "rule" else label(name),
            "kind": "date" if name in {"start", "end"} else "text",
        }
        for name in frame.columns
    ]
    text = f"<p>{html.escape(told('lines.rules_intro'))}</p>\n"
    about = shown | {"columns": columns, "chunks": _parts_of(frame, folder, RULES)}
    write_page(folder / f"{RULES}.html", run, told("lines.rules"), text, home, about)


def _explanations(run: Run, found: Explained, folder: Path, home: str) -> None:
    subjects = found.lines["base"].unique().sort().to_list()
    index = [
        [subject, found.names.get(subject, ""), number // SUBJECTS_IN_CHUNK + 1]
        for number, subject in enumerate(subjects)
    ]
    write_script(folder / f"{EXPLANATION}-0.js", index)
    groups = found.lines.partition_by("base", as_dict=True, maintain_order=True)
    chunks = range(0, len(subjects), SUBJECTS_IN_CHUNK)
    for number, start in enumerate(chunks, start=1):
        part = {
            subject: {
                "lines": groups[(subject,)].select("subject", *SHOWN).rows(),
                "related": [[other, found.names.get(other, "")] for other in found.related.get(subject, ())],
            }
            for subject in subjects[start : start + SUBJECTS_IN_CHUNK]
        }
        write_script(folder / f"{EXPLANATION}-{number}.js", part)
    command = say("lines.explained_cut", count=amount(len(subjects)), all=amount(found.all), run=run.run_id)
    said = command if found.is_cut else say("lines.all_explained", count=amount(len(subjects)))
    keys = {name: table.key[0] for name, table in ANSWERS.items() if table.key[0] in SUBJECTS}
    about = {
        "kind": EXPLANATION,
        "keys": {name: [column, title(name)] for name, column in keys.items()},
        "numbers": sorted(_NUMBERS),
        "labels": {name: label(name) for table in ANSWERS.values() for name in table.schema},
        "command": say("lines.command", run=run.run_id, subject="{subject}"),
        "absent": say("lines.said.absent", run=run.run_id, subject="{subject}"),
    }
    text = f"<p>{html.escape(told('lines.explanation_intro'))} {html.escape(said)}</p>\n"
    write_page(folder / f"{EXPLANATION}.html", run, told("lines.explanation"), text, home, about)


def _parts_of(cells: pl.DataFrame, folder: Path, name: str) -> int:
    """Write the lines in scripts of bounded size, column by column, and return how many there are."""
    chunks = list(cells.iter_slices(CHUNK))
    for number, chunk in enumerate(chunks, start=1):
        write_script(folder / f"{name}-{number}.js", [column.to_list() for column in chunk])
    return len(chunks)
