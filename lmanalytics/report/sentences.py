"""What sentences of the report are made of: counted nouns, sums by currency, lists and paragraphs.

All but `status` and `sums` return markdown in which text from exports is escaped.
"""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from lmanalytics.report.display import Markdown, amount, day, escape, figure
from lmanalytics.report.run import Run
from lmanalytics.report.texts import say, told


def status(run: Run) -> str:
    """Say in one line of plain text what the position comes to: short, covered or not computable, and the cost."""
    short, total, covered, unknown = (
        run.position.select(
            pl.col("shortage").sum(),
            pl.len(),
            covered=(pl.col("shortage") == 0).sum(),
            unknown=pl.col("shortage").is_null().sum(),
        )
        .collect()
        .row(0)
    )
    if run.missing:
        return say("sentences.status.none", missing=run.missing)
    left = say("sentences.status.left", lines=count(unknown, "line"), total=amount(total)) if unknown else ""
    if short:
        cost = sums(run.position.filter(pl.col("shortage") > 0), "shortage_cost")
        return say("sentences.status.short", licenses=count(short, "license"), cost=cost, left=left)
    if covered:
        return say(f"sentences.status.{'covered_as_known' if unknown else 'covered'}", left=left)
    return say("sentences.status.not_computable", left=left) if total else say("sentences.status.empty")


def sums(frame: pl.LazyFrame, column: str) -> str:
    """Add up money by currency, as plain text; rows without an amount are counted beside it."""
    added = frame.group_by("currency").agg(pl.col(column).sum(), unknown=pl.col(column).is_null().sum(), rows=pl.len())
    rows = added.sort("currency").collect()
    known = [f"{amount(r[column])} {r['currency'] or ''}".strip() for r in rows.to_dicts() if r["unknown"] < r["rows"]]
    unknown = int(rows["unknown"].sum())
    text = told("sentences.and").join(known) or told("sentences.unknown_amount")
    return say("sentences.unpriced", sum=text, lines=count(unknown, "line")) if unknown and known else str(text)


def sum_of(frame: pl.LazyFrame, column: str, leads_to: str = "", **where: object) -> str:
    """Add up money by currency, as markdown; each amount leads to the lines that it comes from."""
    added = frame.group_by("currency").agg(pl.col(column).sum(), unknown=pl.col(column).is_null().sum(), rows=pl.len())
    rows = added.sort("currency").collect().to_dicts()
    known = [linked(r[column], leads_to, r["currency"] or "", **where) for r in rows if r["unknown"] < r["rows"]]
    unknown = sum(int(r["unknown"]) for r in rows)
    text = told("sentences.and").join(known) or told("sentences.unknown_amount")
    return say("sentences.unpriced", sum=text, lines=count(unknown, "line")) if unknown and known else str(text)


def linked(value: Decimal | float | None, leads_to: str = "", unit: str = "", /, **where: object) -> str:
    """Write one number as markdown, as a link to its lines where it says to which table they belong."""
    return figure(value, leads_to, unit, **where) if leads_to else amount(value, unit)


def saved(run: Run) -> str:
    """Say by how much the cheapest rule of thumb would cost more than the position, where the proof has prices."""
    tried = run.savings.drop_nulls(["saving", "currency"])
    least = tried.group_by("entity_group", "product_group", "currency").agg(pl.col("saving").min())
    added = least.group_by("currency").agg(pl.col("saving").sum()).filter(pl.col("saving") > 0).sort("currency")
    amounts = [figure(row["saving"], "savings", row["currency"]) for row in added.collect().to_dicts()]
    return say("sentences.saved", sum=told("sentences.and").join(amounts)) if amounts else ""


def window(run: Run) -> str:
    """Say between which days the order or the update statement is due."""
    windows = (
        run.true_up.select("window_opens", "window_closes").drop_nulls().unique().sort("window_closes", "window_opens")
    )
    said = [
        say(f"sentences.window.{'on' if opens == closes else 'between'}", opens=day(opens), closes=day(closes))
        for opens, closes in windows.collect().rows()
    ]
    return say("sentences.window.due", windows=told("sentences.and").join(said)) if said else ""


def word(code: object) -> str:
    """Write a code as words."""
    return escape(str(code).replace("_", " "))


def metric(code: object) -> str:
    """Write the metric of a license as words."""
    return word(told("tables.metrics").get(str(code), code))


def listed(names: Sequence[object]) -> str:
    """Write names as `a, b and c`."""
    said = [escape(name) for name in names]
    return f"{', '.join(said[:-1])}{told('sentences.and')}{said[-1]}" if len(said) > 1 else "".join(said)


def count(number: int, name: str, leads_to: str = "", **where: object) -> str:
    """Write a number with its noun (a name of `sentences.nouns`), `1 line`, `2 lines`; as a link where it leads."""
    one, many = told(f"sentences.nouns.{name}")
    return f"{linked(number, leads_to, **where)} {one if number == 1 else many}"


def bullets(points: Sequence[str]) -> str:
    """Write a list, without what is empty."""
    return "\n".join(f"- {point}" for point in points if point)


def paragraphs(*parts: str) -> Markdown:
    """Write paragraphs, without what is empty."""
    return Markdown("\n\n".join(part for part in parts if part))
