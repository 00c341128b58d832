"""What people sign: the block of signatures, the statement of limits, the update statement and the distribution."""

from collections.abc import Mapping, Sequence

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid, Markdown, amount, day, escape
from lmanalytics.report.grids import grid, holder
from lmanalytics.report.run import Run
from lmanalytics.report.sentences import bullets, count, paragraphs
from lmanalytics.report.texts import say, told

_HEIGHT = 2
"""Lines of a cell in which one writes with a pen."""


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
    return _form(told("sign_off.roles"), told("sign_off.fields"))


def distribution_table(rows: int = 4) -> GT:
    """Lay out the list of those who receive the report, to be filled in."""
    return _form([str(n) for n in range(1, rows + 1)], told("sign_off.distribution"), lines=1)


def statements_table(run: Run) -> GT:
    """List the enrollments that owe an update statement, with its window; the others owe an order."""
    frame = (
        run.true_up.filter(pl.col("basis") == "update_statement")
        .with_columns(name=holder())
        .sort("agreement_id", "enrollment_id", nulls_last=True)
    )
    return grid(run, "true_up", "sign_off.statements").show(frame)


def statement_words(run: Run) -> Markdown:
    """Give the text of an update statement with blanks, where an enrollment owes one; else say that none is due."""
    due = run.true_up.filter(pl.col("basis") == "update_statement").select(pl.len()).collect().item()
    if not due:
        return paragraphs(told("sign_off.statement.none"))
    said = say("sign_off.statement.text", customer=escape(run.customer), blank="\\_" * 24)
    return paragraphs(told("sign_off.statement.lead"), f"> {said}", told("sign_off.statement.note"))


def _form(names: Sequence[str], columns: Mapping[str, str], lines: int = _HEIGHT) -> GT:
    """Lay out a table of blanks, each as high as a number of lines."""
    room = "<br>".join("\N{NO-BREAK SPACE}" for _ in range(lines))
    blank = pl.DataFrame({"who": list(names)}).with_columns(pl.lit("").alias(name) for name in columns)
    form = Grid({"who": ""} | dict(columns), "", limit=len(names)).show(blank.lazy())
    return form.fmt(lambda _: room, columns=list(columns))
