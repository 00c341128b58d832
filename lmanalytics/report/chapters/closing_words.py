"""Sentences of the closing chapters: the true-up, the findings, the rights, and how to compute the run again."""

import polars as pl

from lmanalytics.report.display import Markdown, amount, day, escape, figure
from lmanalytics.report.run import Run
from lmanalytics.report.sentences import bullets, paragraphs, sum_of
from lmanalytics.report.texts import say, told

_STATEMENT = "update_statement"
_MOST_WINDOWS = 5


def order_words(run: Run) -> Markdown:
    """Say what to order, for how much, until when, and who signs what."""
    lines = run.true_up.filter(pl.col("packs") > 0)
    ordered = lines.select(pl.len()).collect().item()
    statements = run.true_up.filter(pl.col("basis") == _STATEMENT).select(pl.len()).collect().item()
    if not ordered and not statements:
        return paragraphs(told("closing_words.order.nothing"))
    points = []
    if ordered:
        number = figure(ordered, "true_up", packs=">0")
        points.append(say("closing_words.order.lines", count=number, cost=sum_of(lines, "cost")))
        points += _sooner(lines)
    if statements:
        number = figure(statements, "true_up", basis=_STATEMENT)
        points.append(say("closing_words.order.statements", count=number))
    return paragraphs(bullets([*points, *_windows(run)]), told("closing_words.order.signs"))


def finding_words(run: Run) -> Markdown:
    """Say how many findings there are of each kind, how many have an owner, and how many are overdue."""
    found = run.findings.filter(pl.col("status") == "open")
    late = pl.col("due_on") < pl.lit(run.as_of).str.to_date()
    names = ("error", "warning", "info")
    counts = {name: (pl.col("severity") == name).sum() for name in names}
    row = found.select(**counts, late=late.sum(), owned=pl.col("owner").count(), total=pl.len()).collect().row(0)
    errors, warnings, infos, overdue, owned, total = row
    if not total:
        return paragraphs(told("closing_words.findings.nothing"))
    said = say(
        "closing_words.findings.counts",
        errors=figure(errors, "findings", severity="error"),
        warnings=figure(warnings, "findings", severity="warning"),
        infos=figure(infos, "findings", severity="info"),
    )
    points = [said, say("closing_words.findings.owned", owned=amount(owned), total=amount(total))]
    points += [say("closing_words.findings.late", count=amount(overdue))] if overdue else []
    return paragraphs(bullets(points))


def assurance_words(run: Run) -> Markdown:
    """Say how many benefits are had, and which day ends the next of them."""
    had = run.benefits.filter("is_entitled")
    number, first = had.select(pl.struct("benefit", "pool").n_unique(), pl.col("expires_on").min()).collect().row(0)
    if not number:
        return paragraphs(told("closing_words.assurance.nothing"))
    ends = say("closing_words.assurance.ends", day=day(first)) if first else ""
    return paragraphs(say("closing_words.assurance.had", count=amount(number)) + ends)


def recipe_words(run: Run) -> Markdown:
    """Say how to compute the same run again, and how to check that nothing was changed."""
    asked = (run.manifest.get("policies_asked") or {}).items()
    options = "".join(f" --policy {name}={reading}" for name, reading in asked)
    values = {"day": run.as_of, "options": options, "run": run.run_id}
    commands = [str(line).format_map(values).replace("`", "") for line in told("closing_words.recipe.commands")]
    block = "\n".join(commands)
    return paragraphs(told("closing_words.recipe.lead"), f"```\n{block}\n```")


def _sooner(lines: pl.LazyFrame) -> list[str]:
    """Say how many order lines are due before the yearly window of their enrollment, and by when."""
    yearly = pl.col("window_closes").max().over("agreement_id", "enrollment_id")
    sooner = lines.filter(pl.col("window_closes") < yearly).select(pl.len(), pl.col("window_closes").min())
    number, by = sooner.collect().row(0)
    return [say("closing_words.order.sooner", count=amount(number), day=day(by))] if number else []


def _windows(run: Run) -> list[str]:
    """Say between which days the yearly order or statement of each enrollment is due; of many, the first ones."""
    rows = (
        run.true_up.group_by("agreement_id", "enrollment_id")
        .agg(pl.col("window_opens", "window_closes").max())
        .drop_nulls()
        .sort("window_closes", "enrollment_id")
        .head(_MOST_WINDOWS)
        .collect()
    )
    return [
        say("closing_words.order.window", enrollment=escape(name), opens=day(opens), closes=day(closes))
        for _, name, opens, closes in rows.rows()
    ]
