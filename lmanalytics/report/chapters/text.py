"""What the cover and the summary say of a run, as markdown.

What comes from exports is escaped. A number that is unknown is said to be unknown.
"""

from typing import Any

import polars as pl

from lmanalytics.report.chapters.quality_tables import added_up
from lmanalytics.report.display import Markdown, amount, day, escape, figure
from lmanalytics.report.run import Run
from lmanalytics.report.sentences import (
    bullets,
    count,
    listed,
    metric,
    paragraphs,
    status,
    sum_of,
    window,
    word,
)  # fmt: skip
from lmanalytics.report.since import Change
from lmanalytics.report.texts import say, told

_NAME = pl.concat_str("product", "edition", "version", separator=" ", ignore_nulls=True)
_WORST = 3


def cover(run: Run) -> Markdown:
    """Say whose position this is, on which day, what it comes to, and what the report rests on."""
    given = ", ".join(word(table) for table in run.tables) or told("text.cover.no_tables")
    return paragraphs(
        say("text.cover.states", customer=escape(run.customer), as_of=day(run.as_of)),
        say("text.cover.status", status=escape(status(run))),
        say("text.cover.rests", tables=given),
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
        return paragraphs(told("text.summary.empty"), run.missing)
    states = say(
        "text.summary.states", short=figure(short, "position", shortage=">0"),
        covered=figure(covered, "position", shortage="0"), unknown=figure(unknown, "position", shortage=None),
    )  # fmt: skip
    points = [say("text.summary.lines", lines=count(total, "line", "position"), states=states), *_balance(run)]
    worst = run.position.filter(pl.col("shortage") > 0).with_columns(name=_NAME)
    worst = worst.sort(-pl.col("shortage_cost").fill_null(0), -pl.col("shortage"), "name").head(_WORST)
    points += [_shortage(row) for row in worst.collect().to_dicts()]
    points += [_cost(run, short)] if short else [told("text.summary.nothing_short")] if covered else []
    points += [window(run), _unknown(run), unseen(run), _rows(run), _found(run)]
    return paragraphs(run.missing, bullets(points))


def unseen(run: Run) -> str:
    """Say how many machines of a directory or CMDB list no export has shown."""
    if not run.is_given("known_machines"):
        return str(told("text.summary.no_list"))
    is_missing = pl.col("reason") == "not_seen"
    missing, others = run.unseen_machines.select(is_missing.sum(), (~is_missing).sum().alias("others")).collect().row(0)
    if not missing:
        return say("text.summary.all_seen", others=count(others, "machine", "unseen_machines"))
    machines = count(missing, "machine", "unseen_machines", reason="not_seen")
    return say("text.summary.unseen", machines=machines, others=amount(others))


def changed(change: Change | None) -> Markdown:
    """Say in one line what is short now and was short in the earlier run, and what that costs."""
    if change is None:
        return paragraphs(told("text.changed.none"))
    ends = change.table("waterfall").filter(pl.col("cause").is_in(["before", "after"]))
    licenses = dict(ends.group_by("cause").agg(pl.col("shortage").sum()).collect().rows())
    cost = {
        cause: sum_of(ends.filter(pl.col("cause") == cause).drop_nulls("shortage_cost"), "shortage_cost")
        for cause in licenses
    }
    if not licenses:
        return paragraphs(say("text.changed.nothing", as_of=day(change.before_as_of)))
    return paragraphs(
        say(
            "text.changed.short", as_of=day(change.before_as_of), now=count(licenses.get("after", 0), "license"),
            before=amount(licenses.get("before", 0)), cost=cost.get("after", ""), cost_before=cost.get("before", ""),
        )
    )  # fmt: skip


def _balance(run: Run) -> list[str]:
    """Set what is required against what is owned, where both are known, by metric."""
    names = ("required", "owned", "shortage", "surplus")
    known = run.position.drop_nulls([*names]).group_by("metric").agg(pl.col(names).sum()).sort("metric")
    if run.missing:
        half = "required" if run.has_estate else "owned"
        sums = run.position.drop_nulls(half).group_by("metric").agg(pl.col(half).sum()).sort("metric").collect()
        said = told(f"text.summary.{half}")
        return [
            say("text.summary.half", metric=metric(code), number=figure(number, "position", metric=code), half=said)
            for code, number in sums.rows()
        ]
    return [
        say(
            "text.summary.balance", metric=metric(code), required=figure(required, "position", metric=code),
            owned=figure(owned, "position", metric=code), short=figure(short, "position", metric=code, shortage=">0"),
            surplus=figure(surplus, "position", metric=code, surplus=">0"),
        )
        for code, required, owned, short, surplus in known.collect().rows()
    ]  # fmt: skip


def _shortage(row: dict[str, Any]) -> str:
    line = {name: row[name] for name in ("product", "edition", "version", "metric")}
    cost, currency = row["shortage_cost"], row["currency"] or ""
    return say(
        "text.summary.shortage",
        name=escape(row["name"]),
        short=figure(row["shortage"], "position", **line),
        required=amount(row["required"]),
        metric=metric(row["metric"]),
        cost=told("text.summary.at_unknown_cost")
        if cost is None
        else say("text.summary.at_cost", cost=figure(cost, "position", currency, **line)),
    )


def _cost(run: Run, lines: int) -> str:
    short = run.position.filter(pl.col("shortage") > 0)
    total = sum_of(short, "shortage_cost", "position", shortage=">0")
    return say("text.summary.cost", lines=count(lines, "short_line", "position", shortage=">0"), sum=total)


def _unknown(run: Run) -> str:
    unknown = run.position.filter(pl.col("shortage").is_null()).collect()
    products = unknown["product"].drop_nulls().unique().sort().to_list()
    lines = count(unknown.height, "line", "position", shortage=None)
    return say("text.summary.unknown", lines=lines, products=listed(products)) if unknown.height else ""


def _rows(run: Run) -> str:
    """Say how many rows were read, that used and ignored ones add up to them, and that each ended in an outcome."""
    files, read, used, ignored = (
        run.sources.select(pl.col("file").n_unique(), pl.col("rows_read", "rows_mapped", "rows_ignored").sum())
        .collect()
        .row(0)
    )
    if not files:
        return ""
    return say(
        "text.summary.rows", rows=count(read, "row", "sources"), files=count(files, "file"), used=amount(used),
        ignored=amount(ignored), accounted=count(_accounted(run), "row", "accounts"), added_up=added_up(run),
    )  # fmt: skip


def _accounted(run: Run) -> int:
    return int(run.accounts.select(pl.col("rows").sum()).collect().item())


def _found(run: Run) -> str:
    counts = run.findings.group_by("severity").agg(rows=pl.len()).collect()
    known = dict(zip(counts["severity"], counts["rows"], strict=True))
    parts = [count(known[name], name, "findings", severity=name) for name in ("error", "warning") if known.get(name)]
    return say("text.summary.found", counts=told("sentences.and").join(parts)) if parts else ""
