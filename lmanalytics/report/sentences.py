"""What sentences of the report are made of: counted nouns, sums by currency, lists and paragraphs.

All but `status` return markdown in which text from exports is escaped.
"""

from collections.abc import Sequence

import polars as pl

from lmanalytics.report.display import Markdown, amount, escape
from lmanalytics.report.run import Run


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
    left = f" {count(unknown, 'line')} of {amount(total)} cannot be computed." if unknown else ""
    if run.missing:
        return f"No position yet. {run.missing}"
    if short:
        cost = sums(run.position.filter(pl.col("shortage") > 0), "shortage_cost")
        return f"Short of {count(short, 'license')}. To cover them costs {cost}.{left}"
    if covered:
        return f"Covered: no license is short.{left}" if not unknown else f"What can be computed is covered.{left}"
    return f"Not computable.{left}" if total else "The position is empty."


def sums(frame: pl.LazyFrame, column: str) -> str:
    """Add up money by currency, as plain text; rows without an amount are counted beside it."""
    added = frame.group_by("currency").agg(pl.col(column).sum(), unknown=pl.col(column).is_null().sum(), rows=pl.len())
    rows = added.sort("currency").collect()
    known = [f"{amount(r[column])} {r['currency'] or ''}".strip() for r in rows.to_dicts() if r["unknown"] < r["rows"]]
    unknown = int(rows["unknown"].sum())
    text = " and ".join(known) or "an unknown amount"
    return f"{text}, not counting {count(unknown, 'line')} without a price" if unknown and known else text


def sum_of(frame: pl.LazyFrame, column: str) -> str:
    """Add up money by currency, as markdown."""
    return escape(sums(frame, column)).replace("\\.", ".")


def saved(run: Run) -> str:
    """Say by how much the cheapest rule of thumb would cost more than the position, where the proof has prices."""
    tried = run.savings.drop_nulls(["saving", "currency"])
    least = tried.group_by("entity_group", "product_group", "currency").agg(pl.col("saving").min())
    added = least.group_by("currency").agg(pl.col("saving").sum()).filter(pl.col("saving") > 0).sort("currency")
    said = " and ".join(f"{amount(row['saving'])} {escape(row['currency'])}" for row in added.collect().to_dicts())
    rules = "all Datacenter, all Standard, host by host"
    return f"The best rule of thumb for each product ({rules} …) would cost {said} more." if said else ""


def window(run: Run) -> str:
    """Say between which days the order or the update statement is due."""
    windows = run.true_up.select("window_opens", "window_closes").drop_nulls().unique().sort("window_closes").collect()
    return " ".join(
        f"The order or update statement is due between {opens} and {closes}."
        for opens, closes in zip(*windows, strict=True)
    )


def word(code: object) -> str:
    """Write a code as words."""
    return escape(str(code).replace("_", " "))


def listed(names: Sequence[object]) -> str:
    """Write names as `a, b and c`."""
    said = [escape(name) for name in names]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else "".join(said)


def count(number: int, name: str) -> str:
    """Write a number with its noun: `1 line`, `2 lines`."""
    return f"{amount(number)} {name}{'' if number == 1 else 's'}"


def bullets(points: Sequence[str]) -> str:
    """Write a list, without what is empty."""
    return "\n".join(f"- {point}" for point in points if point)


def paragraphs(*parts: str) -> Markdown:
    """Write paragraphs, without what is empty."""
    return Markdown("\n\n".join(part for part in parts if part))
