"""Sentences with numbers, as markdown: each function reads a run and says what it holds.

What comes from exports is escaped. A number that is unknown is said to be unknown.
"""

from datetime import date
from typing import Any

import polars as pl

from lmanalytics.report.baseline_tables import latest
from lmanalytics.report.display import Markdown, amount, escape
from lmanalytics.report.quality_tables import accounted
from lmanalytics.report.reasons import words
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, Run
from lmanalytics.report.sentences import bullets, count, listed, paragraphs, saved, status, sum_of, window, word

_NAME = pl.concat_str("product", "edition", "version", separator=" ", ignore_nulls=True)
_WORST = 5


def cover(run: Run) -> Markdown:
    """Say whose position this is, on which day, what it comes to, and what the report rests on."""
    given = ", ".join(table.replace("_", " ") for table in run.tables) or "none"
    return paragraphs(
        f"This report states which Microsoft licenses **{escape(run.customer)}** needs, owns and lacks on "
        f"**{escape(run.as_of)}**, and what to order.",
        f"**{escape(status(run))}**",
        f"It rests on exports of the organization and on the license terms that its rules cite. "
        f"Tables that were given: {escape(given)}.",
    )


def summary(run: Run) -> Markdown:
    """Say what is required, owned and short, what it costs, when it is due, what is unknown, and what it rests on."""
    lines = run.position.select(
        total=pl.len(),
        short=(pl.col("shortage") > 0).sum(),
        covered=(pl.col("shortage") == 0).sum(),
        unknown=pl.col("shortage").is_null().sum(),
    )
    total, short, covered, unknown = lines.collect().row(0)
    if not total:
        return paragraphs("The position is empty.", run.missing)
    states = f"{amount(short)} short, {amount(covered)} covered, {amount(unknown)} not computable"
    points = [f"The position has {count(total, 'line')}: {states}.", *_balance(run)]
    worst = run.position.filter(pl.col("shortage") > 0).with_columns(name=_NAME)
    worst = worst.sort(-pl.col("shortage_cost").fill_null(0), -pl.col("shortage"), "name").head(_WORST)
    points += [_shortage(row) for row in worst.collect().to_dicts()]
    if short > _WORST:
        points.append(f"{count(short - _WORST, 'further line')} short; all stand in the position.")
    points += [_cost(run)] if short else ["Nothing that could be computed is short."] if covered else []
    points += [saved(run), window(run), _unknown(run), _rows(run), _found(run)]
    return paragraphs(run.missing, bullets(points))


def quality(run: Run) -> Markdown:
    """Say how many rows were read, what became of them, how the checks went and how old the snapshots are."""
    names = ("rows_read", "rows_mapped", "rows_ignored", "rows_quarantined")
    files, sheets, oldest, *rows = (
        run.sources.select(
            pl.col("file").n_unique(), pl.len().alias("sheets"), pl.col("snapshot_on").min(), pl.col(names).sum()
        )
        .collect()
        .row(0)
    )
    if not sheets:
        return paragraphs("No file was read.")
    read, mapped, ignored, rejected = rows
    fate = f"{amount(ignored)} ignored and {amount(mapped)} used, of which the checks rejected {amount(rejected)}"
    points = [f"{count(files, 'file')} with {count(sheets, 'table')} and {count(read, 'row')}: {fate}."]
    points += [_checks(run), _added_up(run)]
    if oldest is not None:
        age = (date.fromisoformat(run.as_of) - oldest).days
        points.append(f"The oldest snapshot is of {oldest}, {count(age, 'day')} before the position date.")
    return paragraphs(bullets(points))


def entitlement(run: Run) -> Markdown:
    """Say what is owned, how much of it with Software Assurance, and how the step-ups went."""
    if not run.is_given("purchases"):
        return paragraphs(NO_SUPPLY)
    by_metric = (
        run.licenses.group_by("metric")
        .agg(owned=pl.col("quantity").sum(), with_sa=pl.col("quantity").filter("sa_active").sum(), lots=pl.len())
        .sort("metric")
        .collect()
    )
    points = [
        f"{amount(row['owned'])} licenses by {word(row['metric'])} in {count(row['lots'], 'lot')}, "
        f"{amount(row['with_sa'])} of them with active Software Assurance (SA)."
        for row in by_metric.to_dicts()
    ]
    step_ups = run.step_ups.select(pl.len(), pl.col("quantity", "quantity_valid", "quantity_unresolved").sum())
    lines, bought, valid, unresolved = step_ups.collect().row(0)
    if lines:
        points.append(
            f"{amount(bought)} step-up licenses in {count(lines, 'purchase')}: {amount(valid)} rest on a base "
            f"license, {amount(unresolved)} could not be resolved."
        )
    return paragraphs(bullets(points or ["The purchases that were given hold no license."]))


def deployment(run: Run) -> Markdown:
    """Say how many hosts, cores and OSEs were found, and what was left out of the demand."""
    points = []
    for table, name in (("hosts", "host"), ("oses", "OSE")):
        number, last = latest(run, table).select(pl.len(), pl.col("observed_on").max()).collect().row(0)
        if number:
            points.append(f"{count(number, name)}, observed last on {last}.")
        else:
            points.append(f"No {name}s were given." if not run.is_given(table) else f"No {name} was accepted.")
    grounds = _by_reason(run.exclusions, run).to_dicts()
    points += [f"{count(row['rows'], 'subject')} left out: {escape(row['sentence'])}" for row in grounds]
    return paragraphs("" if run.has_estate else NO_ESTATE, bullets(points))


def position(run: Run) -> Markdown:
    """Say what still has to be bought and how good the assignment of licenses is proven to be."""
    together = ["entity_group", "product_group"]
    groups = (
        run.position.drop_nulls("objective")
        .group_by(together)
        .agg(pl.col("objective", "bound").first(), pl.col("currency").drop_nulls().min())
    )
    paid = groups.filter((pl.col("objective") > 0) | (pl.col("objective").max() == 0))
    currency = pl.when(pl.col("objective") > 0).then("currency")
    sums = paid.group_by(currency).agg(pl.col("objective", "bound").sum())
    points = [
        f"What must still be bought costs {amount(row['objective'], row['currency'] or '')}."
        f" No assignment of the owned licenses costs less than {amount(row['bound'])}."
        for row in sums.sort("currency", nulls_last=True).collect().to_dicts()
    ]
    options = run.plan.select(chosen=pl.col("option").is_not_null().sum(), without=pl.col("option").is_null().sum())
    chosen, without = options.collect().row(0)
    if chosen or without:
        points.append(f"An option was chosen for {count(chosen, 'subject')}; for {amount(without)} none is available.")
    elif run.has_estate:
        points.append("Nothing that was found requires a license.")
    return paragraphs(run.missing, bullets(points))


def true_up(run: Run) -> Markdown:
    """Say what to order, for how much and until when."""
    ordered = run.true_up.filter(pl.col("packs") > 0)
    lines = ordered.select(pl.len()).collect().item()
    if not lines:
        due = run.true_up.select(pl.len()).collect().item()
        nothing = "Nothing is short: an update statement takes the place of an order."
        return paragraphs(nothing if due else "No order follows from what was given.", window(run))
    return paragraphs(f"The order has {count(lines, 'line')}. It costs {sum_of(ordered, 'cost')}.", window(run))


def recipe(run: Run) -> Markdown:
    """Say how to compute the same run again and how to check that nothing was changed."""
    asked = (run.manifest.get("policies_asked") or {}).items()
    options = "".join(f" --policy {name}={reading}" for name, reading in asked)
    commands = [
        f"lmanalytics run EXPORTS --as-of {run.as_of}{options}",
        f"lmanalytics verify {run.run_id} --exports EXPORTS",
        f"lmanalytics explain {run.run_id} SUBJECT",
    ]
    block = "\n".join(command.replace("`", "") for command in commands)
    return paragraphs(
        "The same exports, date, policies and program give the same run id and the same bytes. The first command "
        "computes the run, the second names every file that was changed since, the third explains one number.",
        f"```\n{block}\n```",
    )


def _balance(run: Run) -> list[str]:
    """Set what is required against what is owned, where both are known, by metric."""
    names = ("required", "owned", "shortage", "surplus")
    known = run.position.drop_nulls([*names]).group_by("metric").agg(pl.col(names).sum()).sort("metric")
    if run.missing:
        half = "required" if run.has_estate else "owned"
        sums = run.position.drop_nulls(half).group_by("metric").agg(pl.col(half).sum()).sort("metric").collect()
        return [f"Licenses by {word(metric)}: {amount(n)} {half}." for metric, n in zip(*sums, strict=True)]
    return [
        f"Licenses by {word(metric)}, where all is known: {amount(required)} required, {amount(owned)} owned, "
        f"**{amount(short)} short**, {amount(surplus)} in surplus."
        for metric, required, owned, short, surplus in zip(*known.collect(), strict=True)
    ]


def _shortage(row: dict[str, Any]) -> str:
    cost = (
        "at an unknown cost"
        if row["shortage_cost"] is None
        else f"at {amount(row['shortage_cost'], row['currency'] or '')}"
    )
    licenses = f"{amount(row['shortage'])} of {amount(row['required'])} licenses by {word(row['metric'])}"
    return f"**{escape(row['name'])}** is short of {licenses}, {cost}."


def _cost(run: Run) -> str:
    short = run.position.filter(pl.col("shortage") > 0)
    return f"Covering every shortage costs {sum_of(short, 'shortage_cost')}."


def _unknown(run: Run) -> str:
    unknown = run.position.filter(pl.col("shortage").is_null()).collect()
    products = unknown["product"].drop_nulls().unique().sort().to_list()
    lines = count(unknown.height, "line")
    return f"Not computable, and not counted above: {lines}, of {listed(products)}." if unknown.height else ""


def _rows(run: Run) -> str:
    """Say how many rows were read, that used and ignored ones add up to them, and that each ended in an outcome."""
    files, read, used, ignored = (
        run.sources.select(pl.col("file").n_unique(), pl.col("rows_read", "rows_mapped", "rows_ignored").sum())
        .collect()
        .row(0)
    )
    if not files:
        return ""
    ended = int(run.rows["read"].sum())
    text = f"{count(read, 'row')} in {count(files, 'file')} were read: {amount(used)} used, {amount(ignored)} ignored."
    return f"{text} They gave {count(ended, 'row')} to account for. {_added_up(run)}"


def _found(run: Run) -> str:
    counts = run.findings.group_by("severity").agg(rows=pl.len()).collect()
    known = dict(zip(counts["severity"], counts["rows"], strict=True))
    parts = [count(known[name], name) for name in ("error", "warning") if known.get(name)]
    return f"What a person must look at: {' and '.join(parts)} among the findings." if parts else ""


def _checks(run: Run) -> str:
    counts = run.quality["outcome"].value_counts()
    outcomes = dict(zip(counts["outcome"], counts["count"], strict=True))
    if not outcomes:
        return "No checks were run."
    states = ", ".join(f"{amount(outcomes.get(name, 0))} {name}" for name in ("passed", "warned", "failed", "broken"))
    return f"{count(run.quality.height, 'check')} on {count(run.quality['table'].n_unique(), 'table')}: {states}."


def _added_up(run: Run) -> str:
    wrong = accounted(run).filter(~pl.col("adds_up")).select(words("table")).collect()["table"].to_list()
    if wrong:
        return f"**The outcomes of these tables do not add up to their rows: {escape(', '.join(wrong))}.**"
    return "In every table the outcomes add up to the rows that were read: none was dropped silently."


def _by_reason(frame: pl.LazyFrame, run: Run) -> pl.DataFrame:
    counts = frame.group_by("reason").agg(rows=pl.len()).sort("rows", "reason", descending=[True, False]).collect()
    sentences = [run.sentences.get(str(code), str(code).replace("_", " ")) for code in counts["reason"]]
    return counts.with_columns(sentence=pl.Series(sentences, dtype=pl.String))
