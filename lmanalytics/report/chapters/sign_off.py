"""What people sign: the block of signatures, the statement of limits, the update statement and the distribution."""

from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid, Markdown, amount, day, escape
from lmanalytics.report.grids import holder
from lmanalytics.report.run import Run
from lmanalytics.report.sentences import bullets, count, paragraphs
from lmanalytics.report.texts import say, told

_HEIGHT = 3
"""Lines of a cell in which one writes with a pen."""
_FIELDS = {"name": 44, "function": 38, "date": 24, "signature": 58}
_RECEIVED = {"recipient": 60, "purpose": 48, "copy": 30, "sent": 26}
"""Letters that fit into the cells of a column."""
_MOST = 5
"""Enrollments that are named; of more, the number of the others."""


def subject_words(run: Run) -> Markdown:
    """Say what is signed: whose position, of which day, and the digest that names every number behind it."""
    return paragraphs(
        say(
            "sign_off.subject",
            customer=escape(run.customer),
            day=day(run.as_of),
            run=escape(run.run_id),
            digest=escape(run.manifest.get("digest")),
        )
    )


def limits_words(run: Run) -> Markdown:
    """State the limits of the report, with what this run could not compute."""
    unknown = run.position.select(pl.col("shortage").is_null().sum()).collect().item()
    drafts = [rule for rule in run.manifest.get("rules") or () if rule.get("status") != "verified"]
    facts = run.unknowns.filter(pl.col("rank").is_not_null()).select(pl.col("fact").n_unique()).collect().item()
    points = [str(sentence) for sentence in told("sign_off.limits.always")]
    points += [say("sign_off.limits.unknown", lines=count(unknown, "line"))] if unknown else []
    points += [say("sign_off.limits.facts", facts=amount(facts))] if facts else []
    points += [say("sign_off.limits.drafts", rules=amount(len(drafts)))] if drafts else []
    return paragraphs(bullets(points))


def signatures_table() -> GT:
    """Lay out the block of signatures: prepared, reviewed and approved, each with room to write with a pen."""
    return _form(told("sign_off.roles"), _FIELDS, told("sign_off.fields"))


def distribution_table(rows: int = 3) -> GT:
    """Lay out the list of those who receive the report, to be filled in."""
    names = [str(n) for n in range(1, rows + 1)]
    return _form(names, _RECEIVED, told("sign_off.distribution"), lines=1)


def statement_words(run: Run) -> Markdown:
    """Give the text of an update statement with blanks, where an enrollment owes one; else say that none is due."""
    rows = (
        run.true_up.filter(pl.col("basis") == "update_statement")
        .select(name=holder(), opens="window_opens", closes="window_closes")
        .sort("closes", "name", nulls_last=True)
        .collect()
    )
    if rows.is_empty():
        return paragraphs(told("sign_off.statement.none"))
    owed = [
        say("sign_off.statement.owed", name=escape(name), opens=day(opens), closes=day(closes))
        for name, opens, closes in rows.head(_MOST).rows()
    ]
    left = rows.height - _MOST
    owed += [say("sign_off.statement.more", count=amount(left))] if left > 0 else []
    said = say("sign_off.statement.text", blank="\\_" * 24)
    return paragraphs(bullets(owed), told("sign_off.statement.lead"), f"> {said}", told("sign_off.statement.note"))


def _form(names: Sequence[str], columns: Mapping[str, int], labels: Mapping[str, str], lines: int = _HEIGHT) -> GT:
    """Lay out a table of blanks, each as wide as a number of letters and as high as a number of lines."""
    blank = pl.DataFrame({"who": list(names)}).with_columns(pl.lit("").alias(name) for name in columns)
    form = Grid({"who": "", **labels}, "", limit=len(names)).show(blank.lazy())
    for name, width in columns.items():
        form = form.fmt(partial(_room, width=width, lines=lines), columns=name)
    return form


def _room(_: object, *, width: int, lines: int) -> str:
    return "<br>".join(["\N{NO-BREAK SPACE}" * width] * lines)
